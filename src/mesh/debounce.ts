/** Gathers changes that come close together, so that they are pushed once (Istio reference 8.4). */
import { asyncScheduler, Observable, Subscription, type OperatorFunction, type SchedulerLike } from 'rxjs';

/** When a batch is full, in milliseconds. */
export interface QuietOptions {
  /** A batch ends when no value has come for so long. */
  readonly quietMs: number;
  /** A batch ends so long after its first value at the latest. */
  readonly maxMs: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Gathers values into arrays, never empty ones: a batch ends after a quiet time, or when its first value has waited
 * for the longest time. The rest is given when the source completes; an error of the source ends everything at once.
 * That only one batch is worked on at a time is the consumer's to see to.
 */
export function mergeUntilQuiet<T>(options: QuietOptions): OperatorFunction<T, readonly T[]> {
  const { quietMs, maxMs, scheduler = asyncScheduler } = options;
  return (source) =>
    new Observable((subscriber) => {
      let batch: T[] = [];
      let longestWait = Subscription.EMPTY;
      let quiet = Subscription.EMPTY;
      const stop = (): void => {
        longestWait.unsubscribe();
        quiet.unsubscribe();
      };
      const flush = (): void => {
        stop();
        const full = batch;
        batch = [];
        subscriber.next(full);
      };
      const subscription = source.subscribe({
        next: (value) => {
          batch.push(value);
          if (batch.length === 1) longestWait = scheduler.schedule(flush, maxMs);
          quiet.unsubscribe();
          quiet = scheduler.schedule(flush, quietMs);
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          if (batch.length > 0) flush();
          subscriber.complete();
        },
      });
      return () => {
        stop();
        subscription.unsubscribe();
      };
    });
}
