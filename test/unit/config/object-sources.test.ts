import { BehaviorSubject, NEVER, Subject, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { PilotError } from '../../../src/base/errors.js';
import { atOnce, type Pace } from '../../../src/base/pace.js';
import type { Piecewise } from '../../../src/base/piecewise.js';
import { MemoryObjectSource } from '../../../src/config/memory-source.js';
import { directoryObjectSource } from '../../../src/config/mesh-directory/object-source.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import { objectKey, refOf, type ObjectEvent } from '../../../src/config/object.js';
import { pod } from './directory-fixture.js';
import { objectOf, stateOf } from './documents.js';

/** An event in few words. */
function describeEvent(event: ObjectEvent): string {
  switch (event.type) {
    case 'upsert':
      return `upsert ${objectKey(refOf(event.object))}`;
    case 'removed':
      return `removed ${objectKey(event.ref)}`;
    case 'synced':
      return 'synced';
    case 'failed':
      return `failed ${event.error.message}`;
  }
}

async function twoStates(): Promise<readonly [MeshDirectoryState, MeshDirectoryState]> {
  const first = await stateOf({ 'a.yaml': `${pod('a')}---\n${pod('b')}`, 'cluster-west.yaml': pod('w') });
  const other = await stateOf({ 'a.yaml': `${pod('b', 'n2')}---\n${pod('c')}` });
  return [first, other];
}

describe('the objects of a directory', () => {
  test('are told as they are at first and then as they differ, new ones before those that are gone', async () => {
    const [first, second] = await twoStates();
    const states$ = new BehaviorSubject(first);
    const events: string[] = [];
    const subscription = directoryObjectSource(states$, 'Kubernetes', 'test')
      .watch()
      .subscribe((event) => events.push(describeEvent(event)));
    expect(events.splice(0)).toEqual(['upsert Pod/default/a', 'upsert Pod/default/b', 'synced']);
    states$.next(second);
    expect(events.splice(0)).toEqual([
      'upsert Pod/default/b',
      'upsert Pod/default/c',
      'removed Pod/default/a',
    ]);
    states$.next({ ...second, problems: [] });
    expect(events).toEqual([]);
    subscription.unsubscribe();
    expect(states$.observed).toBe(false);
  });

  test('of a further cluster end with it', async () => {
    const [first, second] = await twoStates();
    const states$ = new BehaviorSubject(first);
    const events: string[] = [];
    directoryObjectSource(states$, 'west', 'test')
      .watch()
      .subscribe((event) => events.push(describeEvent(event)));
    states$.next(second);
    expect(events).toEqual(['upsert Pod/default/w', 'synced', 'removed Pod/default/w']);
  });

  test('of a directory that cannot be read keep their force, and are complete again when it can', async () => {
    const [first, second] = await twoStates();
    const states$ = new BehaviorSubject(first);
    const events: string[] = [];
    directoryObjectSource(states$, 'Kubernetes', 'test')
      .watch()
      .subscribe((event) => events.push(describeEvent(event)));
    events.splice(0);
    states$.next({ ...first, failure: new PilotError('DIRECTORY_UNREADABLE', 'gone') });
    expect(events.splice(0)).toEqual(['failed gone']);
    states$.next(second);
    expect(events.splice(0)).toEqual([
      'upsert Pod/default/b',
      'upsert Pod/default/c',
      'removed Pod/default/a',
      'synced',
    ]);
  });

  test('a directory that could never be read is a failure, not an error', () => {
    const events: string[] = [];
    directoryObjectSource(
      throwError(() => new Error('missing')),
      'Kubernetes',
      'test',
    )
      .watch()
      .subscribe((event) => events.push(describeEvent(event)));
    expect(events).toEqual(['failed missing']);
  });

  test('nothing is said before the first state', () => {
    const events: string[] = [];
    directoryObjectSource(new Subject<MeshDirectoryState>(), 'Kubernetes', 'test')
      .watch()
      .subscribe((event) => events.push(describeEvent(event)));
    expect(events).toEqual([]);
  });
});

describe('the objects of a directory in turns', () => {
  /** Work that is done when a test wants it. */
  function heldBack(): { readonly pace: Pace; readonly step: () => boolean } {
    const works: Piecewise<unknown>[] = [];
    const pace: Pace = {
      ...atOnce,
      drive: (work) => {
        works.push(work);
        return NEVER;
      },
    };
    const step = (): boolean => {
      const [work] = works;
      if (work !== undefined && work.next().done === true) works.shift();
      return works.length > 0;
    };
    return { pace, step };
  }

  test('are told one by one; what changes meanwhile is one change after them', async () => {
    const [first, second] = await twoStates();
    const third = await stateOf({ 'a.yaml': `${pod('b', 'n3')}---\n${pod('d')}` });
    const states$ = new BehaviorSubject(first);
    const { pace, step } = heldBack();
    const events: string[] = [];
    directoryObjectSource(states$, 'Kubernetes', 'test', pace)
      .watch()
      .subscribe((event) => events.push(describeEvent(event)));
    expect(events).toEqual([]);
    step();
    expect(events).toEqual(['upsert Pod/default/a']);
    states$.next(second);
    states$.next(third);
    while (step());
    expect(events).toEqual([
      'upsert Pod/default/a',
      'upsert Pod/default/b',
      'synced',
      'upsert Pod/default/b',
      'upsert Pod/default/d',
      'removed Pod/default/a',
    ]);
    states$.next(first);
    step();
    expect(events.at(-1)).toBe('upsert Pod/default/a');
  });
});

describe('objects in memory', () => {
  test('each watcher gets what there is and then what changes', async () => {
    const a = await objectOf('Pod', pod('a'));
    const b = await objectOf('Pod', pod('b'));
    const source = new MemoryObjectSource('Kubernetes', [a]);
    const early: string[] = [];
    const late: string[] = [];
    const subscription = source.watch().subscribe((event) => early.push(describeEvent(event)));
    source.apply(b);
    source.watch().subscribe((event) => late.push(describeEvent(event)));
    expect(source.delete(refOf(a))).toBe(true);
    expect(source.delete(refOf(a))).toBe(false);
    subscription.unsubscribe();
    source.apply(a);
    expect(early).toEqual([
      'upsert Pod/default/a',
      'synced',
      'upsert Pod/default/b',
      'removed Pod/default/a',
    ]);
    expect(late).toEqual([
      'upsert Pod/default/a',
      'upsert Pod/default/b',
      'synced',
      'removed Pod/default/a',
      'upsert Pod/default/a',
    ]);
  });
});
