/** The hosts of a Sidecar's egress listener: what it imports, from which namespaces (Istio reference 4.3). */
import { hostsMatch, hostSubsetOf, isWildcard } from '../model/host.js';

const everyNamespace = '*';
const everyHost = '*';
const ownNamespace = '.';
const exclusion = '~';

/** The hosts that a listener names for one namespace, or for every one. */
export class NamespaceHosts {
  readonly #exact = new Set<string>();
  readonly #wildcards: string[] = [];
  readonly #excluded: string[] = [];

  /** Hosts without a wildcard. */
  get exact(): ReadonlySet<string> {
    return this.#exact;
  }

  /** Whether a service of this host is imported: named, or covered by a wildcard. */
  importsService(host: string): boolean {
    return this.#exact.has(host) || this.#wildcards.some((wildcard) => hostSubsetOf(host, wildcard));
  }

  /** Whether a VirtualService for this host is imported: either covers the other. */
  importsRoutes(host: string): boolean {
    if (this.importsService(host)) return true;
    if (!isWildcard(host)) return false;
    const matches = (imported: string): boolean => hostsMatch(host, imported);
    return this.#wildcards.some(matches) || [...this.#exact].some(matches);
  }

  /** Whether a host is kept out although it is imported. */
  excludes(host: string): boolean {
    return this.#excluded.some((excluded) => hostSubsetOf(host, excluded));
  }

  add(host: string): void {
    if (isWildcard(host)) this.#wildcards.push(host);
    else this.#exact.add(host);
  }

  exclude(host: string): void {
    this.#excluded.push(host);
  }
}

/** All hosts of one listener. */
export class EgressHosts {
  readonly #byNamespace = new Map<string, NamespaceHosts>();
  /**
   * Whether it names every host and namespace without a wildcard. Istio then looks services up one by one, and finds
   * only one service of each host and namespace, where it otherwise finds all.
   */
  readonly allExact: boolean;
  /** Whether it is every host of every namespace and nothing else. */
  readonly everything: boolean;

  /**
   * `hosts` are of the form `namespace/host`; the namespace may be `*` for every one or `.` for the own one, and `~`
   * before it (alone: every one) excludes. Entries of another form say nothing.
   */
  constructor(hosts: readonly string[], configNamespace: string) {
    let allExact = true;
    for (const entry of hosts) {
      const parts = entry.split('/');
      const [scope, host] = parts;
      if (scope === undefined || host === undefined || parts.length !== 2) continue;
      const excluded = scope.startsWith(exclusion);
      const name = excluded ? scope.slice(exclusion.length) || everyNamespace : scope;
      const ofNamespace = this.#create(name === ownNamespace ? configNamespace : name);
      if (excluded) {
        ofNamespace.exclude(host);
        continue;
      }
      ofNamespace.add(host);
      if (isWildcard(host) || name === everyNamespace) allExact = false;
    }
    this.allExact = allExact;
    this.everything = hosts.length === 1 && hosts[0] === `${everyNamespace}/${everyHost}`;
  }

  /** Every namespace that is named, with what is named for it. */
  get named(): Iterable<readonly [namespace: string, hosts: NamespaceHosts]> {
    return this.#byNamespace;
  }

  /** What concerns a namespace: what is said for it, then what is said for every one. */
  concerning(namespace: string): readonly NamespaceHosts[] {
    const own = this.#byNamespace.get(namespace);
    const every = this.#byNamespace.get(everyNamespace);
    if (own === undefined) return every === undefined ? [] : [every];
    return every === undefined ? [own] : [own, every];
  }

  #create(namespace: string): NamespaceHosts {
    let hosts = this.#byNamespace.get(namespace);
    if (hosts === undefined) {
      hosts = new NamespaceHosts();
      this.#byNamespace.set(namespace, hosts);
    }
    return hosts;
  }
}
