/**
 * Which addresses the statuses of ServiceEntries are to have, where Pilotlight writes them (Istio reference 3.7). Pure:
 * what is to be written follows from the entries as they are.
 */
import type { ServiceEntry, ServiceEntryResolution } from '../config/kinds/networking.js';
import type { RawObject } from '../kubernetes/list-watch.js';
import {
  addressSupply,
  defaultAddressPrefixes,
  settleClaims,
  statusAddressList,
  type AddressPrefixes,
  type AllocatableEntry,
  type AllocationPositions,
  type HostClaim,
} from '../registry/service-entry/auto-allocation.js';

/** One item of `status.addresses`. */
export interface StatusAddress {
  readonly value: string;
  readonly host: string;
}

/** A ServiceEntry as the API gives it, as far as its addresses go: not validated, as for Istio's controller. */
export interface WritableEntry extends AllocatableEntry {
  /** Tells this state of the entry from any other one. */
  readonly resourceVersion: string;
}

/** A status that is not what it should be. */
export interface DueWrite {
  readonly entry: WritableEntry;
  /** What `status.addresses` is to be. */
  readonly addresses: readonly StatusAddress[];
  /** How far the ranges are given out with it. */
  readonly positions: AllocationPositions;
}

/** What is to be written. */
export interface AddressPlan {
  /** Of the oldest entry first; those that only have to be emptied at the end. */
  readonly writes: readonly DueWrite[];
  /** Hosts for which the ranges have nothing left. */
  readonly starved: number;
}

/**
 * What is to be written so that every entry has the status that it should have. An entry whose status is complete is
 * left as it is; one that gets further hosts keeps what it has, unless an entry with an older right to an address has
 * it too; one that is due none is to have none.
 *
 * @param after how far the ranges were given out, so that what was used lately is used again last.
 */
export function addressPlan(
  entries: Iterable<WritableEntry>,
  after: AllocationPositions,
  prefixes: AddressPrefixes = defaultAddressPrefixes,
): AddressPlan {
  const all = [...entries];
  const { claims, used } = settleClaims(all, new Map(), prefixes);
  const supply = addressSupply(prefixes, used, after);
  const writes: DueWrite[] = [];
  let starved = 0;
  const due = claimsByEntry(claims);
  for (const [entry, claimsOfEntry] of due) {
    if (isComplete(entry, claimsOfEntry)) continue;
    const addresses = claimsOfEntry.flatMap((claim) => {
      const values = claim.addresses ?? supply.next();
      if (values.length === 0) starved += 1;
      return values.map((value) => ({ value, host: claim.host }));
    });
    if (!sameAddresses(addresses, entry.spec.statusAddresses))
      writes.push({ entry, addresses, positions: supply.positions });
  }
  for (const entry of all) {
    if (entry.spec.statusAddresses.length === 0 || due.has(entry)) continue;
    writes.push({ entry, addresses: [], positions: supply.positions });
  }
  return { writes, starved };
}

/** What addresses decide about an entry. What the API server would not have taken counts as absent. */
export function writableEntry(raw: RawObject): WritableEntry {
  const { spec, status } = raw as {
    readonly spec?: { readonly [K in 'hosts' | 'addresses' | 'resolution']?: unknown };
    readonly status?: { readonly addresses?: unknown };
  };
  const metadata = raw.metadata as RawObject['metadata'] & {
    readonly labels?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
  return {
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      labels: metadata.labels ?? {},
      creationTime: (Date.parse(metadata.creationTimestamp ?? '') || 0) / 1000,
    },
    spec: {
      hosts: texts(spec?.hosts),
      addresses: texts(spec?.addresses),
      resolution: typeof spec?.resolution === 'string' ? (spec.resolution as ServiceEntryResolution) : 'NONE',
      statusAddresses: statusAddressesOf(status?.addresses),
    },
    resourceVersion: metadata.resourceVersion ?? '',
  };
}

/** Whether two lists say the same. */
export function sameAddresses(a: readonly StatusAddress[], b: readonly StatusAddress[]): boolean {
  return (
    a.length === b.length && a.every(({ value, host }, at) => value === b[at]?.value && host === b[at].host)
  );
}

/** `status.addresses` of an object of the API. */
function statusAddressesOf(value: unknown): ServiceEntry['statusAddresses'] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Partial<Record<'value' | 'host', unknown>>[]).map((item) => ({
    value: typeof item.value === 'string' ? item.value : '',
    host: typeof item.host === 'string' ? item.host : '',
  }));
}

function claimsByEntry(
  claims: readonly HostClaim<WritableEntry>[],
): ReadonlyMap<WritableEntry, readonly HostClaim<WritableEntry>[]> {
  const found = new Map<WritableEntry, HostClaim<WritableEntry>[]>();
  for (const claim of claims) {
    const before = found.get(claim.entry);
    if (before === undefined) found.set(claim.entry, [claim]);
    else before.push(claim);
  }
  return found;
}

/** Whether the hosts that have an address are those that are due one, and all may keep theirs. */
function isComplete({ spec }: WritableEntry, claims: readonly HostClaim<WritableEntry>[]): boolean {
  if (claims.some(({ addresses }) => addresses === undefined)) return false;
  const due = new Set(claims.map(({ host }) => host));
  return spec.statusAddresses.every(
    ({ host }) => due.has(host) || statusAddressList(spec, host).length === 0,
  );
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
