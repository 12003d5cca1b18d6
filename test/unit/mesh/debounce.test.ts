import { Subject, tap } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { mergeUntilQuiet } from '../../../src/mesh/debounce.js';

function run(test: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(test);
}

describe('mergeUntilQuiet', () => {
  const options = { quietMs: 3, maxMs: 8 };

  it.each([
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
  ])('gathers %s', (_what, source, expected, batches) => {
    run(({ cold, expectObservable }) => {
      expectObservable(cold(source).pipe(mergeUntilQuiet(options))).toBe(expected, batches);
    });
  });

  it('hands an error on at once, without what it has gathered', () => {
    run(({ cold, expectObservable }) => {
      expectObservable(cold('ab#').pipe(mergeUntilQuiet(options))).toBe('--#');
    });
  });

  it('gives nothing more and lets go of the source once it is left', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('ab---c----');
      expectObservable(source.pipe(mergeUntilQuiet(options)), '---!').toBe('----');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('starts a new batch for values that come while one is handed on', () => {
    run(({ cold, expectObservable }) => {
      const values = new Subject<string>();
      let echoed = false;
      const echoOnce = (): void => {
        if (echoed) return;
        echoed = true;
        values.next('echo');
      };
      cold('-a').subscribe((value) => values.next(value));
      expectObservable(values.pipe(mergeUntilQuiet(options), tap(echoOnce))).toBe('----x--y', {
        x: ['a'],
        y: ['echo'],
      });
    });
  });
});
