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
    subscription = polling(source, { pace: 0, backoff: { first: 1, most: 1 } }, contextOf()).subscribe(
      (reading: Reading<string>) =>
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
});
