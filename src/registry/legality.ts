/**
 * Which values of a registry can be used. An adapter is checked here once, so that neither translation nor an
 * Envoy has to meet a port that cannot exist. Each check returns what is wrong, or undefined.
 */
import type { Endpoint } from '../model/endpoint.js';
import type { NetworkGateway } from '../model/network.js';
import type { Service } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import type { RegistryEndpoints } from './view.js';

const maxPort = 65535;
/** How many faults of one value are told one by one. */
const toldFaults = 3;

/** What is wrong with a service. */
export function serviceFault(service: Service): string | undefined {
  if (service.hostname === '') return 'the service has no hostname';
  for (const { name, port, targetPort } of service.ports) {
    if (!isPort(port, 1)) return `port ${port} (${quote(name)}) is not a number from 1 to ${maxPort}`;
    if (typeof targetPort === 'number' && !isPort(targetPort, 1)) {
      return `target port ${targetPort} of port ${port} (${quote(name)}) is not a number from 1 to ${maxPort}`;
    }
  }
  return undefined;
}

/** What is wrong with whom endpoints belong to. */
export function ownerFault({ hostname }: Pick<RegistryEndpoints, 'hostname'>): string | undefined {
  return hostname === '' ? 'the endpoints are of no hostname' : undefined;
}

/** What is wrong with an endpoint. Port 0 is that of a Unix socket and of a target port that is not known. */
export function endpointFault({ addresses, port, weight }: Endpoint): string | undefined {
  const name = addresses[0] ?? 'without an address';
  if (!isPort(port, 0)) return `endpoint ${name}: port ${port} is not a number from 0 to ${maxPort}`;
  if (!Number.isInteger(weight) || weight < 0)
    return `endpoint ${name}: weight ${weight} is not a whole number from 0`;
  return undefined;
}

/** What is wrong with a workload. */
export function workloadFault({ name, namespace, ports }: Workload): string | undefined {
  if (name === '') return 'the workload has no name';
  if (namespace === '') return 'the workload has no namespace';
  const wrong = Object.entries(ports).find(([, port]) => !isPort(port, 0));
  return wrong === undefined
    ? undefined
    : `port ${wrong[1]} (${quote(wrong[0])}) is not a number from 0 to ${maxPort}`;
}

/** What is wrong with a gateway between networks. Port 0 is that of a gateway which only speaks HBONE. */
export function gatewayFault({ network, address, port }: NetworkGateway): string | undefined {
  if (network === '') return `gateway ${quote(address)} names no network`;
  if (address === '') return `a gateway of network ${quote(network)} has no address`;
  return isPort(port, 0)
    ? undefined
    : `gateway ${quote(address)}: port ${port} is not a number from 0 to ${maxPort}`;
}

/** The legal ones of several values, and what is wrong with the others in one line; undefined when all are legal. */
export function legalOnes<Value>(
  values: readonly Value[],
  fault: (value: Value) => string | undefined,
): { readonly legal: readonly Value[]; readonly reason: string | undefined } {
  const faults: string[] = [];
  const legal = values.filter((value) => {
    const found = fault(value);
    if (found !== undefined) faults.push(found);
    return found === undefined;
  });
  if (faults.length === 0) return { legal: values, reason: undefined };
  const rest = faults.length > toldFaults ? `; and ${faults.length - toldFaults} more` : '';
  return { legal, reason: `${faults.slice(0, toldFaults).join('; ')}${rest}` };
}

function isPort(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= maxPort;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
