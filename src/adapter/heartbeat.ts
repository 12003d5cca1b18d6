/**
 * A heartbeat: a small question, asked again and again, that tells within seconds whether a registry still answers.
 * Long polls cannot: a server that is silent looks like one where nothing happens.
 */
import { Observable } from 'rxjs';
import type { AdapterContext } from './adapter.js';
import { errorMessage } from '../base/errors.js';
import { pause } from './pause.js';

/** What a heartbeat found out: told when it is another one than before. */
export type Heartbeat = { readonly alive: true } | { readonly alive: false; readonly reason: string };

/** Times in milliseconds. */
export interface HeartbeatOptions {
  /** From one question to the next. */
  readonly every: number;
  /** From one to the next while there is no answer; a second when absent. */
  readonly retry?: number;
}

/** A single lost answer is asked for once more before anything is said. */
const patience = 2;

/**
 * Asks until it is unsubscribed from.
 *
 * @param beat asks once. @throws whatever keeps the registry from answering.
 */
export function heartbeat(
  beat: (signal: AbortSignal) => Promise<void>,
  { every, retry = 1_000 }: HeartbeatOptions,
  { scheduler, random }: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<Heartbeat> {
  return new Observable((subscriber) => {
    const end = new AbortController();
    const { signal } = end;
    let lost = 0;
    const once = async (): Promise<number> => {
      try {
        await beat(signal);
        if (lost >= patience && !signal.aborted) subscriber.next({ alive: true });
        lost = 0;
        return every * (0.9 + random() / 5);
      } catch (error) {
        lost += 1;
        if (lost === patience && !signal.aborted)
          subscriber.next({ alive: false, reason: errorMessage(error) });
        return lost < patience ? 0 : retry * (0.9 + random() / 5);
      }
    };
    const run = async (): Promise<void> => {
      while (!signal.aborted) await pause(await once(), scheduler, signal);
    };
    run().catch((error: unknown) => subscriber.error(error));
    return () => end.abort();
  });
}
