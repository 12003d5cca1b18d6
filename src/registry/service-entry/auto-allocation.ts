/**
 * Addresses for the hosts of ServiceEntries that have none (Istio reference 3.7, the new way). Pure: the same
 * entries and the same former allocations give the same result, so a restart allocates as the first start did, and
 * an edit moves no address that it does not have to.
 */
import { compareStrings } from '../../base/compare.js';
import { parseIp, parsePrefix, prefixContains, type IpAddress, type IpPrefix } from '../../base/ip.js';
import type { ServiceEntry } from '../../config/kinds/networking.js';
import type { ObjectMeta } from '../../config/object.js';
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

/** What of a ServiceEntry decides about its addresses. */
export interface AllocatableEntry {
  readonly metadata: Pick<ObjectMeta, 'namespace' | 'name' | 'labels' | 'creationTime'>;
  readonly spec: Pick<ServiceEntry, 'hosts' | 'addresses' | 'resolution' | 'statusAddresses'>;
}

const optOutLabel = 'networking.istio.io/enable-autoallocate-ip';

type StatusSpec = Pick<ServiceEntry, 'statusAddresses'>;

/** Identity of an entry in `Allocations`. */
export function allocationKey({ metadata }: AllocatableEntry): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Whether an entry's hosts have allocated addresses: it has none of its own, can use them and did not opt out. */
export function qualifiesForAllocation({ metadata, spec }: AllocatableEntry): boolean {
  return (
    spec.resolution !== 'NONE' &&
    spec.addresses.length === 0 &&
    metadata.labels[optOutLabel]?.toLowerCase() !== 'false'
  );
}

/** The addresses that an entry's status gives a host, in canonical form and in the order that they have there. */
export function statusAddressList(spec: StatusSpec, host: string): readonly string[] {
  return parsedStatus(spec).flatMap(({ owner, text }) => (owner === host ? text : []));
}

/** The addresses that an entry's status gives a host; the last of each family counts, as in Istio. */
export function statusAddresses(spec: StatusSpec, host: string): HostAddresses {
  return byFamily(statusAddressList(spec, host));
}

/**
 * Allocates an IPv4 and an IPv6 address to every host of every entry that qualifies. A host keeps what its status
 * says, else what it was given before, unless somebody with an older right to it uses the address: first those
 * who wrote the address into their entry, then the older entry. The rest is given out in the order of the entries'
 * age, name and namespace, one address after the other.
 */
export function allocateAddresses(
  entries: Iterable<AllocatableEntry>,
  former: Allocations,
  prefixes: AddressPrefixes = defaultAddressPrefixes,
): Allocations {
  const { claims, used } = settleClaims(entries, former, prefixes);
  const supply = addressSupply(prefixes, used);
  const allocations = new Map<string, Map<string, HostAddresses>>();
  for (const claim of claims) {
    const ofEntry = allocations.get(claim.key) ?? new Map<string, HostAddresses>();
    ofEntry.set(claim.host, byFamily(claim.addresses ?? supply.next()));
    allocations.set(claim.key, ofEntry);
  }
  return allocations;
}

/** A host that is due addresses. */
export interface HostClaim<Entry extends AllocatableEntry> {
  readonly entry: Entry;
  /** That of the entry. */
  readonly key: string;
  readonly host: string;
  /** What it keeps, in canonical form. */
  addresses?: readonly string[];
}

/** Who is due addresses, and which addresses are taken. */
export interface SettledClaims<Entry extends AllocatableEntry> {
  /** Of all entries that qualify, the oldest first, in the order of their hosts. */
  readonly claims: readonly HostClaim<Entry>[];
  /** Addresses in the ranges that somebody has, or keeps, by whose they are: the entry's key. */
  readonly used: ReadonlyMap<string, string>;
}

/**
 * Decides who keeps which addresses, as `allocateAddresses` tells. Only addresses in the ranges can be in conflict, and
 * no entry is with itself, as in Istio.
 */
export function settleClaims<Entry extends AllocatableEntry>(
  entries: Iterable<Entry>,
  former: Allocations,
  prefixes: AddressPrefixes,
): SettledClaims<Entry> {
  const sorted = [...entries].sort(compareEntries);
  const used = new UsedAddresses(prefixes);
  for (const entry of sorted)
    if (entry.spec.addresses.length > 0) used.add(allocationKey(entry), entry.spec.addresses.flatMap(parsed));
  const claims = sorted.filter(qualifiesForAllocation).flatMap((entry) => hostClaims(entry));
  for (const claim of claims) {
    const status = parsedStatus(claim.entry.spec).filter(({ owner }) => owner === claim.host);
    keep(claim, status, used);
  }
  for (const claim of claims)
    if (claim.addresses === undefined) keep(claim, formerList(former.get(claim.key)?.get(claim.host)), used);
  return { claims, used: used.owners };
}

