/** What differs between two snapshots, as far as endpoints go. */
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
  const [old, next] = [before.discovery.shards, now.discovery.shards];
  if (old !== next) {
    for (const [key, shards] of next) if (old.get(key) !== shards) hosts.add(hostOf(key));
    for (const key of old.keys()) if (!next.has(key)) hosts.add(hostOf(key));
  }
  known.set(now, { before: new WeakRef(before), hosts });
  return hosts;
}

/** The host of a `serviceKey`, in which a slash stands behind the namespace. */
function hostOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
