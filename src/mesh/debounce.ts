/** Gathers changes that come close together, so that they are pushed once (Istio reference 8.4). */
import {
  asapScheduler,
  asyncScheduler,
  from,
  NEVER,
  Observable,
  Subscription,
  type ObservableInput,
  type OperatorFunction,
  type SchedulerLike,
} from 'rxjs';

/** When a batch is full, in milliseconds. */
export interface QuietOptions {
  /** A batch ends when no value has come for so long. */
  readonly quietMs: number;
  /** A batch ends so long after its first value at the latest. */
  readonly maxMs: number;
  /** Ends a batch at once. */
  readonly hurry$?: Observable<unknown>;
  /** Has the clock too; by default that is one that no one sets. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Gathers values, and gives them to `work` after a quiet time, or when the first of them has waited for the longest
 * time. What works is never disturbed: values that come meanwhile are the next batch, which waits until the work is
 * done, and not longer if it was quiet by then. The rest is worked on when the source completes.
 *
 * @param work is given batches that are not empty. Its values are passed on; when it fails, so does the result.
 */
export function workWhenQuiet<T, R>(
  options: QuietOptions,
  work: (batch: readonly T[]) => ObservableInput<R>,
): OperatorFunction<T, R> {
  const { quietMs, maxMs, hurry$ = NEVER, scheduler = asyncScheduler } = options;
  const now = options.scheduler === undefined ? () => performance.now() : () => scheduler.now();
  return (source) =>
    new Observable((subscriber) => {
      let batch: T[] = [];
      let first = 0;
      let last = 0;
      let timer = Subscription.EMPTY;
      let busy = false;
      let completed = false;

      const flush = (): void => {
        timer.unsubscribe();
        const full = batch;
        batch = [];
        busy = true;
        const done = (): void => {
          busy = false;
          if (batch.length > 0) look();
          else if (completed) subscriber.complete();
        };
        subscriber.add(
          from(work(full)).subscribe({
            next: (value) => subscriber.next(value),
            error: (error) => subscriber.error(error),
            complete: done,
          }),
        );
      };
      /** Ends the batch if it is time, else looks again when it may be. */
      const look = (): void => {
        if (busy || batch.length === 0) return;
        const wait = Math.min(last + quietMs, first + maxMs) - now();
        timer.unsubscribe();
        if (completed || wait <= 0) flush();
        else timer = scheduler.schedule(look, wait);
      };

      const subscription = source.subscribe({
        next: (value) => {
          last = now();
          if (batch.push(value) > 1) return;
          first = last;
          look();
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          completed = true;
          if (batch.length > 0) look();
          else if (!busy) subscriber.complete();
        },
      });
      subscription.add(
        hurry$.subscribe(() => {
          if (!busy && batch.length > 0) flush();
        }),
      );
      return () => {
        timer.unsubscribe();
        subscription.unsubscribe();
      };
    });
}

/** When values are handed on that follow others, in milliseconds. */
export interface FollowOptions<T> {
  /** What comes within so long after a batch is the next one. Asked before each batch is handed on. */
  readonly mergeMs: number | ((batch: readonly T[]) => number);
  /** When the first batch is handed on: at the end of the present turn of the event loop. */
  readonly atOnce?: SchedulerLike;
  readonly scheduler?: SchedulerLike;
}

/**
 * Gathers values into arrays, never empty ones. After a quiet time the first of them is handed on in the same turn of
 * the event loop, with those that came in it; what follows is merged over a short time, for as long as there is any.
 */
export function firstAtOnce<T>(options: FollowOptions<T>): OperatorFunction<T, readonly T[]> {
  const { mergeMs, atOnce = asapScheduler, scheduler = asyncScheduler } = options;
  return (source) =>
    new Observable((subscriber) => {
      let batch: T[] = [];
      let timer: Subscription | undefined;
      const flush = (): void => {
        if (batch.length === 0) {
          timer = undefined;
          return;
        }
        const full = batch;
        batch = [];
        timer = scheduler.schedule(flush, typeof mergeMs === 'number' ? mergeMs : mergeMs(full));
        subscriber.next(full);
      };
      const subscription = source.subscribe({
        next: (value) => {
          batch.push(value);
          timer ??= atOnce.schedule(flush);
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          timer?.unsubscribe();
          if (batch.length > 0) subscriber.next(batch);
          subscriber.complete();
        },
      });
      return () => {
        timer?.unsubscribe();
        subscription.unsubscribe();
      };
    });
}
