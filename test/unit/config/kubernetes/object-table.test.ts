import { beforeEach, describe, expect, test } from 'vitest';
import { ObjectTable } from '../../../../src/config/kubernetes/object-table.js';
import { objectKey, refOf, type Kind } from '../../../../src/config/object.js';
import type { RawObject } from '../../../../src/kubernetes/list-watch.js';

let told: string[];
let found: string[];

beforeEach(() => {
  told = [];
  found = [];
});

function table(kind: Kind, apiVersion: string, counts?: (raw: RawObject) => boolean): ObjectTable {
  const created = new ObjectTable(
    kind,
    { source: 'test' },
    {
      tell: (event) => {
        if (event.type === 'upsert') told.push(`upsert ${objectKey(refOf(event.object))}`);
        if (event.type === 'removed') told.push(`removed ${objectKey(event.ref)}`);
      },
      found: (before, now) => found.push(`${before.length} then ${now.map(({ path }) => path).join()}`),
    },
    counts,
  );
  created.apiVersion = apiVersion;
  return created;
}

const entries = (): ObjectTable => table('ServiceEntry', 'networking.istio.io/v1');

function entry(
  name: string,
  resourceVersion: string,
  more: Readonly<Record<string, unknown>> = {},
): RawObject {
  const spec = {
    hosts: [`${name}.example.com`],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    ...more,
  };
  return { metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion }, spec } as RawObject;
}

/** What a list of everything says. */
function list(into: ObjectTable, version: string, ...items: readonly RawObject[]): void {
  into.beginList(version);
  for (const item of items) into.addListed(item);
  into.endList();
}

const news = (): string[] => told.splice(0);

describe('a list', () => {
  test('tells everything at first, and then what differs', () => {
    const objects = entries();
    list(objects, '10', entry('a', '1'), entry('b', '2'), entry('c', '3'));
    expect(news()).toEqual([
      'upsert ServiceEntry/shop/a',
      'upsert ServiceEntry/shop/b',
      'upsert ServiceEntry/shop/c',
    ]);
    list(objects, '20', entry('a', '1'), entry('b', '12', { hosts: ['x.example.com'] }), entry('d', '13'));
    expect(news()).toEqual([
      'upsert ServiceEntry/shop/b',
      'upsert ServiceEntry/shop/d',
      'removed ServiceEntry/shop/c',
    ]);
  });

  test('that is broken off counts for nothing', () => {
    const objects = entries();
    list(objects, '10', entry('a', '1'), entry('b', '2'));
    news();
    objects.beginList('20');
    objects.addListed(entry('a', '11', { hosts: ['x.example.com'] }));
    list(objects, '30', entry('a', '1'), entry('b', '2'));
    expect(news()).toEqual([]);
  });

  test('of a server whose data was restored is compared by what objects say, not by their numbers', () => {
    const objects = entries();
    list(objects, '100', entry('a', '90'), entry('b', '91'));
    news();
    const other = entry('a', '90', { hosts: ['x.example.com'] });
    list(objects, '100', other, entry('b', '91'));
    expect(news()).toEqual([]);
    list(objects, '95', other, entry('b', '91'));
    expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
  });

  test('finds an object that was made again under its old number', () => {
    const objects = entries();
    list(objects, '10', entry('a', '1'));
    news();
    const again = entry('a', '1', { hosts: ['x.example.com'] });
    list(objects, '10', { ...again, metadata: { ...again.metadata, uid: 'another' } });
    expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
  });
});

test('an event that changes nothing that is read is not told, but its number is known', () => {
  const objects = entries();
  objects.set(entry('a', '1'));
  objects.set(entry('a', '2'));
  expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
  expect([...objects.objects()].map(({ metadata }) => metadata.resourceVersion)).toEqual(['2']);
});

test('an object that is gone is told once', () => {
  const objects = entries();
  objects.set(entry('a', '1'));
  objects.delete(entry('a', '2'));
  objects.delete(entry('a', '2'));
  expect(news()).toEqual(['upsert ServiceEntry/shop/a', 'removed ServiceEntry/shop/a']);
  expect(objects.size).toBe(0);
});

