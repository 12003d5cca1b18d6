import { Subject, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Polled, polling, type PollPosition, type Reading } from '../../../src/adapter/index.js';
import { contextOf } from './context.js';

let subscription: Subscription | undefined;
afterEach(() => subscription?.unsubscribe());

/** Polls a script of answers, one for each request; then waits for ever. */
async function outcomesOf(
  answers: readonly (Polled<string> | Error)[],
  suspicious?: (value: string, before: string | undefined) => boolean,
): Promise<{ readonly asked: readonly number[]; readonly outcomes: readonly string[] }> {
  const asked: number[] = [];
  const outcomes: string[] = [];
  const done$ = new Subject<void>();
  const script = [...answers];
  const poll = async ({ index, signal }: PollPosition): Promise<Polled<string>> => {
    const answer = script.shift();
    if (answer === undefined) {
      done$.next();
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    asked.push(index);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const source = suspicious === undefined ? { poll } : { poll, suspicious };
  await new Promise<void>((resolve) => {
    done$.subscribe(() => resolve());
    subscription = polling(
      source,
      { pace: 0, wait: 0, backoff: { first: 1, most: 1 } },
      contextOf(),
    ).subscribe((reading: Reading<string>) =>
      outcomes.push(reading.outcome === 'snapshot' ? reading.value : reading.outcome),
    );
  });
  return { asked, outcomes };
}

const at = (index: number, value: string): Polled<string> => ({ index, value });

describe('polling', () => {
  it('asks with the index of the last answer; the same index is nothing new', async () => {
    expect(await outcomesOf([at(5, 'a'), at(5, 'a'), at(7, 'b')])).toEqual({
      asked: [0, 5, 5],
      outcomes: ['a', 'unchanged', 'b'],
    });
  });

  it('starts over when the index goes backwards', async () => {
    expect(await outcomesOf([at(50, 'a'), at(3, 'b'), at(3, 'c'), at(4, 'd')])).toEqual({
      asked: [0, 50, 0, 3],
      outcomes: ['a', 'b', 'c', 'd'],
    });
  });

  it('starts over after a failure, and tells what there is although the index is the same', async () => {
    expect(await outcomesOf([at(5, 'a'), new Error('no route'), at(5, 'b')])).toEqual({
      asked: [0, 5, 0],
      outcomes: ['a', 'failed', 'b'],
    });
  });

  it('asks at once for what looks wrong, until it has been said some times', async () => {
    const { asked } = await outcomesOf(
      [at(5, 'full'), at(6, ''), at(6, ''), at(6, ''), at(6, ''), at(7, 'full')],
      (value, before) => value === '' && before !== '' && before !== undefined,
    );
    expect(asked).toEqual([0, 5, 0, 0, 0, 6]);
  });

  it('starts over when a server could not be reached meanwhile, as another one may answer', async () => {
    const asked: number[] = [];
    let epoch = 0;
    await new Promise<void>((resolve) => {
      const poll = async ({ index }: PollPosition): Promise<Polled<string>> => {
        asked.push(index);
        if (asked.length === 4) resolve();
        if (asked.length === 2) epoch += 1;
        return at(asked.length, 'a');
      };
      subscription = polling({ poll }, { pace: 1, epoch: () => epoch }, contextOf()).subscribe();
    });
    expect(asked.slice(0, 4)).toEqual([0, 1, 0, 3]);
  });

  it('waits no longer after a failure when something says that it can be tried again', async () => {
    const wake = new Subject<void>();
    const outcomes: string[] = [];
    const again = new Promise<void>((resolve) => {
      const poll = async (): Promise<Polled<string>> => {
        if (outcomes.length > 0) return at(1, 'a');
        throw new Error('no route');
      };
      const options = { backoff: { first: 3_600_000, most: 3_600_000 }, wake, pace: 3_600_000 };
      subscription = polling({ poll }, options, contextOf()).subscribe(({ outcome }) => {
        outcomes.push(outcome);
        if (outcome === 'failed') setImmediate(() => wake.next());
        else resolve();
      });
    });
    await again;
    expect(outcomes).toEqual(['failed', 'snapshot']);
  });

  it('takes an answer that ends the wait early, without anything new, as one of a server that lost its data', async () => {
    const asked: number[] = [];
    let resets = 0;
    await new Promise<void>((resolve) => {
      const script = [at(50, 'a'), at(50, 'a'), at(3, 'b'), at(4, 'c')];
      const poll = async ({ index }: PollPosition): Promise<Polled<string>> => {
        asked.push(index);
        const answer = script.shift();
        if (answer !== undefined) return answer;
        resolve();
        return at(5, 'd');
      };
      const source = { poll, onReset: () => void (resets += 1) };
      subscription = polling(source, { pace: 1, wait: 60_000 }, contextOf()).subscribe();
    });
    expect(asked.slice(0, 5)).toEqual([0, 50, 0, 3, 4]);
    expect(resets).toBe(1);
  });

  it('starts over at once when it is told to, and tells no failure of what it was waiting for', async () => {
    const asked: number[] = [];
    const restart = new Subject<void>();
    const outcomes: string[] = [];
    await new Promise<void>((resolve) => {
      const poll = async ({ index, signal }: PollPosition): Promise<Polled<string>> => {
        asked.push(index);
        if (asked.length === 3) resolve();
        if (index === 0) return at(5, 'a');
        setImmediate(() => restart.next());
        return await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      };
      subscription = polling({ poll }, { pace: 0, restart }, contextOf()).subscribe(({ outcome }) =>
        outcomes.push(outcome),
      );
    });
    expect(asked.slice(0, 3)).toEqual([0, 5, 0]);
    expect(outcomes).not.toContain('failed');
  });
});
