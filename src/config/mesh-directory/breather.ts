/** Long work in turns. */
import { setImmediate } from 'node:timers/promises';

/** How long work goes on without giving anything else a turn, in milliseconds. */
const longestTurn = 20;

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
