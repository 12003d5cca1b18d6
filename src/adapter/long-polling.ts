/** Reading a registry by long polls: one for the list of services, one for each service on it, or for some of them. */
import { interval, merge, NEVER, Observable, Subject, Subscription } from 'rxjs';
import type { AdapterContext } from './adapter.js';
import { polling, type Polled, type PollOptions, type PollPosition } from './poll.js';
import type { ReadEvent } from './read-event.js';
import type { Reading } from './reading.js';
import type { ServiceRecord } from './record.js';
import { Rereading, type RereadingOptions } from './rereading.js';

/** How a registry is polled. `list` and `service` throw when they cannot read: that is a failed read, never an empty one. */
export interface LongPollingReader {
  /** The keys of all services. */
  readonly list: (at: PollPosition) => Promise<Polled<readonly string[]>>;
  /** One service; its record's `service` is the key. */
  readonly service: (service: string, at: PollPosition) => Promise<Polled<ServiceRecord>>;
  /**
   * Keys of services of which something was heard otherwise than by polls of their own or by a new list: those without a
   * poll of their own are read again. Subscribed to while there are such services.
   */
  readonly hints?: Observable<Iterable<string>>;
}

/** How services are polled. */
export interface LongPollingOptions extends PollOptions, RereadingOptions {
  /**
   * How many services have a long poll of their own; all when absent. The others are read again when the list says that
   * something changed, when they are hinted at, and as often as everything is asked for anew.
   */
  readonly own?: number;
  /** The shortest time from the start of one poll of the list to that of the next; `pace` when absent. */
  readonly listPace?: number;
}

/**
 * How long the server may wait with a list, in milliseconds: a server that lost its data may be asked for an index that it
 * has not reached yet, and the list is what tells it.
 */
const longestListWait = 30_000;

/**
 * Polls a registry. What could not be read keeps being asked for, later each time; a service that lost most of its
 * instances is read again some times at once, so that a removal that is real is confirmed soon.
 */
export function longPolling(
  reader: LongPollingReader,
  options: LongPollingOptions,
  context: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<ReadEvent> {
  return new Observable((subscriber) => {
    const polls = new Map<string, Subscription>();
    const { own = Infinity, wake, resync = 600_000 } = options;
    /** The server counts anew. */
    const reset = new Subject<void>();
    const serviceOptions = { ...options, restart: merge(reset, options.restart ?? NEVER) };
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
    const tell = (service: string, reading: Reading<ServiceRecord>): void => {
      subscriber.next({ type: 'service', service, reading });
      settle(service);
    };
    const error = (reason: unknown): void => subscriber.error(reason);
    const read = async (service: string, signal: AbortSignal): Promise<ServiceRecord> =>
      (await reader.service(service, { index: 0, wait: 0, signal })).value;
    const others = new Rereading(read, tell, lostMost, options, context);
    /** What makes others be read again; nothing while there are none. */
    let causes: Subscription | undefined;
    const hear = (): Subscription => {
      const heard = new Subscription();
      heard.add(
        reader.hints?.subscribe({
          next: (services) => {
            for (const service of services) others.again(service);
          },
          error,
        }),
      );
      heard.add(wake?.subscribe(() => others.retry()));
      heard.add(reset.subscribe(() => others.all()));
      heard.add(interval(resync, context.scheduler).subscribe(() => others.all()));
      return heard;
    };
    const follow = (service: string): void => {
      waiting?.add(service);
      if (polls.size >= own) {
        others.follow(service);
        causes ??= hear();
        return;
      }
      const poll = (at: PollPosition): Promise<Polled<ServiceRecord>> => reader.service(service, at);
      const watch = polling({ poll, suspicious: lostMost }, serviceOptions, context);
      polls.set(service, watch.subscribe({ next: (reading) => tell(service, reading), error }));
    };
    const take = (reading: Reading<readonly string[]>): void => {
      subscriber.next({ type: 'listed', reading });
      // Without a list nobody tells whether they changed.
      if (reading.outcome === 'failed') others.all();
      if (reading.outcome !== 'snapshot') return;
      isListed = true;
      const listed = new Set(reading.value);
      for (const [service, watch] of polls) {
        if (listed.has(service)) continue;
        watch.unsubscribe();
        polls.delete(service);
        waiting?.delete(service);
      }
      for (const service of others.keepOnly(listed)) waiting?.delete(service);
      others.all();
      for (const service of listed) if (!polls.has(service) && !others.has(service)) follow(service);
      settle();
    };
    const suspicious = (now: readonly string[], before?: readonly string[]): boolean =>
      now.length * 2 < (before?.length ?? 0);
    const { listPace = options.pace, wait = longestListWait } = options;
    const listOptions = {
      ...options,
      wait: Math.min(wait, longestListWait),
      ...(listPace === undefined ? {} : { pace: listPace }),
    };
    const list = polling(
      { poll: reader.list, suspicious, onReset: () => reset.next() },
      listOptions,
      context,
    ).subscribe({
      next: take,
      error,
    });
    return () => {
      list.unsubscribe();
      causes?.unsubscribe();
      others.end();
      for (const watch of polls.values()) watch.unsubscribe();
    };
  });
}

function lostMost(now: ServiceRecord, before: ServiceRecord | undefined): boolean {
  return now.instances.length * 2 < (before?.instances.length ?? 0);
}
