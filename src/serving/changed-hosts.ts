/** What differs between two snapshots, as far as endpoints go. */
import { BriefMemo } from '../base/brief-memo.js';
import { changedKeys } from '../base/changes.js';
import { sameParts } from '../mesh/snapshot-parts.js';
import type { Snapshot } from '../mesh/snapshot.js';

/** Whether nothing but endpoints differs, so that clusters know the same services in the same way. */
export function sameButEndpoints(before: Snapshot, now: Snapshot): boolean {
  return sameParts(before, now, 'endpoints');
}

/** The last answer for each snapshot: all groups of proxies go from the same one to the same one. */
const known = new BriefMemo<Snapshot, { before: Snapshot; hosts: ReadonlySet<string> }>({ most: 4 });

/** The hosts whose endpoints differ. */
export function changedHosts(before: Snapshot, now: Snapshot): ReadonlySet<string> {
  const memo = known.get(now);
  if (memo?.before === before) return memo.hosts;
  const hosts = new Set<string>();
  for (const key of changedKeys(before.discovery.shards, now.discovery.shards)) hosts.add(hostOf(key));
  known.set(now, { before, hosts });
  return hosts;
}

/** The host of a `serviceKey`, in which a slash stands behind the namespace. */
function hostOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
