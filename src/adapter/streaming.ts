/** Reading a registry that tells its changes itself: watches, subscriptions, event streams. */
import { Observable, type Subscription } from 'rxjs';
import { errorMessage } from '../base/errors.js';
import type { AdapterContext } from './adapter.js';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import type { ReadEvent } from './read-event.js';
import { failed } from './reading.js';

/** How a stream is opened. */
export interface StreamingReader {
  /**
   * Opens a stream: everything that there is, `synced`, and then what changes. Its error or end is a failed read, after
   * which it is opened again.
   */
  readonly open: () => Observable<StreamEvent>;
}

/** What a stream says: a read event, or that it is still alive. */
export type StreamEvent = Exclude<ReadEvent, { type: 'restart' }> | { readonly type: 'alive' };

/** How streams are kept; times in milliseconds. */
export interface StreamingOptions {
  /**
   * A stream that says nothing for so long, not even `alive`, has died quietly and is opened again; never when absent.
   */
  readonly silence?: number;
  /** How often a stream is opened anew, so that what it lost is found; an hour when absent. */
  readonly resync?: number;
  readonly backoff?: BackoffOptions;
}

/** Keeps a stream open. What a new stream does not say again before its `synced` is gone, and not before. */
export function streaming(
  { open }: StreamingReader,
  { silence, resync = 3_600_000, backoff: bounds = {} }: StreamingOptions,
  { scheduler, random }: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<ReadEvent> {
  return new Observable((subscriber) => {
    const backoff = new Backoff(bounds, random);
    let stream: Subscription | undefined;
    let next: Subscription | undefined;
    let watchdog: Subscription | undefined;

    const schedule = (work: () => void, after: number): Subscription => scheduler.schedule(work, after);
    const reopen = (error: unknown): void => {
      stop();
      subscriber.next({ type: 'registry', reading: failed(error) });
      next = schedule(start, backoff.next());
    };
    const listen = (): void => {
      watchdog?.unsubscribe();
      if (silence === undefined) return;
      watchdog = schedule(() => reopen(new Error(`the stream said nothing for ${silence} ms`)), silence);
    };
    const take = (event: StreamEvent): void => {
      listen();
      if (event.type === 'alive') return;
      if (event.type === 'synced') backoff.reset();
      subscriber.next(event);
    };
    const stop = (): void => {
      stream?.unsubscribe();
      next?.unsubscribe();
      watchdog?.unsubscribe();
      stream = undefined;
    };
    const start = (): void => {
      stop();
      subscriber.next({ type: 'restart' });
      listen();
      next = schedule(start, resync);
      try {
        stream = open().subscribe({
          next: take,
          error: reopen,
          complete: () => reopen(new Error('the stream ended')),
        });
      } catch (error) {
        reopen(new Error(`the stream could not be opened: ${errorMessage(error)}`, { cause: error }));
      }
    };
    start();
    return stop;
  });
}
