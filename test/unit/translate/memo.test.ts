import { describe, expect, it } from 'vitest';
import { Memo } from '../../../src/translate/memo.js';

/** A function that says how often it was called. */
function counted<Input extends object>(): {
  readonly make: (input: Input) => { readonly of: Input };
  calls: number;
} {
  const counter = {
    calls: 0,
    make: (input: Input) => {
      counter.calls += 1;
      return { of: input };
    },
  };
  return counter;
}

describe('Memo', () => {
  it('gives the same result for an input of the very same values', () => {
    const memo = new Memo();
    const list = ['a'];
    const { make } = counted<{ list: string[]; number: number }>();
    const first = memo.compute('key', { list, number: 1 }, make);
    expect(memo.compute('key', { list, number: 1 }, make)).toBe(first);
  });

  it('makes a new result when a field is equal but not the same', () => {
    const memo = new Memo();
    const counter = counted<{ list: string[] }>();
    memo.compute('key', { list: ['a'] }, counter.make);
    memo.compute('key', { list: ['a'] }, counter.make);
    expect(counter.calls).toBe(2);
  });

  it('makes a new result when a field is added', () => {
    const memo = new Memo();
    const { make } = counted<{ a: number; b?: number }>();
    const first = memo.compute('key', { a: 1 }, make);
    expect(memo.compute('key', { a: 1, b: 2 }, make)).not.toBe(first);
  });

  it('keeps one result for each input of a key, so that two views do not displace each other', () => {
    const memo = new Memo();
    const counter = counted<{ a: number }>();
    for (const a of [1, 2, 1, 2]) expect(memo.compute('key', { a }, counter.make).of).toEqual({ a });
    expect(counter.calls).toBe(2);
  });

  it('keeps groups apart', () => {
    const memo = new Memo();
    const { make } = counted<{ a: number }>();
    const first = memo.group('one').compute('key', { a: 1 }, make);
    expect(memo.group('two').compute('key', { a: 1 }, make)).not.toBe(first);
    expect(memo.group('one').compute('key', { a: 1 }, make)).toBe(first);
  });

  it('forgets what was not asked for in two generations, and nothing sooner', () => {
    const memo = new Memo();
    const counter = counted<{ a: number }>();
    const ask = () => memo.group('g').compute('key', { a: 1 }, counter.make);
    ask();
    memo.sweep();
    memo.sweep();
    ask();
    expect(counter.calls).toBe(1);
    memo.sweep();
    memo.sweep();
    memo.sweep();
    expect(memo.size).toBe(0);
    ask();
    expect(counter.calls).toBe(2);
  });

  it('gives one object for equal content', () => {
    const memo = new Memo();
    const first = memo.intern({ type: 'sidecar', list: [1] });
    expect(memo.intern({ type: 'sidecar', list: [1] })).toBe(first);
    expect(memo.intern({ type: 'router', list: [1] })).not.toBe(first);
  });

  it('does not keep a result of a function that throws', () => {
    const memo = new Memo();
    const input = { a: 1 };
    const failing = (): never => {
      throw new Error('no');
    };
    expect(() => memo.compute('key', input, failing)).toThrow('no');
    expect(memo.compute('key', input, () => 'made')).toBe('made');
  });
});
