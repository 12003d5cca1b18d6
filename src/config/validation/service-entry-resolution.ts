/** What each resolution of a ServiceEntry allows (Istio reference 10.5). */
import { isWildcard } from '../../model/host.js';
import { isTcp, parseProtocol, type Protocol } from '../../model/protocol.js';
import type { ServiceEntry } from '../kinds/networking.js';
import type { ConfigObject } from '../object.js';
import { type FindingSink, quote } from './finding.js';
import { fqdnProblem } from './host.js';
import { validateDnsEndpoint, validateStaticEndpoint } from './workload-entry.js';

const waypointLabel = 'istio.io/use-waypoint';
const dynamicDnsProtocols: ReadonlySet<Protocol> = new Set<Protocol>(['HTTP', 'TLS', 'GRPC', 'HTTP2']);

/** Checks what depends on the resolution: endpoints, hosts, addresses, protocols (Istio reference 10.5). */
export function validateResolution(object: ConfigObject<'ServiceEntry'>, sink: FindingSink): void {
  const entry = object.spec;
  switch (entry.resolution) {
    case 'NONE':
      return validateNone(entry, sink);
    case 'STATIC':
      return validateStatic(entry, sink);
    case 'DNS':
    case 'DNS_ROUND_ROBIN':
      return validateDns(entry, sink);
    case 'DYNAMIC_DNS':
      return validateDynamicDns(entry, object.metadata.labels[waypointLabel], sink);
  }
}

function validateNone(entry: ServiceEntry, sink: FindingSink): void {
  if (entry.endpoints.length > 0) {
    sink.error(
      'spec.endpoints',
      'resolution NONE sends requests to where they were going and takes no endpoints',
    );
  }
  if (entry.workloadSelector !== undefined) {
    sink.warn(
      'spec.workloadSelector',
      'resolution NONE takes no endpoints, so workloadSelector has no effect',
    );
  }
}

function validateStatic(entry: ServiceEntry, sink: FindingSink): void {
  const servicePorts = new Set(entry.ports.map((port) => port.name));
  for (const [index, endpoint] of entry.endpoints.entries()) {
    validateStaticEndpoint(endpoint, servicePorts, `spec.endpoints[${index}]`, sink);
  }
}

function validateDns(entry: ServiceEntry, sink: FindingSink): void {
  if (entry.endpoints.length === 0) {
    const index = entry.hosts.findIndex((host) => fqdnProblem(host) !== undefined);
    const host = entry.hosts[index];
    if (host !== undefined) {
      sink.error(
        `spec.hosts[${index}]`,
        `host ${quote(host)} cannot be looked up: without endpoints, resolution ${entry.resolution} needs fully qualified names`,
      );
    }
  }
  if (entry.resolution === 'DNS_ROUND_ROBIN' && entry.endpoints.length > 1) {
    sink.error(
      'spec.endpoints',
      `resolution DNS_ROUND_ROBIN takes at most one endpoint, not ${entry.endpoints.length}`,
    );
  }
  const servicePorts = new Set(entry.ports.map((port) => port.name));
  for (const [index, endpoint] of entry.endpoints.entries()) {
    validateDnsEndpoint(endpoint, servicePorts, `spec.endpoints[${index}]`, sink);
  }
  const hasTcp = entry.ports.some((port) => isTcp(parseProtocol(port.protocol)));
  if (entry.addresses.length > 0 && entry.hosts.length > 1 && hasTcp) {
    sink.warn(
      'spec.hosts',
      `${entry.hosts.length} hosts share addresses and a TCP port, which does not tell them apart`,
    );
  }
}

function validateDynamicDns(entry: ServiceEntry, waypoint: string | undefined, sink: FindingSink): void {
  for (const [index, host] of entry.hosts.entries()) {
    if (!isWildcard(host)) {
      sink.error(
        `spec.hosts[${index}]`,
        `host ${quote(host)} has no wildcard, which resolution DYNAMIC_DNS needs`,
      );
    }
  }
  if (entry.addresses.length > 0) {
    sink.error('spec.addresses', 'resolution DYNAMIC_DNS goes by hosts and takes no addresses');
  }
  if (entry.endpoints.length > 0) {
    sink.error('spec.endpoints', 'resolution DYNAMIC_DNS looks hosts up and takes no endpoints');
  }
  for (const [index, port] of entry.ports.entries()) {
    if (!dynamicDnsProtocols.has(parseProtocol(port.protocol))) {
      sink.error(
        `spec.ports[${index}].protocol`,
        `protocol ${quote(port.protocol)} is not among HTTP, HTTP2, GRPC and TLS, which resolution DYNAMIC_DNS allows`,
      );
    }
  }
  if (
    entry.location === 'MESH_INTERNAL' &&
    waypoint !== undefined &&
    waypoint !== '' &&
    waypoint.toLowerCase() !== 'none'
  ) {
    sink.error(
      'spec.location',
      `location MESH_INTERNAL does not go with resolution DYNAMIC_DNS and the waypoint ${quote(waypoint)}`,
    );
  }
}
