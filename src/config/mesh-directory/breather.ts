/** Long work in turns. */
import { setImmediate } from 'node:timers/promises';
import type { Piecewise } from '../../base/piecewise.js';
import { isTurnOver, onAccount } from '../../base/turn-budget.js';

/** How long work goes on without giving anything else a turn, in milliseconds. */
const longestTurn = 8;

/** Gives other work a turn whenever its owner has had a long one. */
export class Breather {
  #turnBegan = performance.now();

  /** To be called often; returns at once most of the time. */
  readonly breathe = async (): Promise<void> => {
    if (performance.now() - this.#turnBegan < longestTurn) return;
    await setImmediate();
    this.#turnBegan = performance.now();
  };
}

/** Does all of some work, a turn at a time. */
export async function finishInTurns<T>(work: Piecewise<T>): Promise<T> {
  for (;;) {
    const step = onAccount(() => {
      for (;;) {
        const next = work.next();
        if (next.done === true || isTurnOver()) return next;
      }
    });
    if (step.done === true) return step.value;
    await setImmediate();
  }
}
