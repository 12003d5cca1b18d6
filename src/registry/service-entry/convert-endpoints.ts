/** The endpoints that a ServiceEntry names itself (Istio reference 3.2, 3.4). */
import type { ServiceEntry, ServiceEntryPort } from '../../config/kinds/networking.js';
import type { ConfigObject } from '../../config/object.js';
import type { Endpoint } from '../../model/endpoint.js';
import { unixPath, unixPrefix } from '../../model/unix-address.js';
import type { Workload } from '../../model/workload.js';
import { provenanceOf } from '../objects/provenance.js';
import type { WorkloadEntrySettings } from './convert-workload-entry.js';
import { convertInlineEndpoint } from './convert-workload-entry.js';

/**
 * The endpoints of one host of an entry: its inline endpoints, each with every port, or the host's own name for one
 * that is left to DNS. An entry with a workload selector names none; those it selects are the store's to find.
 */
export function entryEndpoints(
  object: ConfigObject<'ServiceEntry'>,
  host: string,
  settings: WorkloadEntrySettings,
): readonly Endpoint[] {
  const { spec } = object;
  if (spec.workloadSelector !== undefined) return [];
  if (spec.endpoints.length === 0) return isDnsEntry(spec) ? hostEndpoints(object, host, settings) : [];
  return spec.endpoints.flatMap((endpoint, index) => {
    const workload = convertInlineEndpoint(object, endpoint, index, settings);
    return spec.ports.map((port) => portEndpoint(workload, port));
  });
}

function isDnsEntry({ resolution }: ServiceEntry): boolean {
  return resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
}

function hostEndpoints(
  object: ConfigObject<'ServiceEntry'>,
  host: string,
  { cluster }: WorkloadEntrySettings,
): readonly Endpoint[] {
  const { metadata, spec } = object;
  const provenance = provenanceOf(`External/${cluster}`, object);
  return spec.ports.map((port) => ({
    addresses: [host],
    port: port.targetPort || port.number,
    servicePortName: port.name,
    servicePortNumber: port.number,
    labels: {},
    serviceAccount: '',
    network: '',
    locality: '',
    cluster,
    weight: 0,
    tlsMode: 'disabled',
    namespace: metadata.namespace,
    workloadName: metadata.name,
    health: 'unknown',
    provenance,
  }));
}

function portEndpoint(workload: Workload, port: ServiceEntryPort): Endpoint {
  const { serviceAccount, network, locality, cluster, weight, tlsMode, namespace, workloadName, provenance } =
    workload;
  return {
    ...portAddress(workload, port),
    servicePortName: port.name,
    servicePortNumber: port.number,
    labels: workload.endpointLabels,
    serviceAccount,
    network,
    locality,
    cluster,
    weight,
    tlsMode,
    namespace,
    workloadName,
    health: 'unknown',
    provenance,
  };
}

/** A Unix socket is a path and port 0; otherwise the workload's own port of that name wins, then the target port. */
function portAddress(
  { addresses, ports }: Workload,
  port: ServiceEntryPort,
): Pick<Endpoint, 'addresses' | 'port'> {
  const [address] = addresses;
  if (address?.startsWith(unixPrefix) === true) {
    return { addresses: [unixPath(address)], port: 0 };
  }
  const own = Object.hasOwn(ports, port.name) ? ports[port.name] : undefined;
  return { addresses, port: own || port.targetPort || port.number };
}
