import { Subject } from 'rxjs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTurns } from '../../../../src/base/pace.js';
import { MemoryObjectSource } from '../../../../src/config/memory-source.js';
import type { AnyObject, ObjectRef } from '../../../../src/config/object.js';
import { refOf } from '../../../../src/config/object.js';
import { watchObjects, type ObjectReducer } from '../../../../src/registry/objects/watch.js';
import type { RegistryEvent } from '../../../../src/registry/registry.js';
import type { RegistryValues } from '../../../../src/registry/registry-values.js';
import { service as serviceObject } from '../object-builders.js';
import { kubernetesService } from '../store/values.js';

/** Says each object as a service of its name, of an age that the context gives, and takes its time. */
class SlowReducer implements ObjectReducer<number> {
  readonly #objects = new Map<string, AnyObject>();
  readonly #changed = new Set<string>();
  #age = 0;
  /** How many values were worked out. */
  worked = 0;

  configure(age: number): void {
    this.#age = age;
    for (const name of this.#objects.keys()) this.#changed.add(name);
  }

  upsert(object: AnyObject): void {
    this.#objects.set(object.metadata.name, object);
    this.#changed.add(object.metadata.name);
  }

  remove({ name }: ObjectRef): void {
    this.#objects.delete(name);
    this.#changed.add(name);
  }

  *flush(values: RegistryValues): Generator<RegistryEvent | undefined> {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const name of changed) {
      const until = performance.now() + 3;
      while (performance.now() < until);
      this.worked += 1;
      yield this.#objects.has(name)
        ? values.setService(name, kubernetesService(name, { creationTime: this.#age }))
        : values.removeService(name);
    }
  }
}

const names = Array.from({ length: 20 }, (_, index) => `s${index}`);

/** A watch in turns, with what it said. */
function watch(source: MemoryObjectSource) {
  const reducer = new SlowReducer();
  const context$ = new Subject<number>();
  const events: RegistryEvent[] = [];
  const waiting = new Set<() => void>();
  const subscription = watchObjects(source, context$, () => reducer, inTurns).subscribe((event) => {
    events.push(event);
    for (const check of waiting) check();
  });
  /** Resolves once as many events as this have been said. */
  const until = (predicate: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!predicate()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const isSynced = (): boolean => events.some(({ type }) => type === 'synced');
  return { reducer, context$, events, subscription, until, isSynced };
}

describe('a registry over many objects that takes its time', () => {
  it('says everything over several turns, and only then that it is complete', async () => {
    const source = new MemoryObjectSource(
      'Kubernetes',
      names.map((name) => serviceObject(name)),
    );
    const { context$, events, until, isSynced, subscription } = watch(source);
    context$.next(1);
    expect(isSynced()).toBe(false);
    let turns = 0;
    const counting = (async () => {
      while (!isSynced()) {
        await setImmediate();
        turns += 1;
      }
    })();
    await until(isSynced);
    await counting;
    expect(turns).toBeGreaterThan(3);
    expect(events.map(({ type }) => type)).toEqual([
      'status',
      ...names.map(() => 'service'),
      'status',
      'synced',
    ]);
    subscription.unsubscribe();
  });

  it('says what changes meanwhile after what it is saying', async () => {
    const source = new MemoryObjectSource(
      'Kubernetes',
      names.map((name) => serviceObject(name)),
    );
    const { context$, events, until, isSynced, subscription } = watch(source);
    context$.next(1);
    source.apply(serviceObject('late'));
    source.delete(refOf(serviceObject('s0')));
    context$.next(2);
    await until(isSynced);
    const said = new Map<string, number | undefined>();
    for (const event of events) {
      if (event.type === 'service') said.set(event.key, event.service.creationTime);
      if (event.type === 'service-removed') said.delete(event.key);
    }
    expect(said).toEqual(new Map([...names.slice(1), 'late'].map((name) => [name, 2])));
    expect(events.at(-1)).toEqual({ type: 'synced' });
    subscription.unsubscribe();
  });

  it('stops in the middle when nobody listens any more', async () => {
    const source = new MemoryObjectSource(
      'Kubernetes',
      names.map((name) => serviceObject(name)),
    );
    const { context$, reducer, subscription } = watch(source);
    context$.next(1);
    subscription.unsubscribe();
    const { worked } = reducer;
    expect(worked).toBeLessThan(names.length);
    await setImmediate();
    await setImmediate();
    expect(reducer.worked).toBe(worked);
  });

  it('fails with an error of its reducer', async () => {
    const failing: ObjectReducer<number> = {
      configure: () => undefined,
      upsert: () => undefined,
      remove: () => undefined,
      flush: () => {
        throw new Error('broken');
      },
    };
    const errors: unknown[] = [];
    watchObjects(new MemoryObjectSource('Kubernetes'), 1, () => failing, inTurns).subscribe({
      error: (error: unknown) => errors.push(error),
    });
    expect(errors).toEqual([new Error('broken')]);
  });
});
