/** The rules of a Sidecar's ingress listeners (Istio reference 10.5). */
import { isHttp, isTls, parseProtocol } from '../../model/protocol.js';
import { unixPrefix } from '../../model/unix-address.js';
import type { GatewayTls, IstioIngressListener } from '../kinds/networking.js';
import { ipAddressProblem, unixAddressProblem } from './address.js';
import { validateConnectionPool } from './connection-pool.js';
import { type FindingSink, quote } from './finding.js';
import { portNameProblem, portNumberProblem, protocolProblem, unusedTargetPortProblem } from './port.js';
import { validateServerTls } from './server-tls.js';

const localHosts: ReadonlySet<string> = new Set(['', '127.0.0.1', '0.0.0.0', '::1', '::']);

/** Checks the ingress listeners of a Sidecar (Istio reference 10.5). */
export function validateIngressListeners(
  listeners: readonly IstioIngressListener[],
  path: string,
  sink: FindingSink,
): void {
  const numbers = new Set<number>();
  for (const [index, listener] of listeners.entries()) {
    const { number } = listener.port;
    if (numbers.has(number)) {
      sink.error(`${path}[${index}].port.number`, `port ${number} has more than one ingress listener`);
    }
    numbers.add(number);
    validateListener(listener, `${path}[${index}]`, sink);
  }
}

function validateListener(listener: IstioIngressListener, path: string, sink: FindingSink): void {
  const { port, bind, defaultEndpoint, connectionPool, tls } = listener;
  if (port.name !== '') sink.error(`${path}.port.name`, portNameProblem(port.name));
  sink.error(`${path}.port.number`, portNumberProblem(port.number));
  sink.error(`${path}.port.protocol`, protocolProblem(port.protocol));
  sink.error(`${path}.port.targetPort`, unusedTargetPortProblem(port.targetPort, 'Sidecar'));
  if (bind !== '') sink.error(`${path}.bind`, ipAddressProblem(bind));
  if (defaultEndpoint !== '') sink.error(`${path}.defaultEndpoint`, defaultEndpointProblem(defaultEndpoint));
  if (tls !== undefined) validateListenerTls(tls, port.protocol, `${path}.tls`, sink);
  if (connectionPool === undefined) return;
  validateConnectionPool(connectionPool, `${path}.connectionPool`, sink);
  if (connectionPool.http !== undefined && !isHttp(parseProtocol(port.protocol))) {
    sink.warn(
      `${path}.connectionPool.http`,
      `port ${port.number} is not HTTP (${quote(port.protocol)}), so only tcp settings apply`,
    );
  }
}

function validateListenerTls(tls: GatewayTls, protocol: string, path: string, sink: FindingSink): void {
  const unsupported = {
    subjectAltNames: (tls.subjectAltNames ?? []).length > 0,
    httpsRedirect: tls.httpsRedirect === true,
    credentialName: (tls.credentialName ?? '') !== '',
    credentialNames: (tls.credentialNames ?? []).length > 0,
    tlsCertificates: (tls.tlsCertificates ?? []).length > 0,
  };
  for (const [field, set] of Object.entries(unsupported)) {
    if (set) sink.error(`${path}.${field}`, `${field} is not supported in a Sidecar; remove it`);
  }
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    sink.error(`${path}.mode`, `mode ${tls.mode} is not supported in a Sidecar`);
  }
  if (!isTls(parseProtocol(protocol))) {
    sink.error(path, `tls needs protocol HTTPS or TLS, not ${quote(protocol)}`);
  }
  validateServerTls(tls, path, sink);
}

/** What keeps a text from being `unix://<path>` or an address of the own host with a port. */
function defaultEndpointProblem(endpoint: string): string | undefined {
  if (endpoint.startsWith(unixPrefix)) return unixAddressProblem(endpoint);
  const [, bracketed, plain, port = ''] = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(endpoint) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || !localHosts.has(host)) {
    return `endpoint ${quote(endpoint)} must be 127.0.0.1:<port>, 0.0.0.0:<port>, [::1]:<port>, [::]:<port>, :<port> or unix://<path>`;
  }
  if (!/^[-+]?[0-9]+$/.test(port)) {
    return `endpoint ${quote(endpoint)} has the port ${quote(port)}, which is not a number`;
  }
  return portNumberProblem(Number(port));
}
