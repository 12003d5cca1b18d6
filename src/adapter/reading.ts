/**
 * What a read of a registry ends in: a snapshot, unchanged, or failed. There is no fourth way, so a failure cannot be
 * told as an empty list: an empty list is a snapshot that somebody has to make on purpose.
 */
import type { ServiceRecord } from './record.js';

/** The read succeeded, and this is everything that there is. */
export interface Snapshot<Value> {
  readonly outcome: 'snapshot';
  readonly value: Value;
}

/** The read succeeded, and what was read before is what there is. */
export interface Unchanged {
  readonly outcome: 'unchanged';
}

/** It could not be read. What was read before stays in force, marked stale. */
export interface Failed {
  readonly outcome: 'failed';
  readonly error: unknown;
}

/** What a read ends in. */
export type Reading<Value> = Snapshot<Value> | Unchanged | Failed;

/** What the read of one service of many ended in; `service` is the key that its records have. */
export type ServiceReading = { readonly service: string } & Reading<ServiceRecord>;

/**
 * What the read of a whole registry ended in. A snapshot names every service that there is: one that is not named is
 * gone, one that could not be read is named as failed, and keeps what was last known of it.
 */
export type RegistryReading = Reading<readonly ServiceReading[]>;

/** A successful read of everything. */
export function snapshot<Value>(value: Value): Snapshot<Value> {
  return { outcome: 'snapshot', value };
}

/** A successful read that found nothing new. */
export const unchanged: Unchanged = Object.freeze({ outcome: 'unchanged' });

/** A read that did not succeed. */
export function failed(error: unknown): Failed {
  return { outcome: 'failed', error };
}

/** The snapshot of a registry that is read in one piece: every record is a service that was read. */
export function snapshotOf(records: Iterable<ServiceRecord>): Snapshot<readonly ServiceReading[]> {
  return snapshot(Array.from(records, (record) => ({ service: record.service, ...snapshot(record) })));
}
