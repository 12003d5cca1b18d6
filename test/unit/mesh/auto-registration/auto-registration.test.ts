/** Who is registered over time. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../../src/base/logger.js';
import { MemoryObjectSource } from '../../../../src/config/memory-source.js';
import { refOf, type AnyObject } from '../../../../src/config/object.js';
import { AutoRegistration } from '../../../../src/mesh/auto-registration/auto-registration.js';
import { groupEntry } from '../../../../src/mesh/auto-registration/group-entry.js';
import { registrant, template, workloadGroup } from './builders.js';

let objects: MemoryObjectSource;
let registration: AutoRegistration;
/** WorkloadEntries in force, as a watcher was told. */
let entries: Map<string, AnyObject>;

beforeEach(() => {
  vi.useFakeTimers();
  objects = new MemoryObjectSource('Kubernetes', [workloadGroup()]);
  registration = new AutoRegistration({ gracePeriod: 10_000, logger: silentLogger });
  entries = new Map();
  registration
    .extend(objects)
    .watch()
    .subscribe((event) => {
      if (event.type === 'upsert' && event.object.kind === 'WorkloadEntry')
        entries.set(event.object.metadata.name, event.object);
      if (event.type === 'removed') entries.delete(event.ref.name);
    });
});

afterEach(() => {
  registration.dispose();
  vi.useRealTimers();
});

function spec(name = 'legacy-10.1.2.3'): AnyObject['spec'] | undefined {
  return entries.get(name)?.spec;
}

describe('a proxy of a group', () => {
  test('is an entry from its first stream until the grace period after its last one', () => {
    const first = registration.connect(registrant());
    const second = registration.connect(registrant());
    expect(spec()).toMatchObject({ address: '10.1.2.3', serviceAccount: 'legacy' });
    first.end();
    first.end();
    vi.advanceTimersByTime(60_000);
    expect(spec()).toBeDefined();
    second.end();
    vi.advanceTimersByTime(9_999);
    expect(spec()).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(spec()).toBeUndefined();
  });

  test('stays when it comes back in time, and is counted anew', () => {
    registration.connect(registrant()).end();
    vi.advanceTimersByTime(9_999);
    const again = registration.connect(registrant());
    vi.advanceTimersByTime(60_000);
    expect(spec()).toBeDefined();
    again.end();
    vi.advanceTimersByTime(10_000);
    expect(spec()).toBeUndefined();
  });

  test('follows a changed group', () => {
    registration.connect(registrant());
    objects.apply(workloadGroup({ template: { ...template, weight: 9 } }));
    expect(spec()).toMatchObject({ weight: 9, address: '10.1.2.3' });
  });

  test('is no entry while the group is gone', () => {
    registration.connect(registrant());
    objects.delete(refOf(workloadGroup()));
    expect(spec()).toBeUndefined();
    objects.apply(workloadGroup());
    expect(spec()).toBeDefined();
  });

  test('keeps the health that it reported, also over a new stream', () => {
    const first = registration.connect(registrant({ reportsHealth: true }));
    expect(spec()).not.toHaveProperty('healthy');
    first.reportHealth(undefined);
    expect(spec()).toMatchObject({ healthy: true });
    first.end();
    const second = registration.connect(registrant({ reportsHealth: true }));
    expect(spec()).toMatchObject({ healthy: true });
    second.reportHealth('connection refused');
    expect(spec()).toMatchObject({ healthy: false });
    first.reportHealth(undefined);
    expect(spec()).toMatchObject({ healthy: false });
  });

  test('is not told of labels that are none', () => {
    expect(registration.problems(registrant({ labels: { app: 'a' } }))).toEqual([]);
    expect(registration.problems(registrant({ labels: { app: 'a b' } }))).toEqual([
      expect.stringContaining('spec.labels.app'),
    ]);
  });
});

test('entries that were made and removed are counted, and proxies that were refused', () => {
  registration.connect(registrant());
  registration.connect(registrant()).reportHealth(undefined);
  registration.connect(registrant({ address: '10.1.2.4' })).end();
  expect(registration.counts).toEqual({ registered: 2, refused: 0, removed: 0 });
  vi.advanceTimersByTime(10_000);
  expect(registration.counts).toEqual({ registered: 2, refused: 0, removed: 1 });
  objects.delete(refOf(workloadGroup()));
  objects.apply(workloadGroup());
  registration.refused();
  expect(registration.counts).toEqual({ registered: 3, refused: 1, removed: 2 });
});

test('an entry that somebody wrote counts before a registered one of its name', () => {
  const written = groupEntry(workloadGroup({ template: { ...template, weight: 77 } }), registrant(), {
    healthy: undefined,
    since: 0,
  });
  const stream = registration.connect(registrant());
  objects.apply(written);
  expect(spec()).toMatchObject({ weight: 77 });
  objects.apply(workloadGroup({ template: { ...template, weight: 9 } }));
  expect(spec()).toMatchObject({ weight: 77 });
  objects.delete(refOf(written));
  expect(spec()).toMatchObject({ weight: 9 });
  objects.apply(written);
  stream.end();
  vi.advanceTimersByTime(10_000);
  expect(spec()).toMatchObject({ weight: 77 });
});

test('who watches later is told of registered entries before everything has been said', () => {
  const source = registration.extend(objects);
  registration.connect(registrant());
  const told: string[] = [];
  source.watch().subscribe((event) => told.push(event.type === 'upsert' ? event.object.kind : event.type));
  expect(told).toEqual(['WorkloadEntry', 'WorkloadGroup', 'synced']);
});
