import { BehaviorSubject, Subject, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { PilotError } from '../../../src/base/errors.js';
import { MemoryObjectSource } from '../../../src/config/memory-source.js';
import { directoryObjectSource } from '../../../src/config/mesh-directory/object-source.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import { objectKey, refOf, type AnyObject, type ObjectEvent } from '../../../src/config/object.js';
import { ConfigStore, mergeObjects } from '../../../src/config/store.js';
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

describe('several sources as one', () => {
  const keyed = (...objects: readonly AnyObject[]): ReadonlyMap<string, AnyObject> =>
    new Map(objects.map((object) => [objectKey(refOf(object)), object]));

  test('of equal keys that of the earlier source counts', async () => {
    const first = await objectOf('Pod', pod('a', 'first'));
    const second = await objectOf('Pod', pod('a', 'second'));
    const other = await objectOf('Pod', pod('b'));
    const merged = mergeObjects([keyed(first), keyed(second, other)]);
    expect([...merged.values()]).toEqual([first, other]);
    expect(mergeObjects([])).toEqual(new Map());
  });

  test('are listed by kind', async () => {
    const a = await objectOf('Pod', pod('a'));
    const node = await objectOf('Node', 'apiVersion: v1\nkind: Node\nmetadata: {name: a}\n');
    const store = new ConfigStore([keyed(a), keyed(node)]);
    expect(store.list('Pod')).toEqual([a]);
    expect(store.list('Node')).toEqual([node]);
    expect(store.list('Sidecar')).toEqual([]);
    expect(store.get(refOf(a))).toBe(a);
    expect(store.get({ kind: 'Pod', namespace: 'default', name: 'x' })).toBeUndefined();
  });
});
