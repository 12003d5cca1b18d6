/** How long work goes on without giving anything else a turn of the event loop. */
import { Observable, defer, identity, of, type MonoTypeOperatorFunction, type Subscriber } from 'rxjs';
import { finish, type Piecewise } from './piecewise.js';
import { isTurnOver, onAccount } from './turn-budget.js';

/** How work is done, and values are handed on, that may be a lot at once. */
export interface Pace {
  /** Does work once someone wants its result; leaving the result puts an end to it. */
  drive<T>(work: Piecewise<T>): Observable<T>;
  /** Hands values on in their order. */
  spread<T>(): MonoTypeOperatorFunction<T>;
}

/** Everything without a pause. */
export const atOnce: Pace = {
  drive: (work) => defer(() => of(finish(work))),
  spread: () => identity,
};

/**
 * Some milliseconds of each turn, all works together. What fits into the present turn is done before the call returns,
 * so that small things happen as with `atOnce`.
 */
export const inTurns: Pace = {
  drive: (work) => new Observable((subscriber) => driveInTurns(work, subscriber)),
  spread: () => spreadOverTurns,
};

function driveInTurns<T>(work: Piecewise<T>, subscriber: Subscriber<T>): () => void {
  let next: NodeJS.Immediate | undefined;
  const turn = (): void => {
    try {
      const step = onAccount(() => steps(work, () => subscriber.closed));
      if (step.done === true) {
        subscriber.next(step.value);
        subscriber.complete();
      } else if (!subscriber.closed) next = setImmediate(turn);
    } catch (error) {
      subscriber.error(error);
    }
  };
  turn();
  return () => clearImmediate(next);
}

/** At least one step, so that each of several works gets on. */
function steps<T>(work: Piecewise<T>, isLeft: () => boolean): IteratorResult<undefined, T> {
  for (;;) {
    const step = work.next();
    if (step.done === true || isLeft() || isTurnOver()) return step;
  }
}

/** Values for which the present turn has no time left are handed on in later ones. */
function spreadOverTurns<T>(source: Observable<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const waiting: T[] = [];
    let next: NodeJS.Immediate | undefined;
    let end: (() => void) | undefined;
    const hand = (value: T): void => onAccount(() => subscriber.next(value));
    const turn = (): void => {
      next = undefined;
      let handed = 0;
      for (const value of waiting) {
        hand(value);
        handed += 1;
        if (isTurnOver() || subscriber.closed) break;
      }
      waiting.splice(0, handed);
      if (waiting.length > 0) next ??= setImmediate(turn);
      else end?.();
    };
    const endWith = (act: () => void): void => {
      end = act;
      if (waiting.length === 0) act();
    };
    const subscription = source.subscribe({
      next: (value) => {
        if (waiting.length === 0 && !isTurnOver()) {
          hand(value);
          return;
        }
        waiting.push(value);
        next ??= setImmediate(turn);
      },
      error: (error) => endWith(() => subscriber.error(error)),
      complete: () => endWith(() => subscriber.complete()),
    });
    return () => {
      clearImmediate(next);
      subscription.unsubscribe();
    };
  });
}
