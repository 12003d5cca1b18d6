import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { OncePerTurn } from '../../../src/base/once-per-turn.js';

test('work that is asked for many times in a turn is done once, after it', async () => {
  const seen: number[] = [];
  let asked = 0;
  const work = new OncePerTurn(() => seen.push(asked));
  for (asked = 0; asked < 1000; asked += 1) work.ask();
  expect(seen).toEqual([]);
  await setImmediate();
  expect(seen).toEqual([1000]);
  work.ask();
  await setImmediate();
  expect(seen).toEqual([1000, 1000]);
});

test('what is asked for while the work is done is done in the next turn', async () => {
  let done = 0;
  const work: OncePerTurn = new OncePerTurn(() => {
    done += 1;
    if (done < 3) work.ask();
  });
  work.ask();
  await setImmediate();
  expect(done).toBe(1);
  await setImmediate();
  await setImmediate();
  await setImmediate();
  expect(done).toBe(3);
});

test('nothing is done after the end, whenever it was asked for', async () => {
  let done = 0;
  const work = new OncePerTurn(() => (done += 1));
  work.ask();
  work.dispose();
  work.ask();
  await setImmediate();
  await setImmediate();
  expect(done).toBe(0);
});
