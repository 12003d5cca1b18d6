/**
 * What long works may take of one turn of the event loop, all of them together: there is one event loop, so there is
 * one budget.
 */

/** Milliseconds of each turn. */
const turnTime = 8;

/** What was taken of the present turn, without what goes on now. */
let spent = 0;
/** When that began; works within it are part of it. */
let began: number | undefined;
let refill: NodeJS.Immediate | undefined;

/** Does a piece of some work on account of the present turn. */
export function onAccount<T>(act: () => T): T {
  if (began !== undefined) return act();
  refill ??= setImmediate(() => {
    refill = undefined;
    spent = 0;
  });
  began = performance.now();
  try {
    return act();
  } finally {
    spent += performance.now() - began;
    began = undefined;
  }
}

/** Whether the present turn has no time left for such works. */
export function isTurnOver(): boolean {
  return spent + (began === undefined ? 0 : performance.now() - began) >= turnTime;
}
