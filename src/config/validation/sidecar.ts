/** The rules of Sidecar: Istio's ValidateSidecar, with the shared pieces as in Istio reference 10.5. */
import { unixPrefix } from '../../model/unix-address.js';
import type { IstioEgressListener, OutboundTrafficPolicy, SidecarPort } from '../kinds/networking.js';
import type { ConfigObject } from '../object.js';
import { ipAddressProblem, unixAddressProblem } from './address.js';
import { validateConnectionPool } from './connection-pool.js';
import { type FindingSink, quote } from './finding.js';
import { fqdnProblem } from './host.js';
import { validateSelector } from './labels.js';
import { validateEgressHost } from './namespaced-host.js';
import { portNameProblem, portNumberProblem, protocolProblem, unusedTargetPortProblem } from './port.js';
import { validateDestination } from './route-destination.js';
import { validateIngressListeners } from './sidecar-ingress.js';

/** Checks a Sidecar (Istio reference 10.5). */
export function validateSidecar(object: ConfigObject<'Sidecar'>, sink: FindingSink): void {
  const { workloadSelector, ingress, egress, inboundConnectionPool, outboundTrafficPolicy } = object.spec;
  if (workloadSelector !== undefined) {
    validateSelector(workloadSelector.labels, 'spec.workloadSelector.labels', sink);
  }
  if (
    ingress.length + egress.length === 0 &&
    (outboundTrafficPolicy ?? inboundConnectionPool) === undefined
  ) {
    sink.error(
      'spec',
      'Sidecar sets nothing; it needs ingress, egress, inboundConnectionPool or outboundTrafficPolicy',
    );
    return;
  }
  validateIngressListeners(ingress, 'spec.ingress', sink);
  if (inboundConnectionPool !== undefined) {
    validateConnectionPool(inboundConnectionPool, 'spec.inboundConnectionPool', sink);
  }
  validateEgressPorts(egress, sink);
  for (const [index, listener] of egress.entries()) {
    validateEgressHosts(listener.hosts, object.metadata.namespace, `spec.egress[${index}].hosts`, sink);
  }
  if (outboundTrafficPolicy !== undefined) {
    validateOutboundTrafficPolicy(outboundTrafficPolicy, 'spec.outboundTrafficPolicy', sink);
  }
}

function validateEgressPorts(egress: readonly IstioEgressListener[], sink: FindingSink): void {
  const numbers = new Set<number>();
  const sockets = new Set<string>();
  for (const [index, listener] of egress.entries()) {
    const { port, bind } = listener;
    const path = `spec.egress[${index}]`;
    if (port === undefined) {
      if (index < egress.length - 1) {
        sink.error(path, 'only the last egress listener can be without a port, for all other traffic');
      }
      continue;
    }
    validateEgressPort(port, listener, path, sink);
    if (port.number !== 0 && numbers.has(port.number)) {
      sink.error(`${path}.port.number`, `port ${port.number} has more than one egress listener`);
    }
    if (port.number === 0 && sockets.has(bind)) {
      sink.error(`${path}.bind`, `${quote(bind)} has more than one egress listener`);
    }
    if (port.number === 0) sockets.add(bind);
    else numbers.add(port.number);
  }
}

/** A listener with port 0 is a Unix domain socket. */
function validateEgressPort(
  port: SidecarPort,
  listener: IstioEgressListener,
  path: string,
  sink: FindingSink,
): void {
  const { bind, captureMode } = listener;
  if (port.name !== '') sink.error(`${path}.port.name`, portNameProblem(port.name));
  sink.error(`${path}.port.protocol`, protocolProblem(port.protocol));
  sink.error(`${path}.port.targetPort`, unusedTargetPortProblem(port.targetPort, 'Sidecar'));
  if (port.number !== 0) {
    sink.error(`${path}.port.number`, portNumberProblem(port.number));
    if (bind !== '') sink.error(`${path}.bind`, ipAddressProblem(bind));
    return;
  }
  if (!bind.startsWith(unixPrefix)) {
    sink.error(
      `${path}.bind`,
      `port 0 is for a Unix domain socket, but bind is ${quote(bind)}; it must be unix://<path>`,
    );
  } else {
    sink.error(`${path}.bind`, unixAddressProblem(bind));
  }
  if (captureMode === 'IPTABLES') {
    sink.error(
      `${path}.captureMode`,
      'captureMode IPTABLES does not go with a Unix domain socket; use DEFAULT or NONE',
    );
  }
}

function validateEgressHosts(
  hosts: readonly string[],
  namespace: string,
  path: string,
  sink: FindingSink,
): void {
  if (hosts.length === 0) {
    sink.error(path, 'hosts is empty; an egress listener needs at least one, such as "./*"');
  }
  const seen = new Map<string, Set<string>>();
  for (const [index, text] of hosts.entries()) {
    validateEgressHost(text, `${path}[${index}]`, sink);
    const slash = text.indexOf('/');
    if (slash < 0 || text.startsWith('~')) continue;
    const written = text.slice(0, slash);
    const key = written === '.' ? namespace : written;
    const inNamespace = seen.get(key) ?? new Set<string>();
    const host = text.slice(slash + 1);
    const repeats = host === '*' ? inNamespace.size > 0 : inNamespace.has(host) || inNamespace.has('*');
    if (repeats) sink.warn(`${path}[${index}]`, `host ${quote(text)} repeats or overlaps with one before it`);
    seen.set(key, inNamespace.add(host));
  }
  if (seen.get('*')?.has('*') === true && seen.size > 1) {
    sink.warn(path, '"*/*" is every host, so the other hosts have no effect');
  }
}

function validateOutboundTrafficPolicy(policy: OutboundTrafficPolicy, path: string, sink: FindingSink): void {
  const { mode, egressProxy } = policy;
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    sink.error(
      `${path}.mode`,
      'mode ALLOW_ANY_DYNAMIC_DNS is for the mesh configuration only; use ALLOW_ANY or REGISTRY_ONLY',
    );
    return;
  }
  if (egressProxy === undefined) return;
  if (mode !== 'ALLOW_ANY') {
    sink.error(`${path}.egressProxy`, `egressProxy needs mode ALLOW_ANY, not ${mode}`);
    return;
  }
  const { host, subset, port } = egressProxy;
  sink.error(`${path}.egressProxy.host`, fqdnProblem(host));
  if (port === undefined) {
    sink.error(`${path}.egressProxy.port`, 'port is missing; an egress proxy needs one');
    return;
  }
  validateDestination(
    { host, ...(subset === undefined ? {} : { subset }), port: { number: port } },
    `${path}.egressProxy`,
    sink,
  );
}
