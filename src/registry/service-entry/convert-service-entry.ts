/** ServiceEntries as services of the model (Istio reference 3.1). */
import { bitLength, parseIp, parsePrefix } from '../../base/ip.js';
import type { ServiceEntryPort, ServiceEntryResolution } from '../../config/kinds/networking.js';
import type { ConfigObject } from '../../config/object.js';
import type { Labels } from '../../model/labels.js';
import { parseProtocol } from '../../model/protocol.js';
import type { Resolution, Service, ServiceAttributes, ServicePort } from '../../model/service.js';
import { provenanceOf } from '../objects/provenance.js';
import { trafficDistribution } from '../objects/traffic-distribution.js';
import type { HostAddresses } from './auto-allocation.js';

const connectStrategyAnnotation = 'istio.io/connect-strategy';

const resolutions: Readonly<Record<ServiceEntryResolution, Resolution>> = {
  NONE: 'Passthrough',
  STATIC: 'ClientSideLB',
  DNS: 'DNSLB',
  DNS_ROUND_ROBIN: 'DNSRoundRobinLB',
  DYNAMIC_DNS: 'DynamicDNS',
};

/** What a ServiceEntry's conversion depends on beside the object. */
export interface ServiceEntrySettings {
  readonly cluster: string;
  /** Annotations of the entry's namespace. */
  readonly namespaceAnnotations: Labels;
  /** Allocated addresses of a host; asked for only when the entry qualifies for them. */
  allocated(host: string): HostAddresses;
}

/**
 * The services of an entry: one for each host and address, in that order, or one for each host of an entry without
 * addresses. All have the same ports and attributes.
 */
export function convertServiceEntry(
  object: ConfigObject<'ServiceEntry'>,
  settings: ServiceEntrySettings,
): readonly Service[] {
  const { metadata, spec } = object;
  const common = {
    ports: spec.ports.map(convertPort),
    serviceAccounts: spec.subjectAltNames,
    creationTime: metadata.creationTime,
    clusterVIPs: {},
    resolution: resolutions[spec.resolution],
    meshExternal: spec.location === 'MESH_EXTERNAL',
    resourceVersion: metadata.resourceVersion,
    provenance: provenanceOf(`External/${settings.cluster}`, object),
  };
  const attributes = entryAttributes(object, settings.namespaceAnnotations);
  const placed = spec.hosts.flatMap((host) =>
    hostAddresses(object, host, settings).map((at) => ({ host, ...at })),
  );
  return placed.map(({ host, ...addresses }, sequence) => ({
    ...common,
    ...addresses,
    hostname: host,
    sequence,
    attributes: { ...attributes, name: host },
  }));
}

function convertPort({ name, number, protocol, targetPort }: ServiceEntryPort): ServicePort {
  return {
    name,
    port: number,
    protocol: parseProtocol(protocol),
    ...(targetPort === undefined || targetPort === 0 ? {} : { targetPort }),
  };
}

type PlacedAddresses = Pick<Service, 'defaultAddress' | 'autoAllocatedIPv4' | 'autoAllocatedIPv6'>;

function hostAddresses(
  { spec }: ConfigObject<'ServiceEntry'>,
  host: string,
  settings: ServiceEntrySettings,
): readonly PlacedAddresses[] {
  if (spec.addresses.length > 0) {
    return spec.addresses.flatMap((text) => {
      const defaultAddress = plainAddress(text);
      return defaultAddress === undefined ? [] : [{ defaultAddress }];
    });
  }
  const { ipv4, ipv6 } = settings.allocated(host);
  return [
    {
      defaultAddress: '0.0.0.0',
      ...(ipv4 === undefined ? {} : { autoAllocatedIPv4: ipv4 }),
      ...(ipv6 === undefined ? {} : { autoAllocatedIPv6: ipv6 }),
    },
  ];
}

/** An address or a range as it stands; a range of one address is that address; anything else is dropped. */
function plainAddress(text: string): string | undefined {
  if (parseIp(text) !== undefined) return text;
  const prefix = parsePrefix(text);
  if (prefix === undefined) return undefined;
  return prefix.bits === bitLength(prefix.address) ? prefix.address.toString() : text;
}

function entryAttributes(
  { metadata, spec }: ConfigObject<'ServiceEntry'>,
  namespaceAnnotations: Labels,
): Omit<ServiceAttributes, 'name'> {
  const targetPorts = passthroughTargetPorts(spec.resolution, spec.ports);
  const distribution = trafficDistribution(undefined, metadata.annotations, namespaceAnnotations);
  const strategy = metadata.annotations[connectStrategyAnnotation]?.toUpperCase();
  return {
    namespace: metadata.namespace,
    provider: 'External',
    objectName: metadata.name,
    labels: metadata.labels,
    exportTo: [...new Set(spec.exportTo)],
    ...(spec.workloadSelector === undefined ? {} : { labelSelectors: spec.workloadSelector.labels }),
    ...(targetPorts === undefined ? {} : { passthroughTargetPorts: targetPorts }),
    ...(distribution === 'any' ? {} : { trafficDistribution: distribution }),
    ...(strategy === 'RACE_FIRST_TCP_CONNECT' ? { raceFirstTcpConnect: true } : {}),
  };
}

function passthroughTargetPorts(
  resolution: ServiceEntryResolution,
  ports: readonly ServiceEntryPort[],
): Readonly<Record<number, number>> | undefined {
  if (resolution !== 'NONE') return undefined;
  const moved = ports.flatMap(({ number, targetPort = 0 }) =>
    targetPort === 0 ? [] : [[number, targetPort] as const],
  );
  return moved.length === 0 ? undefined : Object.fromEntries(moved);
}
