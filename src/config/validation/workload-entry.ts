/** The rules of WorkloadEntry, as an object and as an endpoint of a ServiceEntry (Istio reference 10.5). */
import { unixPrefix } from '../../model/unix-address.js';
import type { WorkloadEntry } from '../kinds/networking.js';
import type { ConfigObject } from '../object.js';
import { isIpAddress, unixAddressProblem } from './address.js';
import { type FindingSink, keyPath, quote } from './finding.js';
import { fqdnProblem } from './host.js';
import { validateLabels } from './labels.js';
import { portNameProblem, portNumberProblem } from './port.js';

/** Checks a WorkloadEntry object; which ServiceEntries use its ports cannot be known here (Istio reference 10.5). */
export function validateWorkloadEntry(object: ConfigObject<'WorkloadEntry'>, sink: FindingSink): void {
  const entry = object.spec;
  if (!validateAddressPresence(entry, 'spec', sink)) return;
  if (entry.address.startsWith(unixPrefix)) validateUnixEndpoint(entry, 'spec', sink);
  else if (entry.address !== '') sink.error('spec.address', ipOrNameProblem(entry.address));
  validateEndpointPorts(entry, undefined, 'spec', sink);
  validateLabels(entry.labels, 'spec.labels', sink);
}

/**
 * Checks an endpoint of a ServiceEntry with resolution STATIC: an IP address or a Unix domain socket, and ports
 * of the ServiceEntry (Istio reference 10.5).
 */
export function validateStaticEndpoint(
  endpoint: WorkloadEntry,
  servicePorts: ReadonlySet<string>,
  path: string,
  sink: FindingSink,
): void {
  if (!validateAddressPresence(endpoint, path, sink)) return;
  if (endpoint.address.startsWith(unixPrefix)) {
    validateUnixEndpoint(endpoint, path, sink);
    if (servicePorts.size !== 1) {
      sink.error(
        path,
        `a Unix domain socket stands for one port, but the ServiceEntry has ${servicePorts.size}`,
      );
    }
  } else if (endpoint.address !== '' && !isIpAddress(endpoint.address)) {
    sink.error(
      `${path}.address`,
      `address ${quote(endpoint.address)} is not an IP address, which resolution STATIC needs`,
    );
  }
  validateEndpointPorts(endpoint, servicePorts, path, sink);
  validateLabels(endpoint.labels, `${path}.labels`, sink);
}

/**
 * Checks an endpoint of a ServiceEntry whose names DNS resolves: an IP address or a name, and ports of the
 * ServiceEntry (Istio reference 10.5).
 */
export function validateDnsEndpoint(
  endpoint: WorkloadEntry,
  servicePorts: ReadonlySet<string>,
  path: string,
  sink: FindingSink,
): void {
  sink.error(`${path}.address`, ipOrNameProblem(endpoint.address));
  validateLabels(endpoint.labels, `${path}.labels`, sink);
  validateEndpointPorts(endpoint, servicePorts, path, sink);
}

/** Whether there is enough of an address to go on: without one, a network is needed, and that is a warning. */
function validateAddressPresence(entry: WorkloadEntry, path: string, sink: FindingSink): boolean {
  if (entry.address !== '') return true;
  if (entry.network === '') {
    sink.error(
      `${path}.address`,
      'address is empty; it must be an IP address, a name or a Unix domain socket',
    );
    return false;
  }
  sink.warn(
    `${path}.address`,
    `address is empty; the workload is reached through a gateway of network ${quote(entry.network)}`,
  );
  return true;
}

function validateUnixEndpoint(entry: WorkloadEntry, path: string, sink: FindingSink): void {
  sink.error(`${path}.address`, unixAddressProblem(entry.address));
  if (Object.keys(entry.ports).length > 0) {
    sink.error(
      `${path}.ports`,
      `address ${quote(entry.address)} is a Unix domain socket, which has no ports`,
    );
  }
}

function validateEndpointPorts(
  entry: WorkloadEntry,
  servicePorts: ReadonlySet<string> | undefined,
  path: string,
  sink: FindingSink,
): void {
  for (const [name, port] of Object.entries(entry.ports)) {
    const at = keyPath(`${path}.ports`, name);
    if (servicePorts?.has(name) === false) {
      sink.error(at, `the ServiceEntry has no port named ${quote(name)}`);
    }
    sink.error(at, portNameProblem(name));
    sink.error(at, portNumberProblem(port));
  }
}

function ipOrNameProblem(address: string): string | undefined {
  if (isIpAddress(address) || fqdnProblem(address) === undefined) return undefined;
  return `address ${quote(address)} is neither an IP address nor a fully qualified name`;
}