describe('an object that is refused', () => {
  const bad = entry('a', '2', { resolution: 'SOMEHOW' });

  test('leaves its last valid version in force', () => {
    const objects = entries();
    objects.set(entry('a', '1'));
    objects.set(bad);
    expect([...objects.objects()].map(({ metadata }) => metadata.resourceVersion)).toEqual(['1']);
    expect([...objects.problems()]).toMatchObject([
      { severity: 'error', file: 'test', object: 'ServiceEntry shop/a', path: 'spec.resolution' },
    ]);
    objects.set(entry('a', '3'));
    expect([...objects.problems()]).toEqual([]);
    expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
    expect(found).toEqual(['0 then spec.resolution', '1 then ']);
  });

  test('and never was valid is not told at all, until it is', () => {
    const objects = entries();
    list(objects, '10', bad);
    expect(news()).toEqual([]);
    expect([...objects.objects()]).toEqual([]);
    expect(objects.size).toBe(1);
    list(objects, '20', bad);
    expect(found).toEqual(['0 then spec.resolution']);
    objects.set(entry('a', '3'));
    expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
  });

  test('and goes takes its last valid version with it', () => {
    const objects = entries();
    objects.set(entry('a', '1'));
    objects.set(bad);
    list(objects, '10');
    expect(news()).toEqual(['upsert ServiceEntry/shop/a', 'removed ServiceEntry/shop/a']);
    expect(found).toEqual(['0 then spec.resolution', '1 then ']);
  });

  test('by a decoder that fails does not take others along', () => {
    const objects = entries();
    const hostile = entry('a', '1');
    Object.defineProperty(hostile, 'spec', {
      enumerable: true,
      get: () => {
        throw new Error('a defect');
      },
    });
    list(objects, '10', hostile, entry('b', '2'));
    expect(news()).toEqual(['upsert ServiceEntry/shop/b']);
    expect([...objects.problems()]).toMatchObject([{ message: 'the object cannot be checked: a defect' }]);
  });
});

describe('what is doubtful', () => {
  test('is said of kinds of Istio', () => {
    const objects = entries();
    objects.set(entry('a', '1', { host: 'x' }));
    expect([...objects.problems()]).toMatchObject([{ severity: 'warning', path: 'spec.host' }]);
    expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
  });

  test('is not said of kinds that the API server knows better', () => {
    const objects = table('Service', 'v1');
    const metadata = { name: 'web', namespace: 'shop', uid: 'x', resourceVersion: '1' };
    const later = { metadata, spec: { inventedLater: true, ports: [{ port: 80 }] } };
    objects.set(later);
    expect([...objects.problems()]).toEqual([]);
    expect(news()).toEqual(['upsert Service/shop/web']);
  });
});

test('long things that nobody reads are not kept', () => {
  const objects = table('Service', 'v1');
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'long', kept: 'yes' };
  const metadata = { name: 'web', namespace: 'shop', resourceVersion: '1', annotations, managedFields: [{}] };
  objects.set({ metadata, spec: { ports: [] } } as RawObject);
  expect([...objects.objects()].map((object) => object.metadata.annotations)).toEqual([{ kept: 'yes' }]);
});

describe('an object that does not count', () => {
  const counting = (): ObjectTable =>
    table('ServiceEntry', 'networking.istio.io/v1', ({ metadata }) => metadata.resourceVersion !== '9');

  test('is not told, nor what is wrong with it, but how many there are is known', () => {
    const objects = counting();
    list(objects, '10', entry('a', '9', { hosts: [] }), entry('b', '2'));
    expect(news()).toEqual(['upsert ServiceEntry/shop/b']);
    expect(found).toEqual([]);
    expect([objects.size, objects.leftOut]).toEqual([1, 1]);
  });

  test('is gone when it counted before, and new when it counts again', () => {
    const objects = counting();
    list(objects, '10', entry('a', '1'));
    news();
    objects.set(entry('a', '9'));
    expect(news()).toEqual(['removed ServiceEntry/shop/a']);
    expect(objects.leftOut).toBe(1);
    objects.set(entry('a', '11'));
    expect(news()).toEqual(['upsert ServiceEntry/shop/a']);
    expect(objects.leftOut).toBe(0);
    list(objects, '12', entry('a', '9'));
    expect(news()).toEqual(['removed ServiceEntry/shop/a']);
  });
});
