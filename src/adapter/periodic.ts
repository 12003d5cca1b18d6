/** Reading a registry as a whole, again and again. */
import { Observable } from 'rxjs';
import type { AdapterContext } from './adapter.js';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import { pause } from './pause.js';
import type { ReadEvent } from './read-event.js';
import { failed, type RegistryReading } from './reading.js';

/** How a registry is read as a whole. */
export interface PeriodicReader {
  /**
   * Reads everything. What it throws is a failed read.
   *
   * @param signal aborted when the read takes too long, or nobody wants it any more.
   */
  readonly read: (signal: AbortSignal) => Promise<RegistryReading>;
}

/** When it is read; times in milliseconds. */
export interface PeriodicOptions {
  /** From the end of a read to the start of the next; spread by a tenth. */
  readonly every: number;
  /** How long a read may take; 30 seconds when absent. */
  readonly timeout?: number;
  /** Waits after failed reads; from half a second to thirty when absent. */
  readonly backoff?: BackoffOptions;
}

/** Reads a registry periodically; after a failed read sooner or later than that, later with each failure. */
export function periodic(
  { read }: PeriodicReader,
  { every, timeout = 30_000, backoff: bounds = {} }: PeriodicOptions,
  { scheduler, random }: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<ReadEvent> {
  return new Observable((subscriber) => {
    const end = new AbortController();
    const { signal } = end;
    const backoff = new Backoff(bounds, random);
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        const reading = await readWithin(read, timeout, scheduler, signal);
        if (signal.aborted) return;
        subscriber.next({ type: 'registry', reading });
        if (reading.outcome !== 'failed') backoff.reset();
        const rest = reading.outcome === 'failed' ? backoff.next() : every * (0.9 + random() / 5);
        await pause(rest, scheduler, signal);
      }
    };
    run().catch((error: unknown) => subscriber.error(error));
    return () => end.abort();
  });
}

async function readWithin(
  read: PeriodicReader['read'],
  timeout: number,
  scheduler: AdapterContext['scheduler'],
  signal: AbortSignal,
): Promise<RegistryReading> {
  const attempt = new AbortController();
  const stop = (): void => attempt.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const late = pause(timeout, scheduler, attempt.signal).then((): RegistryReading => {
    const reading = failed(new Error(`the registry was not read within ${timeout} ms`));
    attempt.abort(reading.error);
    return reading;
  });
  try {
    return await Promise.race([read(attempt.signal), late]);
  } catch (error) {
    return failed(error);
  } finally {
    attempt.abort();
    signal.removeEventListener('abort', stop);
  }
}
