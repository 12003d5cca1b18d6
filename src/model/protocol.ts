/** Application protocols of service ports and how Istio finds them (Istio reference 2.2). */

/** A port's protocol; `UnsupportedProtocol` is one that could not be told and is sniffed. */
export type Protocol =
  | 'TCP'
  | 'UDP'
  | 'GRPC'
  | 'GRPC-Web'
  | 'HTTP'
  | 'HTTP_PROXY'
  | 'HTTP2'
  | 'HTTPS'
  | 'TLS'
  | 'Mongo'
  | 'Redis'
  | 'MySQL'
  | 'UnsupportedProtocol';

const byLowerName: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['grpc', 'GRPC'],
  ['grpc-web', 'GRPC-Web'],
  ['http', 'HTTP'],
  ['http_proxy', 'HTTP_PROXY'],
  ['http2', 'HTTP2'],
  ['https', 'HTTPS'],
  ['tls', 'TLS'],
  ['mongo', 'Mongo'],
  ['redis', 'Redis'],
  ['mysql', 'MySQL'],
]);

/** Ports that are plain TCP when nothing else says what they are: SMTP, DNS, MySQL and MongoDB. */
const wellKnownTcpPorts: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

/** Parses a protocol's name, ignoring case. */
export function parseProtocol(name: string): Protocol {
  return byLowerName.get(name.toLowerCase()) ?? 'UnsupportedProtocol';
}

/** By what a port's protocol was told: the first that says something; `nothing` when it is sniffed. */
export type ProtocolSource = 'transport' | 'app-protocol' | 'name' | 'well-known-port' | 'nothing';

/** The protocol of a Kubernetes Service's port. `transport` is the port's `protocol` (TCP, UDP, SCTP). */
export function kubernetesPortProtocol(
  port: number,
  name: string,
  transport: string | undefined,
  appProtocol: string | undefined,
): Protocol {
  return kubernetesProtocolChoice(port, name, transport, appProtocol).protocol;
}

/** The same, with what told it. */
export function kubernetesProtocolChoice(
  port: number,
  name: string,
  transport: string | undefined,
  appProtocol: string | undefined,
): { readonly protocol: Protocol; readonly by: ProtocolSource } {
  if (transport === 'UDP') return { protocol: 'UDP', by: 'transport' };
  const by = appProtocol === undefined ? 'name' : 'app-protocol';
  if (appProtocol === 'kubernetes.io/h2c') return { protocol: 'HTTP2', by };
  if (appProtocol === 'kubernetes.io/ws') return { protocol: 'HTTP', by };
  if (appProtocol === 'kubernetes.io/wss') return { protocol: 'HTTPS', by };
  const text = (appProtocol ?? name).toLowerCase();
  const protocol = text.startsWith('grpc-web') ? 'GRPC-Web' : parseProtocol(text.split('-', 1)[0] ?? '');
  if (protocol !== 'UnsupportedProtocol') return { protocol, by };
  return wellKnownTcpPorts.has(port)
    ? { protocol: 'TCP', by: 'well-known-port' }
    : { protocol, by: 'nothing' };
}

/** HTTP of any version. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'HTTP' || protocol === 'HTTP_PROXY' || isHttp2(protocol);
}

/** HTTP/2 and what is carried by it. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-Web';
}

/** TLS that passes through. */
export function isTls(protocol: Protocol): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

/** TCP and the protocols that are handled as TCP. */
export function isTcp(protocol: Protocol): boolean {
  return (
    protocol === 'TCP' ||
    protocol === 'Mongo' ||
    protocol === 'Redis' ||
    protocol === 'MySQL' ||
    isTls(protocol)
  );
}
