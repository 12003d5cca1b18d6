/** Endpoints of services, and the accounts that clients accept from them (Istio reference 4.2, 6.10). */
import { SharingMap } from '../base/sharing-map.js';
import { serviceKey, type Service } from '../model/service.js';
import { sameElements } from '../base/changes.js';
import type { AggregateView, Shard } from '../registry/view.js';
import type { Table } from './rebuild.js';
import type { EndpointIndex } from './snapshot.js';
import { expandTrustDomains } from './trust-domain.js';

/** What endpoints are indexed from. */
export interface EndpointSources {
  readonly shards: AggregateView['shards'];
  /** Accounts that services declare themselves, by `serviceKey`. */
  readonly declaredAccounts: ReadonlyMap<string, readonly string[]>;
  readonly trustDomainAliases: readonly string[];
}

interface KnownAccounts {
  readonly shards: readonly Shard[];
  readonly declared: readonly string[];
  readonly aliases: readonly string[];
  readonly accounts: readonly string[];
}

const noShards: readonly Shard[] = Object.freeze([]);
const noAccounts: readonly string[] = Object.freeze([]);

/** The index of all endpoints. Accounts are worked out when they are asked for. */
export class EndpointTable implements EndpointIndex, Table<EndpointSources> {
  readonly sources: EndpointSources;
  /** Shared with the index of before: an entry says what it was made of, so it can only be right or of no use. */
  readonly #known: Map<string, KnownAccounts>;

  constructor(sources: EndpointSources, previous?: EndpointTable) {
    this.sources = sources;
    this.#known = previous === undefined ? new Map() : previous.#known;
    if (this.#known.size > 2 * (sources.shards.size + sources.declaredAccounts.size) + 64)
      this.#forgetOthers();
  }

  shards(hostname: string, namespace: string): readonly Shard[] {
    return this.sources.shards.get(serviceKey(hostname, namespace)) ?? noShards;
  }

  /** The same index with other shards of some services, undefined for those that have none any more. */
  withShards(entries: Iterable<readonly [string, readonly Shard[] | undefined]>): EndpointTable {
    const shards = SharingMap.from(this.sources.shards).with(entries);
    return shards === this.sources.shards ? this : new EndpointTable({ ...this.sources, shards }, this);
  }

  serviceAccounts(service: Service): readonly string[] {
    const key = serviceKey(service.hostname, service.attributes.namespace);
    const shards = this.sources.shards.get(key) ?? noShards;
    const declared = this.sources.declaredAccounts.get(key) ?? noAccounts;
    const aliases = this.sources.trustDomainAliases;
    const known = this.#known.get(key);
    if (known?.shards === shards && known.declared === declared && known.aliases === aliases)
      return known.accounts;
    const made = expandTrustDomains(accountsOf(shards, declared), aliases);
    const accounts = known !== undefined && sameElements(known.accounts, made) ? known.accounts : made;
    this.#known.set(key, { shards, declared, aliases, accounts });
    return accounts;
  }

  #forgetOthers(): void {
    const { shards, declaredAccounts } = this.sources;
    for (const key of this.#known.keys())
      if (!shards.has(key) && !declaredAccounts.has(key)) this.#known.delete(key);
  }
}

function accountsOf(shards: readonly Shard[], declared: readonly string[]): ReadonlySet<string> {
  const accounts = new Set(declared);
  let last = '';
  for (const { endpoints } of shards) {
    for (const { serviceAccount } of endpoints) {
      // Most endpoints of a service run under one account.
      if (serviceAccount !== last) accounts.add((last = serviceAccount));
    }
  }
  accounts.delete('');
  return accounts;
}
