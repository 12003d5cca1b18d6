import { setImmediate } from 'node:timers/promises';
import { Subject, firstValueFrom, lastValueFrom, of, throwError, concat, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { atOnce, inTurns, type Pace } from '../../../src/base/pace.js';
import type { Piecewise } from '../../../src/base/piecewise.js';

let clock = 0;

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Takes time. */
function hold(milliseconds: number): void {
  clock += milliseconds;
}

/** Work of so many pieces, each of which takes a while, that notes what it has done. */
function* slowWork(pieces: number, done: number[]): Piecewise<string> {
  for (let piece = 0; piece < pieces; piece += 1) {
    hold(3);
    done.push(piece);
    yield;
  }
  return 'done';
}

const paces: readonly (readonly [string, Pace])[] = [
  ['at once', atOnce],
  ['in turns', inTurns],
];

describe.each(paces)('work %s', (_what, pace) => {
  it('has its result, and an error if it fails', async () => {
    const done: number[] = [];
    expect(await firstValueFrom(pace.drive(slowWork(10, done)))).toBe('done');
    expect(done).toHaveLength(10);
    function* failing(): Piecewise<void> {
      yield* slowWork(10, done);
      throw new Error('broken');
    }
    await expect(firstValueFrom(pace.drive(failing()))).rejects.toThrow('broken');
  });

  it('hands values on in order, and then how they ended', async () => {
    const values = Array.from({ length: 12 }, (_, index) => index);
    const handed: number[] = [];
    const spread$ = concat(
      of(...values),
      throwError(() => new Error('over')),
    ).pipe(pace.spread<number>());
    const ended = new Promise<unknown>((resolve) => {
      spread$.subscribe({
        next: (value) => {
          hold(3);
          handed.push(value);
        },
        error: resolve,
      });
    });
    expect(await ended).toEqual(new Error('over'));
    expect(handed).toEqual(values);
    expect(await lastValueFrom(of(...values).pipe(pace.spread(), toArray()))).toEqual(values);
  });
});

describe('work in turns', () => {
  it('is done before the call returns when it is little', async () => {
    await setImmediate();
    let result: string | undefined;
    inTurns.drive(slowWork(1, [])).subscribe((value) => (result = value));
    expect(result).toBe('done');
  });

  it('lets others have turns when it is much', async () => {
    const done: number[] = [];
    let turns = 0;
    const over = new AbortController();
    const others = (async () => {
      while (!over.signal.aborted) {
        await setImmediate();
        turns += 1;
      }
    })();
    await lastValueFrom(inTurns.drive(slowWork(30, done)));
    over.abort();
    await others;
    expect(done).toHaveLength(30);
    expect(turns).toBeGreaterThan(5);
  });

  it('shares the time of a turn with other work, and each of them gets on', async () => {
    const first: number[] = [];
    const second: number[] = [];
    const both = [inTurns.drive(slowWork(12, first)), inTurns.drive(slowWork(12, second))].map((work) =>
      lastValueFrom(work),
    );
    expect(first.length + second.length).toBeLessThan(12);
    expect(second.length).toBeGreaterThan(0);
    await Promise.all(both);
    expect([first.length, second.length]).toEqual([12, 12]);
  });

  it('ends when nobody wants the result any more', async () => {
    const done: number[] = [];
    const subscription = inTurns.drive(slowWork(1000, done)).subscribe();
    await setImmediate();
    subscription.unsubscribe();
    const before = done.length;
    await setImmediate();
    await setImmediate();
    expect(done).toHaveLength(before);
  });
});

describe('values spread over turns', () => {
  it('are handed on in the call that gives them as long as there is time', async () => {
    await setImmediate();
    const values$ = new Subject<number>();
    const handed: number[] = [];
    values$.pipe(inTurns.spread()).subscribe((value) => handed.push(value));
    values$.next(1);
    expect(handed).toEqual([1]);
  });

  it('wait for a later turn when there is none left, those that come meanwhile behind them', async () => {
    await setImmediate();
    const values$ = new Subject<number>();
    const handed: number[] = [];
    const all = new Promise<void>((resolve) => {
      values$.pipe(inTurns.spread()).subscribe((value) => {
        hold(10);
        handed.push(value);
        if (value === 2) values$.next(4);
        if (value === 4) resolve();
      });
    });
    for (const value of [1, 2, 3]) values$.next(value);
    expect(handed).toEqual([1]);
    await all;
    expect(handed).toEqual([1, 2, 3, 4]);
  });

  it('are not handed on to one who has left', async () => {
    const values$ = new Subject<number>();
    const handed: number[] = [];
    const subscription = values$.pipe(inTurns.spread()).subscribe((value) => {
      hold(10);
      handed.push(value);
    });
    for (const value of [1, 2, 3]) values$.next(value);
    subscription.unsubscribe();
    const before = handed.length;
    await setImmediate();
    await setImmediate();
    expect(handed).toHaveLength(before);
    expect(values$.observed).toBe(false);
  });
});
