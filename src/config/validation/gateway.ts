/** The rules of Istio's Gateway: Istio's ValidateGateway, with the shared pieces as in Istio reference 10.5. */
import { isHttp, isTls, parseProtocol } from '../../model/protocol.js';
import { unixPrefix } from '../../model/unix-address.js';
import type { GatewayServer, GatewayTls } from '../kinds/networking.js';
import type { ConfigObject } from '../object.js';
import { ipAddressProblem, unixAddressProblem } from './address.js';
import { type FindingSink, quote } from './finding.js';
import { dnsLabelProblem } from './host.js';
import { validateGatewayHost } from './namespaced-host.js';
import { portNumberProblem, requiredProtocolProblem, unusedTargetPortProblem } from './port.js';
import { validateServerTls } from './server-tls.js';

/** Checks a Gateway (Istio reference 10.5). */
export function validateGateway(object: ConfigObject<'Gateway'>, sink: FindingSink): void {
  const { servers } = object.spec;
  sink.error('metadata.name', dnsLabelProblem('name of the Gateway', object.metadata.name));
  if (servers.length === 0) sink.error('spec.servers', 'servers is empty; a Gateway needs at least one');
  const names = new Set<string>();
  for (const [index, server] of servers.entries()) {
    const path = `spec.servers[${index}]`;
    validateServer(server, path, sink);
    const { name } = server.port;
    if (names.has(name)) sink.error(`${path}.port.name`, `port name ${quote(name)} is used twice`);
    names.add(name);
  }
}

function validateServer(server: GatewayServer, path: string, sink: FindingSink): void {
  const { hosts, tls } = server;
  if (hosts.length === 0) {
    sink.error(`${path}.hosts`, 'hosts is empty; a server needs at least one, such as "*"');
  }
  for (const [index, host] of hosts.entries()) validateGatewayHost(host, `${path}.hosts[${index}]`, sink);
  validatePortAndBind(server, path, sink);
  if (tls !== undefined) validateServerTls(tls, `${path}.tls`, sink);
  sink.error(`${path}.tls`, tlsPresenceProblem(server.port.protocol, tls));
  if (tls?.httpsRedirect === true && !isHttp(parseProtocol(server.port.protocol))) {
    sink.warn(
      `${path}.tls.httpsRedirect`,
      `httpsRedirect has no effect with protocol ${quote(server.port.protocol)}; it is for HTTP`,
    );
  }
}

/** A server listens on a port, or on a Unix domain socket with port 0. */
function validatePortAndBind({ port, bind }: GatewayServer, path: string, sink: FindingSink): void {
  sink.error(`${path}.port.protocol`, requiredProtocolProblem(port.protocol));
  if (port.name === '') sink.error(`${path}.port.name`, 'port name is empty; a server needs one');
  sink.error(`${path}.port.targetPort`, unusedTargetPortProblem(port.targetPort, 'Gateway'));
  if (bind.startsWith(unixPrefix)) {
    sink.error(`${path}.bind`, unixAddressProblem(bind));
    if (port.number !== 0) {
      sink.error(
        `${path}.port.number`,
        `port ${port.number} must be 0, since ${quote(bind)} is a Unix domain socket`,
      );
    }
  } else {
    sink.error(`${path}.port.number`, portNumberProblem(port.number));
    if (bind !== '') sink.error(`${path}.bind`, ipAddressProblem(bind));
  }
}

/** TLS settings go with TLS protocols; for HTTP they can only ask for a redirect. */
function tlsPresenceProblem(protocolText: string, tls: GatewayTls | undefined): string | undefined {
  const protocol = parseProtocol(protocolText);
  if (protocol === 'UnsupportedProtocol') return undefined;
  if (tls === undefined) {
    return isTls(protocol) ? `tls is missing; protocol ${quote(protocolText)} needs it` : undefined;
  }
  if (isTls(protocol)) return undefined;
  if (!isHttp(protocol)) return `tls does not go with protocol ${quote(protocolText)}; it needs HTTPS or TLS`;
  const passesThrough = tls.mode === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
  const hasCertificates = [tls.serverCertificate, tls.privateKey, tls.caCertificates].some(
    (file) => (file ?? '') !== '',
  );
  if (passesThrough && !hasCertificates) return undefined;
  return `tls of a server with protocol ${quote(protocolText)} can only have httpsRedirect; use HTTPS to terminate TLS`;
}
