/** Ports: numbers, names, protocols (Istio reference 10.5, shared pieces). */
import { parseProtocol } from '../../model/protocol.js';
import { quote } from './finding.js';
import { dnsLabelProblem } from './host.js';

const maxPort = 65535;

/** What keeps a number from being a port. */
export function portNumberProblem(port: number): string | undefined {
  return Number.isInteger(port) && port >= 1 && port <= maxPort
    ? undefined
    : `port ${port} is not in 1..${maxPort}`;
}

/** What keeps a text from being a port's name: a DNS label. */
export function portNameProblem(name: string): string | undefined {
  return dnsLabelProblem('port name', name);
}

/** What is wrong with the text of a protocol; empty means that the protocol is found out. */
export function protocolProblem(protocol: string): string | undefined {
  if (protocol === '' || parseProtocol(protocol) !== 'UnsupportedProtocol') return undefined;
  return unknownProtocol(protocol);
}

/** What is wrong with the text of a protocol where one is needed. */
export function requiredProtocolProblem(protocol: string): string | undefined {
  return parseProtocol(protocol) === 'UnsupportedProtocol' ? unknownProtocol(protocol) : undefined;
}

/** What is wrong with a target port of a kind that has no use for it: that there is one. */
export function unusedTargetPortProblem(targetPort: number | undefined, kind: string): string | undefined {
  return targetPort === undefined || targetPort === 0
    ? undefined
    : `target port ${targetPort} has no effect in a ${kind}; remove it`;
}

function unknownProtocol(protocol: string): string {
  return `protocol ${quote(protocol)} is not known; it can be HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, HTTP_PROXY, TCP, TLS, UDP, MONGO, REDIS or MYSQL`;
}
