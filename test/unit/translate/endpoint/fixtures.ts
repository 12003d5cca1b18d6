/** Values that the tests of endpoints share. */
import type { DestinationRule } from '../../../../src/config/kinds/traffic-policy.js';
import type { MergedDestinationRule } from '../../../../src/mesh/snapshot.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import { parseLocality } from '../../../../src/model/locality.js';
import type { Service } from '../../../../src/model/service.js';
import type { EndpointGroup, PlacedEndpoint } from '../../../../src/translate/endpoint/endpoint-group.js';

const provenance = { registry: 'Kubernetes/primary' };

/** An endpoint of a pod that can do mutual TLS. */
export function endpoint(overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    addresses: ['10.0.0.1'],
    port: 8080,
    servicePortName: 'http',
    labels: { app: 'frames', version: 'v1' },
    serviceAccount: '',
    network: '',
    locality: '',
    cluster: 'primary',
    weight: 0,
    tlsMode: 'istio',
    namespace: 'media',
    workloadName: 'frames-v1',
    health: 'healthy',
    provenance,
    ...overrides,
  };
}

/** A Kubernetes service with one HTTP port, 80. */
export function service(
  overrides: Partial<Omit<Service, 'attributes'>> & { attributes?: Partial<Service['attributes']> } = {},
): Service {
  const { attributes, ...rest } = overrides;
  return {
    hostname: 'frames.media.svc.cluster.local',
    ports: [{ name: 'http', port: 80, protocol: 'HTTP' }],
    serviceAccounts: [],
    creationTime: 0,
    clusterVIPs: { primary: ['10.96.0.1'] },
    defaultAddress: '10.96.0.1',
    resolution: 'ClientSideLB',
    meshExternal: false,
    resourceVersion: '1',
    sequence: 0,
    provenance,
    ...rest,
    attributes: {
      name: 'frames',
      namespace: 'media',
      provider: 'Kubernetes',
      objectName: 'frames',
      labels: {},
      exportTo: [],
      ...attributes,
    },
  };
}

/** A merged rule for the service. */
export function rule(spec: Partial<DestinationRule>): MergedDestinationRule {
  return {
    name: 'frames',
    namespace: 'media',
    host: 'frames.media.svc.cluster.local',
    subsets: spec.subsets ?? [],
    exportTo: [],
    from: [],
    ...(spec.trafficPolicy !== undefined && { trafficPolicy: spec.trafficPolicy }),
  };
}

/** An endpoint in a group: only what priorities and weights look at. */
export function placed(weight = 1, labels: Record<string, string> = {}): PlacedEndpoint {
  return { message: { loadBalancingWeight: { value: weight } }, weight, labels, mutualTls: true };
}

/** A group of a locality with endpoints of these weights. */
export function group(locality: string, ...weights: number[]): EndpointGroup {
  const endpoints = weights.map((weight) => placed(weight));
  return {
    locality: parseLocality(locality),
    endpoints,
    weight: weights.reduce((a, b) => a + b, 0),
    priority: 0,
  };
}

/** `region/zone/subzone` to priority, in order. */
export function priorities(groups: readonly EndpointGroup[]): [string, number][] {
  return groups.map(({ locality, priority }) => [text(locality), priority]);
}

/** `region/zone/subzone` to weight, in order. */
export function weights(groups: readonly EndpointGroup[]): [string, number | undefined][] {
  return groups.map(({ locality, weight }) => [text(locality), weight]);
}

function text({ region, zone, subZone }: EndpointGroup['locality']): string {
  return `${region}/${zone}/${subZone}`;
}
