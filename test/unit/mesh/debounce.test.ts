import { NEVER, Subject, map, of, timer, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it, vi } from 'vitest';
import { firstAtOnce, workWhenQuiet, type QuietOptions } from '../../../src/mesh/debounce.js';

function run(
  test: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0], scheduler: TestScheduler) => void,
) {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run((helpers) => test(helpers, scheduler));
}

describe('workWhenQuiet', () => {
  const options = { quietMs: 3, maxMs: 8 };

  it.each<[string, string, string, Record<string, readonly string[]>]>([
    ['a value that nothing follows', 'a--------|', '---x-----|', { x: ['a'] }],
    ['values that come close together', 'abc--d---------|', '--------x------|', { x: ['a', 'b', 'c', 'd'] }],
    ['batches apart from one another', 'ab-----c-----|', '----x-----y--|', { x: ['a', 'b'], y: ['c'] }],
    [
      'values that never leave it quiet',
      'a-b-c-d-e-f-g-----|',
      '--------x------y--|',
      { x: ['a', 'b', 'c', 'd', 'e'], y: ['f', 'g'] },
    ],
    ['the rest when the source ends', 'a----bc|', '---x---(y|)', { x: ['a'], y: ['b', 'c'] }],
    ['nothing', '-----|', '-----|', {}],
  ])('works on %s', (_what, source, expected, batches) => {
    run(({ cold, expectObservable }, scheduler) => {
      const work$ = cold(source).pipe(workWhenQuiet({ ...options, scheduler }, (batch) => of(batch)));
      expectObservable(work$).toBe(expected, batches);
    });
  });

  /** Work that takes some milliseconds and then gives its batch. */
  const slow =
    (milliseconds: number) =>
    (batch: readonly string[]): Observable<readonly string[]> =>
      timer(milliseconds).pipe(map(() => batch));

  it.each<[string, string, string, number, Record<string, readonly string[]>]>([
    [
      'that come while it works, once that is done if it was quiet by then',
      'a---b----------------',
      '-------------x---------y',
      10,
      { x: ['a'], y: ['b'] },
    ],
    [
      'in one batch, however long the work takes',
      'a---b--c--d----',
      '-------------x---------y',
      10,
      { x: ['a'], y: ['b', 'c', 'd'] },
    ],
    ['after the quiet time that is left', 'a---b------------', '-----x---y-', 2, { x: ['a'], y: ['b'] }],
    ['before it ends with its source', 'a---b|', '-------------x---------(y|)', 10, { x: ['a'], y: ['b'] }],
  ])('takes values %s', (_what, source, expected, milliseconds, batches) => {
    run(({ cold, expectObservable }, scheduler) => {
      const work$ = cold(source).pipe(workWhenQuiet({ ...options, scheduler }, slow(milliseconds)));
      expectObservable(work$).toBe(expected, batches);
    });
  });

  it('never does two works at a time', () => {
    run(({ cold, flush }, scheduler) => {
      let working = 0;
      const work = (batch: readonly string[]): Observable<readonly string[]> => {
        working += 1;
        expect(working).toBe(1);
        return timer(7).pipe(
          map(() => {
            working -= 1;
            return batch;
          }),
        );
      };
      cold('abcdefghijklmnopqrstuvw|')
        .pipe(workWhenQuiet({ quietMs: 1, maxMs: 2, scheduler }, work))
        .subscribe();
      flush();
    });
  });

  it('works at once when it is told to, but only on something and not beside other work', () => {
    run(({ cold, expectObservable }, scheduler) => {
      const quiet: QuietOptions = { quietMs: 9, maxMs: 99, hurry$: cold('-h-h-h'), scheduler };
      expectObservable(cold('--abd---').pipe(workWhenQuiet(quiet, slow(3)))).toBe('------x---------y', {
        x: ['a', 'b'],
        y: ['d'],
      });
    });
  });

  it('hands an error of its source and of the work on at once', () => {
    run(({ cold, expectObservable }, scheduler) => {
      const quiet = { ...options, scheduler };
      expectObservable(cold('ab#').pipe(workWhenQuiet(quiet, () => NEVER))).toBe('--#');
      expectObservable(cold('a---').pipe(workWhenQuiet(quiet, () => cold('--#')))).toBe('-----#');
    });
  });

  it('lets go of the source and of the work once it is left', () => {
    run(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold('ab---c----');
      const work = cold('---------');
      expectObservable(source.pipe(workWhenQuiet({ ...options, scheduler }, () => work)), '------!').toBe(
        '---',
      );
      expectSubscriptions(source.subscriptions).toBe('^-----!');
      expectSubscriptions(work.subscriptions).toBe('----^-!');
    });
  });

  it('does not depend on a clock that someone sets', () => {
    const values$ = new Subject<string>();
    const timeOfDay = vi.spyOn(Date, 'now');
    const subscription = values$.pipe(workWhenQuiet(options, () => NEVER)).subscribe();
    values$.next('a');
    values$.next('b');
    subscription.unsubscribe();
    expect(timeOfDay).not.toHaveBeenCalled();
    timeOfDay.mockRestore();
  });
});

describe('firstAtOnce', () => {
  it.each<[string, string, string, Record<string, readonly string[]>]>([
    ['a first value at once', 'a---------|', 'x---------|', { x: ['a'] }],
    ['values of one turn together', '(ab)------|', 'x---------|', { x: ['a', 'b'] }],
    ['what follows together', 'abc-------|', 'x----y----|', { x: ['a'], y: ['b', 'c'] }],
    [
      'what follows that in the same way',
      'a-b---c------|',
      'x----y----z--|',
      { x: ['a'], y: ['b'], z: ['c'] },
    ],
    ['the next at once after a quiet time', 'a---------b---|', 'x---------y---|', { x: ['a'], y: ['b'] }],
    ['the rest when the source ends', 'a-b|', 'x--(y|)', { x: ['a'], y: ['b'] }],
    ['an error at once', 'a-b#', 'x--#', { x: ['a'] }],
  ])('hands on %s', (_what, source, expected, batches) => {
    run(({ cold, expectObservable }) => {
      expectObservable(cold(source).pipe(firstAtOnce({ mergeMs: 5 }))).toBe(expected, batches);
    });
  });

  it('hands on in the turn of the event loop in which the first value came, not in the call', async () => {
    const values$ = new Subject<string>();
    const batches: (readonly string[])[] = [];
    const subscription = values$
      .pipe(firstAtOnce({ mergeMs: 1000 }))
      .subscribe((batch) => batches.push(batch));
    values$.next('a');
    values$.next('b');
    expect(batches).toEqual([]);
    await Promise.resolve();
    expect(batches).toEqual([['a', 'b']]);
    subscription.unsubscribe();
  });

  it('lets go of the source once it is left', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('ab-------');
      expectObservable(source.pipe(firstAtOnce({ mergeMs: 5 })), '---!').toBe('x---', { x: ['a'] });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });
});
