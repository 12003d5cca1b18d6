/** The rules of ServiceEntry (Istio reference 10.5). */
import { isHttp, isTls, parseProtocol } from '../../model/protocol.js';
import type { ServiceEntry, ServiceEntryPort } from '../kinds/networking.js';
import type { ConfigObject } from '../object.js';
import { subnetProblem } from './address.js';
import { validateExportTo } from './export-to.js';
import { type FindingSink, quote } from './finding.js';
import { partialWildcardProblem, wildcardDomainProblem } from './host.js';
import { validateSelector } from './labels.js';
import { portNameProblem, portNumberProblem, protocolProblem } from './port.js';
import { validateResolution } from './service-entry-resolution.js';

const autoAllocateLabel = 'networking.istio.io/enable-autoallocate-ip';

/** Checks a ServiceEntry (Istio reference 10.5). */
export function validateServiceEntry(object: ConfigObject<'ServiceEntry'>, sink: FindingSink): void {
  const entry = object.spec;
  validateWorkloads(entry, sink);
  validateHosts(entry, sink);
  validateAddresses(entry, sink);
  validatePorts(entry, allocatesAddress(object), sink);
  validateResolution(object, sink);
  validateHostsByProtocol(entry, sink);
  validateExportTo(entry.exportTo, object.metadata.namespace, sink, { allowNobody: true });
}

function validateWorkloads(entry: ServiceEntry, sink: FindingSink): void {
  if (entry.workloadSelector === undefined) return;
  validateSelector(entry.workloadSelector.labels, 'spec.workloadSelector.labels', sink);
  if (entry.endpoints.length > 0) {
    sink.error('spec.endpoints', 'endpoints and workloadSelector exclude each other; keep one of them');
  }
}

function validateHosts(entry: ServiceEntry, sink: FindingSink): void {
  if (entry.hosts.length === 0) sink.error('spec.hosts', 'hosts is empty; a ServiceEntry needs at least one');
  for (const [index, host] of entry.hosts.entries()) {
    const path = `spec.hosts[${index}]`;
    if (host === '*') {
      sink.error(path, 'host "*" would stand for every name; use a domain such as "*.example.com"');
    } else {
      sink.error(path, wildcardDomainProblem(host));
      if (entry.resolution !== 'DYNAMIC_DNS') sink.warn(path, partialWildcardProblem(host));
    }
  }
}

function validateAddresses(entry: ServiceEntry, sink: FindingSink): void {
  const rangesAllowed = entry.resolution === 'NONE' || entry.resolution === 'STATIC';
  for (const [index, address] of entry.addresses.entries()) {
    const path = `spec.addresses[${index}]`;
    sink.error(path, subnetProblem(address));
    if (address.includes('/') && !rangesAllowed) {
      sink.error(
        path,
        `${quote(address)} is a range; ranges need resolution NONE or STATIC, not ${entry.resolution}`,
      );
    }
  }
}

function validatePorts(entry: ServiceEntry, addressAllocated: boolean, sink: FindingSink): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const [index, port] of entry.ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (names.has(port.name)) sink.error(`${path}.name`, `port name ${quote(port.name)} is used twice`);
    if (numbers.has(port.number)) sink.error(`${path}.number`, `port ${port.number} is declared twice`);
    names.add(port.name);
    numbers.add(port.number);
    validatePort(port, path, sink);
    if (
      entry.addresses.length === 0 &&
      !addressAllocated &&
      (port.protocol === '' || port.protocol === 'TCP')
    ) {
      sink.warn(
        path,
        `port ${port.number} is TCP or undeclared and the entry has no addresses, so it takes this port of every address`,
      );
    }
  }
}

function validatePort(port: ServiceEntryPort, path: string, sink: FindingSink): void {
  sink.error(`${path}.number`, portNumberProblem(port.number));
  sink.error(`${path}.name`, portNameProblem(port.name));
  sink.error(`${path}.protocol`, protocolProblem(port.protocol));
  if (port.targetPort !== undefined && port.targetPort !== 0) {
    sink.error(`${path}.targetPort`, portNumberProblem(port.targetPort));
  }
}

/** Several hosts can share a port only where the request says which one it is for. */
function validateHostsByProtocol(entry: ServiceEntry, sink: FindingSink): void {
  if (entry.resolution === 'NONE' || entry.hosts.length <= 1) return;
  for (const [index, port] of entry.ports.entries()) {
    const protocol = parseProtocol(port.protocol);
    if (!isHttp(protocol) && !isTls(protocol)) {
      sink.error(
        `spec.ports[${index}].protocol`,
        `protocol ${quote(port.protocol)} does not tell the ${entry.hosts.length} hosts apart; use HTTP or TLS, or one host`,
      );
    }
  }
}

/** Whether Istio gives the entry an address of its own (Istio reference 3.7). */
function allocatesAddress(object: ConfigObject<'ServiceEntry'>): boolean {
  return (
    object.spec.resolution !== 'NONE' &&
    object.spec.addresses.length === 0 &&
    object.metadata.labels[autoAllocateLabel]?.toLowerCase() !== 'false'
  );
}
