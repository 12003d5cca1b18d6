/** The names by which gRPC clients ask for listeners (Istio reference 8.10). */
import { splitHostPort } from '../../base/host-port.js';
import type { Proxy } from '../../model/proxy.js';

/** What the name of a gRPC server's listener begins with; the address that it listens on follows. */
export const serverListenerPrefix = 'xds.istio.io/grpc/lds/inbound/';

/** What is asked for of one host. */
export interface AskedHost {
  /** The names under which it is asked for: in full or short. */
  readonly names: ReadonlySet<string>;
  /** As they were written; `all` if a name came without a port. */
  readonly ports: ReadonlySet<string> | 'all';
}

/** What a client asks for. */
export interface AskedListeners {
  /** By the host as it was written, and by what it stands for in full. */
  readonly hosts: ReadonlyMap<string, AskedHost>;
  /** Names of a server's own listeners. */
  readonly servers: readonly string[];
}

/**
 * Reads names of listeners: `host:port`, or a host for all of its ports. All names and all ports that are asked for of
 * one host go together, however they were paired.
 */
export function readListenerNames(
  names: Iterable<string>,
  proxy: Pick<Proxy, 'namespace' | 'dnsDomain'>,
): AskedListeners {
  const hosts = new Map<string, { names: Set<string>; ports: Set<string> | 'all' }>();
  const servers: string[] = [];
  for (const name of names) {
    if (name.startsWith(serverListenerPrefix)) {
      servers.push(name);
      continue;
    }
    const { host, port } = splitHostPort(name) ?? { host: name, port: undefined };
    for (const key of new Set([host, fullName(host, proxy) ?? host])) {
      const asked = hosts.get(key) ?? { names: new Set(), ports: new Set() };
      hosts.set(key, asked);
      asked.names.add(host);
      if (port === undefined) asked.ports = 'all';
      else if (asked.ports !== 'all') asked.ports.add(port);
    }
  }
  return { hosts, servers };
}

/** What a short name stands for in the domain of the client: `name`, or with its own namespace, or `.svc` after that. */
function fullName(
  host: string,
  { namespace, dnsDomain }: Pick<Proxy, 'namespace' | 'dnsDomain'>,
): string | undefined {
  if (!host.includes('.')) return `${host}.${dnsDomain}`;
  const suffix = [namespace, `${namespace}.svc`].find(
    (candidate) => host.endsWith(`.${candidate}`) && dnsDomain.startsWith(candidate),
  );
  return suffix === undefined ? undefined : `${host.slice(0, -suffix.length - 1)}.${dnsDomain}`;
}
