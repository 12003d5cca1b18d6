/** The virtual hosts of one port, found by the host that a gRPC client means. */
import { bracketed, joinHostPort, splitHostPort } from '../../base/host-port.js';
import type { VirtualHostShape } from '../../envoy/messages.js';
import { hostsMatch, isWildcard } from '../../model/host.js';

/** A wildcard among the domains of a virtual host. */
interface WildcardDomain {
  /** Empty for any port. */
  readonly port: string;
  /** The place of the virtual host. */
  readonly index: number;
}

/** A host on a port. */
export interface MeantHost {
  readonly hostname: string;
  readonly port: number;
}

export class PortVirtualHosts {
  readonly #hosts: VirtualHostShape[] = [];
  /** Places of virtual hosts by their domains in lower case. */
  readonly #byDomain = new Map<string, number>();
  /** By the host in lower case, without a port. */
  readonly #wildcards = new Map<string, WildcardDomain[]>();

  /** Adds a virtual host, whose domains no other has. */
  add(host: VirtualHostShape): void {
    const index = this.#hosts.push(host) - 1;
    for (const written of host.domains ?? []) {
      const domain = written.toLowerCase();
      this.#byDomain.set(domain, index);
      if (isWildcard(domain)) this.#addWildcard(domain, index);
    }
  }

  #addWildcard(domain: string, index: number): void {
    const { host, port } = splitHostPort(domain) ?? { host: domain, port: '' };
    const known = this.#wildcards.get(host);
    if (known === undefined) this.#wildcards.set(host, [{ port, index }]);
    else known.push({ port, index });
  }

  /** Those with a domain that is the host, with the port or without one, or a wildcard for it; as they were added. */
  for({ hostname, port }: MeantHost): readonly VirtualHostShape[] {
    const host = hostname.toLowerCase();
    const found = new Set<number>();
    for (const domain of [bracketed(host), joinHostPort(host, port)]) {
      const index = this.#byDomain.get(domain);
      if (index !== undefined) found.add(index);
    }
    for (const wildcard of this.#wildcardsFor(host)) {
      if (wildcard.port === '' || wildcard.port === String(port)) found.add(wildcard.index);
    }
    return [...found].sort((a, b) => a - b).flatMap((index) => this.#hosts[index] ?? []);
  }

  /** Wildcards that cover a host; of a host that is one itself, those that it covers too. */
  *#wildcardsFor(host: string): Generator<WildcardDomain> {
    if (isWildcard(host)) {
      for (const [wildcard, domains] of this.#wildcards) if (hostsMatch(wildcard, host)) yield* domains;
      return;
    }
    for (let at = 0; at <= host.length; at += 1) yield* this.#wildcards.get(`*${host.slice(at)}`) ?? [];
  }
}
