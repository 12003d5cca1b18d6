/** Waiting that ends with its signal, and leaves no timer behind. */
import { timer, type SchedulerLike } from 'rxjs';

/** Resolves after some milliseconds, or at once when the signal is aborted. */
export function pause(milliseconds: number, scheduler: SchedulerLike, signal: AbortSignal): Promise<void> {
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
    const waiting = timer(milliseconds, scheduler).subscribe({ complete: done });
    signal.addEventListener('abort', done, { once: true });
  });
}