/** How far each range has been given out. */
export interface AllocationPositions {
  readonly ipv4: bigint;
  readonly ipv6: bigint;
}

/** Gives out addresses of the ranges that nobody uses. */
export interface AddressSupply {
  readonly positions: AllocationPositions;
  /** The next address of each family; none of a family whose range is exhausted. */
  next(): readonly string[];
}

/** Begins to give out addresses, after those that were given out before. */
export function addressSupply(
  prefixes: AddressPrefixes,
  used: ReadonlyMap<string, string>,
  after: AllocationPositions = { ipv4: 0n, ipv6: 0n },
): AddressSupply {
  const ipv4: PrefixCursor = createPrefixCursor(prefixes.ipv4, used, after.ipv4);
  const ipv6: PrefixCursor = createPrefixCursor(prefixes.ipv6, used, after.ipv6);
  return {
    get positions() {
      return { ipv4: ipv4.position, ipv6: ipv6.position };
    },
    next: () => [ipv4, ipv6].flatMap((cursor) => cursor.next() ?? []),
  };
}

/** An address in canonical form. */
interface Parsed {
  readonly text: string;
  /** Absent where it is known to be in a range. */
  readonly address?: IpAddress;
}

interface ParsedStatus extends Parsed {
  readonly owner: string;
}

/** What was parsed before: all entries are looked at whenever one of them changes. */
const parsedStatuses = new WeakMap<ServiceEntry['statusAddresses'], readonly ParsedStatus[]>();

function parsedStatus({ statusAddresses: addresses }: StatusSpec): readonly ParsedStatus[] {
  const before = parsedStatuses.get(addresses);
  if (before !== undefined) return before;
  const now = addresses.flatMap(({ value, host }) => parsed(value).map((each) => ({ ...each, owner: host })));
  parsedStatuses.set(addresses, now);
  return now;
}

function parsed(text: string): readonly Parsed[] {
  const address = parseIp(text);
  return address === undefined ? [] : [{ text: address.toString(), address }];
}

/** Addresses in the ranges, and whose they are. */
class UsedAddresses {
  readonly owners = new Map<string, string>();
  readonly #prefixes: readonly IpPrefix[];

  constructor({ ipv4, ipv6 }: AddressPrefixes) {
    this.#prefixes = [ipv4, ipv6].flatMap((text) => parsePrefix(text) ?? []);
  }

  /** Whether no other entry has one of them. */
  areFree(key: string, addresses: readonly Parsed[]): boolean {
    return addresses.every(({ text }) => (this.owners.get(text) ?? key) === key);
  }

  add(key: string, addresses: readonly Parsed[]): void {
    for (const { text, address } of addresses) {
      if (address !== undefined && !this.#prefixes.some((prefix) => prefixContains(prefix, address)))
        continue;
      if (!this.owners.has(text)) this.owners.set(text, key);
    }
  }
}

/** Each host of an entry once. A wildcard can only be given an address where Envoy resolves the name it stands for. */
function hostClaims<Entry extends AllocatableEntry>(entry: Entry): HostClaim<Entry>[] {
  const key = allocationKey(entry);
  const hosts = entry.spec.hosts.filter(
    (host) => !isWildcard(host) || entry.spec.resolution === 'DYNAMIC_DNS',
  );
  return [...new Set(hosts)].map((host) => ({ entry, key, host }));
}

/** Lets a host keep addresses, if there are any and no other entry uses one of them. */
function keep(claim: HostClaim<AllocatableEntry>, addresses: readonly Parsed[], used: UsedAddresses): void {
  if (addresses.length === 0 || !used.areFree(claim.key, addresses)) return;
  claim.addresses = addresses.map(({ text }) => text);
  used.add(claim.key, addresses);
}

function byFamily(addresses: readonly string[]): HostAddresses {
  const found: { ipv4?: string; ipv6?: string } = {};
  for (const address of addresses) found[address.includes(':') ? 'ipv6' : 'ipv4'] = address;
  return found;
}

function formerList({ ipv4, ipv6 }: HostAddresses = {}): readonly Parsed[] {
  return [ipv4, ipv6].flatMap((text) => (text === undefined ? [] : [{ text }]));
}

function compareEntries(a: AllocatableEntry, b: AllocatableEntry): number {
  return (
    a.metadata.creationTime - b.metadata.creationTime ||
    compareStrings(a.metadata.name, b.metadata.name) ||
    compareStrings(a.metadata.namespace, b.metadata.namespace)
  );
}
