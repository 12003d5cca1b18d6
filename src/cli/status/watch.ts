/**
 * Follows the status of proxies: asks again and again, and shows what it hears on a screen that is drawn anew, or as
 * lines of what happened. A server that does not answer is asked on; that it was started again is said.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PilotError } from '../../base/errors.js';
import type { StatusAnswer } from './status-client.js';

/** What a round of asking brought. */
export type WatchEvent =
  | { readonly type: 'answer'; readonly answer: StatusAnswer }
  /** The server was started again since the answer before; the first answer of the new one follows. */
  | { readonly type: 'restarted' }
  /** It does not answer; said once until it does. */
  | { readonly type: 'silent'; readonly reason: string }
  /** It answers again. */
  | { readonly type: 'back' };

export interface WatchOptions {
  readonly ask: (signal: AbortSignal) => Promise<StatusAnswer>;
  readonly show: (event: WatchEvent, at: Date) => void;
  /** Milliseconds between two rounds. */
  readonly interval: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Asks until `signal` is aborted. @throws what is no failure to ask. */
export async function watchStatus({ ask, show, interval, signal }: WatchOptions): Promise<void> {
  let startedAt: string | undefined;
  let silent = false;
  while (!signal.aborted) {
    try {
      const answer = await ask(signal);
      const at = new Date();
      if (silent) show({ type: 'back' }, at);
      silent = false;
      if (startedAt !== undefined && answer.server.startedAt !== startedAt) show({ type: 'restarted' }, at);
      startedAt = answer.server.startedAt;
      show({ type: 'answer', answer }, at);
    } catch (error) {
      if (!(error instanceof PilotError) || error.code !== 'STATUS_FAILED') throw error;
      if (!silent && !isAborted(signal)) show({ type: 'silent', reason: error.message }, new Date());
      silent = true;
    }
    await sleep(interval, undefined, { signal }).catch((error: unknown) => {
      if (!isAborted(signal)) throw error;
    });
  }
}

/** A function, since the compiler takes it for granted that a signal does not change while one waits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
