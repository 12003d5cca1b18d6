/** Waiting that ends with its signal, and leaves no timer behind. */
import { NEVER, race, take, timer, type Observable, type SchedulerLike } from 'rxjs';

/** Resolves after some milliseconds, when `wake` says something, or at once when the signal is aborted. */
export function pause(
  milliseconds: number,
  scheduler: SchedulerLike,
  signal: AbortSignal,
  wake: Observable<unknown> = NEVER,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      signal.removeEventListener('abort', done);
      waiting.unsubscribe();
      resolve();
    };
    const waiting = race(timer(milliseconds, scheduler), wake)
      .pipe(take(1))
      .subscribe({ complete: done, error: done });
    signal.addEventListener('abort', done, { once: true });
  });
}
