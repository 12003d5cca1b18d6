/** Assignments that were made for the proxies of a group in one snapshot. */
import type { EncodedResource } from '../envoy/resource.js';
import type { ProxyContext, SidecarScope, Snapshot } from '../mesh/snapshot.js';
import { parseClusterName } from '../translate/names.js';
import { changedHosts } from './changed-hosts.js';

/** What the assignments of all services depend on, beside the services and their endpoints. */
const parts = [
  'mesh',
  'networks',
  'destinationRules',
  'peerAuthentications',
] as const satisfies readonly (keyof Snapshot)[];

interface Made {
  readonly host: string;
  readonly resource: EncodedResource;
}

export class MadeAssignments {
  readonly snapshot: Snapshot;
  readonly #scope: SidecarScope;
  readonly #byName: Map<string, Made>;

  constructor({ snapshot, scope }: ProxyContext, byName = new Map<string, Made>()) {
    this.snapshot = snapshot;
    this.#scope = scope;
    this.#byName = byName;
  }

  get(name: string): EncodedResource | undefined {
    return this.#byName.get(name)?.resource;
  }

  set(name: string, resource: EncodedResource): void {
    const host = parseClusterName(name)?.hostname ?? name;
    this.#byName.set(name, { host, resource });
  }

  /**
   * What of it holds in another snapshot, for a proxy of which everything else that a group is told by is the same:
   * what belongs to services that are the same, with the same endpoints. This one is not to be used any more.
   */
  goTo(context: ProxyContext): MadeAssignments {
    const { snapshot, scope } = context;
    if (!parts.every((part) => this.snapshot[part] === snapshot[part])) return new MadeAssignments(context);
    if (scope === this.#scope) this.#forget(changedHosts(this.snapshot, snapshot));
    else this.#forgetOthers(snapshot, scope);
    return new MadeAssignments(context, this.#byName);
  }

  #forget(hosts: ReadonlySet<string>): void {
    if (hosts.size === 0) return;
    for (const [name, { host }] of this.#byName) if (hosts.has(host)) this.#byName.delete(name);
  }

  #forgetOthers({ endpoints }: Snapshot, scope: SidecarScope): void {
    for (const [name, { host }] of this.#byName) {
      const service = scope.service(host);
      const namespace = service?.attributes.namespace ?? '';
      const isSame =
        service !== undefined &&
        service === this.#scope.service(host) &&
        endpoints.shards(host, namespace) === this.snapshot.endpoints.shards(host, namespace);
      if (!isSame) this.#byName.delete(name);
    }
  }
}
