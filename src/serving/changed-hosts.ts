/** What differs between two snapshots, as far as endpoints go. */
import { changedKeys } from '../base/changes.js';
import type { Snapshot } from '../mesh/snapshot.js';

const parts = [
  'mesh',
  'services',
  'networks',
  'destinationRules',
  'virtualServices',
  'sidecars',
  'peerAuthentications',
  'gateways',
] as const satisfies readonly (keyof Snapshot)[];

/** Whether nothing but endpoints differs, so that clusters know the same services in the same way. */
export function sameButEndpoints(before: Snapshot, now: Snapshot): boolean {
  return (
    before.discovery.workloads === now.discovery.workloads &&
    parts.every((part) => before[part] === now[part])
  );
}

const known = new WeakMap<
  Snapshot,
  { readonly before: WeakRef<Snapshot>; readonly hosts: ReadonlySet<string> }
>();

/** The hosts whose endpoints differ. */
export function changedHosts(before: Snapshot, now: Snapshot): ReadonlySet<string> {
  const memo = known.get(now);
  if (memo?.before.deref() === before) return memo.hosts;
  const hosts = new Set<string>();
  for (const key of changedKeys(before.discovery.shards, now.discovery.shards)) hosts.add(hostOf(key));
  known.set(now, { before: new WeakRef(before), hosts });
  return hosts;
}

/** The host of a `serviceKey`, in which a slash stands behind the namespace. */
function hostOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
