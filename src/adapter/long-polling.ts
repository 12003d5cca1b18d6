/** Reading a registry by long polls: one for the list of services, one for each service on it. */
import { Observable, type Subscription } from 'rxjs';
import type { AdapterContext } from './adapter.js';
import { polling, type Polled, type PollOptions, type PollPosition } from './poll.js';
import type { ReadEvent } from './read-event.js';
import type { Reading } from './reading.js';
import type { ServiceRecord } from './record.js';

/** How a registry is polled. Both throw when they cannot read: that is a failed read, never an empty one. */
export interface LongPollingReader {
  /** The keys of all services. */
  readonly list: (at: PollPosition) => Promise<Polled<readonly string[]>>;
  /** One service; its record's `service` is the key. */
  readonly service: (service: string, at: PollPosition) => Promise<Polled<ServiceRecord>>;
}

/**
 * Polls a registry. What could not be read keeps being asked for, later each time; a service that lost most of its
 * instances is read again some times at once, so that a removal that is real is confirmed soon.
 */
export function longPolling(
  reader: LongPollingReader,
  options: PollOptions,
  context: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<ReadEvent> {
  return new Observable((subscriber) => {
    const services = new Map<string, Subscription>();
    /** Services that were listed and not read yet; undefined before the first list, and once all were read. */
    let waiting: Set<string> | undefined = new Set();
    let isListed = false;

    const settle = (service?: string): void => {
      if (waiting === undefined) return;
      if (service !== undefined) waiting.delete(service);
      if (!isListed || waiting.size > 0) return;
      waiting = undefined;
      subscriber.next({ type: 'synced' });
    };
    const follow = (service: string): void => {
      waiting?.add(service);
      const source = {
        poll: (at: PollPosition) => reader.service(service, at),
        suspicious: lostMost,
      };
      const watch = polling(source, options, context).subscribe({
        next: (reading) => {
          subscriber.next({ type: 'service', service, reading });
          settle(service);
        },
        error: (error: unknown) => subscriber.error(error),
      });
      services.set(service, watch);
    };
    const take = (reading: Reading<readonly string[]>): void => {
      subscriber.next({ type: 'listed', reading });
      if (reading.outcome !== 'snapshot') return;
      isListed = true;
      const listed = new Set(reading.value);
      for (const [service, watch] of services) {
        if (listed.has(service)) continue;
        watch.unsubscribe();
        services.delete(service);
        waiting?.delete(service);
      }
      for (const service of listed) if (!services.has(service)) follow(service);
      settle();
    };
    const suspicious = (now: readonly string[], before?: readonly string[]): boolean =>
      now.length * 2 < (before?.length ?? 0);
    const list = polling({ poll: reader.list, suspicious }, options, context).subscribe({
      next: take,
      error: (error: unknown) => subscriber.error(error),
    });
    return () => {
      list.unsubscribe();
      for (const watch of services.values()) watch.unsubscribe();
    };
  });
}

function lostMost(now: ServiceRecord, before: ServiceRecord | undefined): boolean {
  return now.instances.length * 2 < (before?.instances.length ?? 0);
}
