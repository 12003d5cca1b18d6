/**
 * Long polling of one resource: each request names the index of the last answer, and is answered when there is
 * something newer, or after a wait. The rules for indexes are those that registries with blocking queries document.
 */
import { Observable } from 'rxjs';
import type { AdapterContext } from './adapter.js';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import { pause } from './pause.js';
import { failed, type Reading, unchanged } from './reading.js';

/** What a poll asks for. */
export interface PollPosition {
  /** The index of the last answer; 0 asks for an answer at once. */
  readonly index: number;
  /** Milliseconds that the server may wait for something newer. */
  readonly wait: number;
  readonly signal: AbortSignal;
}

/** A poll's answer, with the index that it was given at. */
export interface Polled<Value> {
  readonly index: number;
  readonly value: Value;
}

/** How often a resource is polled; times in milliseconds. */
export interface PollOptions {
  /** How long the server may wait; a minute when absent. Spread by up to a tenth, so that polls do not meet. */
  readonly wait?: number;
  /** The shortest time from the start of one poll to that of the next; 50 when absent. */
  readonly pace?: number;
  /** How often everything is asked for anew, whatever the index says; ten minutes when absent. */
  readonly resync?: number;
  readonly backoff?: BackoffOptions;
  /** Another value when indexes from before count no more: `epoch` of a connection. */
  readonly epoch?: () => unknown;
  /** Says something when every poll is to start over now, also one that waits for its answer. */
  readonly restart?: Observable<unknown>;
  /** Says something when what could not be read can probably be read again: it is asked for at once. */
  readonly wake?: Observable<unknown>;
}

/** One resource's polls: `suspicious` says of a value that it is asked for again at once, to confirm it. */
export interface PollSource<Value> {
  readonly poll: (position: PollPosition) => Promise<Polled<Value>>;
  readonly suspicious?: (value: Value, before: Value | undefined) => boolean;
  /**
   * Called when the index went backwards: the server counts anew, and other polls of it may wait for an index that it
   * has not reached yet.
   */
  readonly onReset?: () => void;
}

const confirmations = 3;
const confirmPause = 500;

/**
 * What each poll of a resource ends in. An index that goes backwards, or is none, starts over; so does a failure, since
 * what answers after it may be another server. An answer with the index before is `unchanged`.
 */
export function polling<Value>(
  { poll, suspicious = () => false, onReset = () => undefined }: PollSource<Value>,
  options: PollOptions,
  { scheduler, random }: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<Reading<Value>> {
  const { wait = 60_000, pace = 50, resync = 600_000, epoch = () => undefined } = options;
  return new Observable((subscriber) => {
    const end = new AbortController();
    const { signal } = end;
    const backoff = new Backoff(options.backoff ?? {}, random);
    let index = 0;
    let known: { readonly index: number; readonly value: Value } | undefined;
    let syncedAt = scheduler.now();
    let toConfirm = 0;
    let isFailing = false;
    let answeredIn = epoch();
    let attempt = new AbortController();
    let isRestarted = false;
    const stop = (): void => attempt.abort();
    signal.addEventListener('abort', stop);
    const restarts = options.restart?.subscribe(() => {
      isRestarted = true;
      stop();
    });

    const once = async (): Promise<number> => {
      const began = scheduler.now();
      const askedIn = epoch();
      if (began - syncedAt >= resync || toConfirm > 0 || askedIn !== answeredIn || isRestarted) index = 0;
      isRestarted = false;
      const asked = index;
      const longest = Math.round(wait * (0.9 + random() / 10));
      attempt = new AbortController();
      try {
        const answer = await poll({ index: asked, wait: longest, signal: attempt.signal });
        if (signal.aborted) return 0;
        backoff.reset();
        isFailing = false;
        answeredIn = askedIn;
        if (asked === 0) syncedAt = scheduler.now();
        const isSame = known !== undefined && answer.index === known.index && answer.index > 0;
        if (toConfirm > 0) toConfirm -= 1;
        if (!isSame && suspicious(answer.value, known?.value)) toConfirm = confirmations;
        const isBackwards = known !== undefined && answer.index < known.index;
        // A server that lost what it waited on ends the wait, and says what it said before.
        const isEarly = isSame && asked > 0 && scheduler.now() - began < longest / 2;
        // An index that is none makes the next poll one that is answered at once; one that went backwards does too.
        index = answer.index > 0 && answer.index >= asked && !isEarly ? answer.index : 0;
        known = answer;
        // What was asked for anew is told as it is: it may differ although its index does not.
        subscriber.next(isSame && asked > 0 ? unchanged : { outcome: 'snapshot', value: answer.value });
        if (isBackwards) onReset();
        // An answer that was not waited for is followed by one that is, so that nothing happens in between.
        const rest = asked === 0 && index > 0 ? 0 : Math.max(0, pace - (scheduler.now() - began));
        return toConfirm > 0 ? confirmPause : index === 0 ? Math.max(rest, 1000) : rest;
      } catch (error) {
        if (signal.aborted) return 0;
        index = 0;
        toConfirm = 0;
        // It is not the server's fault.
        if (attempt.signal.aborted) return 0;
        isFailing = true;
        subscriber.next(failed(error));
        return backoff.next();
      }
    };
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        const rest = await once();
        if (rest > 0) await pause(rest, scheduler, signal, isFailing ? options.wake : undefined);
      }
    };
    run().catch((error: unknown) => subscriber.error(error));
    return () => {
      restarts?.unsubscribe();
      end.abort();
    };
  });
}
