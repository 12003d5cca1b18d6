/**
 * Addresses for the hosts of ServiceEntries that have none (Istio reference 3.7, the new way). Pure: the same
 * entries and the same former allocations give the same result, so a restart allocates as the first start did, and
 * an edit moves no address that it does not have to.
 */
import { compareStrings } from '../../base/compare.js';
import type { ServiceEntry } from '../../config/kinds/networking.js';
import type { ConfigObject } from '../../config/object.js';
import { canonicalIp } from '../../base/ip.js';
import { isWildcard } from '../../model/host.js';
import type { PrefixCursor } from './prefix-cursor.js';
import { createPrefixCursor } from './prefix-cursor.js';

/** Ranges to allocate from, as `address/bits`. */
export interface AddressPrefixes {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Istio's ranges: addresses that nobody else uses. */
export const defaultAddressPrefixes: AddressPrefixes = { ipv4: '240.240.0.0/16', ipv6: '2001:2::/48' };

/** The allocated addresses of one host; a family is absent when its range is exhausted. */
export interface HostAddresses {
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** Addresses by the entry's `namespace/name`, then by host. */
export type Allocations = ReadonlyMap<string, ReadonlyMap<string, HostAddresses>>;

type EntryObject = ConfigObject<'ServiceEntry'>;

const optOutLabel = 'networking.istio.io/enable-autoallocate-ip';

/** Identity of an entry in `Allocations`. */
export function allocationKey({ metadata }: EntryObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Whether an entry's hosts have allocated addresses: it has none of its own, can use them and did not opt out. */
export function qualifiesForAllocation({ metadata, spec }: EntryObject): boolean {
  return (
    spec.resolution !== 'NONE' &&
    spec.addresses.length === 0 &&
    metadata.labels[optOutLabel]?.toLowerCase() !== 'false'
  );
}

/** The addresses that an entry's status gives a host; the last of each family counts, as in Istio. */
export function statusAddresses({ statusAddresses: addresses }: ServiceEntry, host: string): HostAddresses {
  const byFamily: { ipv4?: string; ipv6?: string } = {};
  for (const { value, host: owner } of addresses) {
    const address = owner === host ? canonicalIp(value) : undefined;
    if (address !== undefined) byFamily[familyOf(address)] = address;
  }
  return byFamily;
}

/**
 * Allocates an IPv4 and an IPv6 address to every host of every entry that qualifies. A host keeps what its status
 * says, else what it was given before, unless somebody with an older right to it uses the address: first those
 * who wrote the address into their entry, then the older entry. The rest is given out in the order of the entries'
 * age, name and namespace, one address after the other.
 */
export function allocateAddresses(
  entries: Iterable<EntryObject>,
  former: Allocations,
  prefixes: AddressPrefixes = defaultAddressPrefixes,
): Allocations {
  const sorted = [...entries].sort(compareEntries);
  const used = new Set(
    sorted.flatMap((entry) => entry.spec.addresses.map((address) => canonicalIp(address) ?? '')),
  );
  const claims = sorted.filter(qualifiesForAllocation).flatMap(hostClaims);
  for (const claim of claims) keep(claim, statusAddresses(claim.entry.spec, claim.host), used);
  for (const claim of claims) keep(claim, former.get(claim.key)?.get(claim.host), used);

  const cursors = {
    ipv4: createPrefixCursor(prefixes.ipv4, used),
    ipv6: createPrefixCursor(prefixes.ipv6, used),
  };
  const allocations = new Map<string, Map<string, HostAddresses>>();
  for (const claim of claims) {
    const ofEntry = allocations.get(claim.key) ?? new Map<string, HostAddresses>();
    ofEntry.set(claim.host, claim.addresses ?? nextAddresses(cursors));
    allocations.set(claim.key, ofEntry);
  }
  return allocations;
}

/** A host that is due addresses. */
interface HostClaim {
  readonly entry: EntryObject;
  readonly key: string;
  readonly host: string;
  /** What it keeps. */
  addresses?: HostAddresses;
}

/** Each host of an entry once. A wildcard can only be given an address where Envoy resolves the name it stands for. */
function hostClaims(entry: EntryObject): readonly HostClaim[] {
  const key = allocationKey(entry);
  const hosts = entry.spec.hosts.filter(
    (host) => !isWildcard(host) || entry.spec.resolution === 'DYNAMIC_DNS',
  );
  return [...new Set(hosts)].map((host) => ({ entry, key, host }));
}

/** Lets a host that has nothing yet keep addresses, if there are any and nobody uses one of them. */
function keep(claim: HostClaim, addresses: HostAddresses | undefined, used: Set<string>): void {
  const kept = Object.values(addresses ?? {}).filter((address) => address !== undefined);
  if (addresses === undefined || claim.addresses !== undefined || kept.length === 0) return;
  if (kept.some((address) => used.has(address))) return;
  claim.addresses = addresses;
  for (const address of kept) used.add(address);
}

function nextAddresses(cursors: { readonly ipv4: PrefixCursor; readonly ipv6: PrefixCursor }): HostAddresses {
  const ipv4 = cursors.ipv4.next();
  const ipv6 = cursors.ipv6.next();
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

function compareEntries(a: EntryObject, b: EntryObject): number {
  return (
    a.metadata.creationTime - b.metadata.creationTime ||
    compareStrings(a.metadata.name, b.metadata.name) ||
    compareStrings(a.metadata.namespace, b.metadata.namespace)
  );
}
