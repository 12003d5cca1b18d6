import { Subject } from 'rxjs';
import { VirtualTimeScheduler } from 'rxjs';
import { expect, it, test, vi } from 'vitest';
import { heartbeat, inParts, type Heartbeat, type ReadEvent, snapshot } from '../../../src/adapter/index.js';
import { contextOf } from './context.js';

it('a single lost answer says nothing; two do, and so does the next answer', async () => {
  const script = [true, false, true, false, false, false, true, true];
  const told: Heartbeat[] = [];
  let asked = 0;
  const subscription = heartbeat(
    async () => {
      asked += 1;
      if (script[asked - 1] === false) throw new Error('no answer');
    },
    { every: 1, retry: 1 },
    contextOf(),
  ).subscribe((beat) => told.push(beat));
  await vi.waitFor(() => expect(asked).toBeGreaterThan(script.length));
  subscription.unsubscribe();
  expect(told).toEqual([{ alive: false, reason: 'no answer' }, { alive: true }]);
});

it('asks no more once nobody wants it', async () => {
  const scheduler = new VirtualTimeScheduler();
  let asked = 0;
  const beats = heartbeat(async () => void (asked += 1), { every: 10 }, contextOf({ scheduler }));
  const subscription = beats.subscribe();
  await vi.waitFor(() => expect(asked).toBe(1));
  subscription.unsubscribe();
  scheduler.flush();
  await Promise.resolve();
  expect(asked).toBe(1);
});

test('a registry in parts has said everything once every part has, and each part lists for itself', () => {
  const parts = { east: new Subject<ReadEvent>(), west: new Subject<ReadEvent>() };
  const told: ReadEvent[] = [];
  inParts(new Map(Object.entries(parts))).subscribe((event) => told.push(event));
  parts.east.next({ type: 'listed', reading: snapshot(['a']) });
  parts.east.next({ type: 'synced' });
  parts.east.next({ type: 'synced' });
  expect(told).toEqual([{ type: 'listed', reading: snapshot(['a']), part: 'east' }]);
  parts.west.next({ type: 'synced' });
  expect(told.at(-1)).toEqual({ type: 'synced' });
});
