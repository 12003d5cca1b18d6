import { describe, expect, test } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { combinedSource } from '../../../src/raw/combined-source.js';
import { RawSource, type RawSnapshot } from '../../../src/raw/raw-source.js';
import type { ResourceClient, ResourceSet, ResourceSource } from '../../../src/xds/source.js';

const { cds, eds, lds } = typeUrls;

/** A snapshot of one type, with its content by name. */
function snapshot(
  version: string,
  content: Readonly<Record<string, string>>,
  typeUrl: string = cds,
): RawSnapshot {
  const resources = Object.entries(content).map(([name, text]) => ({ name, body: Buffer.from(text) }));
  return new Map([[typeUrl, { version, resources }]]);
}

function everything(client: ResourceClient, typeUrl: string = cds): ResourceSet {
  return finish(client.resources(typeUrl, { wildcard: true, names: new Set(), placeholders: true }));
}

function named(client: ResourceClient, names: ReadonlySet<string>): ResourceSet {
  return finish(client.resources(cds, { wildcard: false, names, placeholders: true }));
}

describe('what changed', () => {
  test('is told by the content and not by the version', () => {
    const source = new RawSource();
    expect(source.set('n', snapshot('1', { a: '1', b: '1' }))).toEqual(new Set([cds]));
    expect(source.set('n', snapshot('2', { a: '1', b: '1' }))).toEqual(new Set());
    expect(source.set('n', snapshot('2', { a: '2', b: '1' }))).toEqual(new Set([cds]));
    expect(source.set('n', snapshot('2', { b: '1' }))).toEqual(new Set([cds]));
    expect(source.set('n', snapshot('2', { b: '1', c: '1' }))).toEqual(new Set([cds]));
  });

  test('includes types that a snapshot does not name any more', () => {
    const source = new RawSource();
    source.set('n', snapshot('1', { a: '1' }));
    expect(source.set('n', snapshot('1', { a: '1' }, lds))).toEqual(new Set([cds, lds]));
    expect(source.clear('n')).toEqual(new Set([lds]));
    expect(source.clear('n')).toEqual(new Set());
  });

  test('leaves everything else the object that it was', () => {
    const source = new RawSource();
    source.set('n', snapshot('1', { a: '1', b: '1' }));
    const client = source.attach({ id: 'n' });
    const before = everything(client);
    source.set('n', snapshot('1', { a: '1', b: '1' }));
    expect(everything(client)).toBe(before);
    source.set('n', snapshot('2', { a: '2', b: '1' }));
    const after = everything(client);
    expect(after.version).toBe('2');
    expect(after.resources[1]).toBe(before.resources[1]);
    expect(after.resources[0]).not.toBe(before.resources[0]);
  });

  test('a time to live counts as content, but not for the version', () => {
    const source = new RawSource();
    const of = (ttl: number): RawSnapshot =>
      new Map([[cds, { version: '1', resources: [{ name: 'a', body: Buffer.from('1'), ttl }] }]]);
    source.set('n', of(1000));
    const client = source.attach({ id: 'n' });
    const [before] = everything(client).resources;
    expect(source.set('n', of(2000))).toEqual(new Set([cds]));
    const [after] = everything(client).resources;
    expect([before?.ttl, after?.ttl]).toEqual([1000, 2000]);
    expect(after?.version).toBe(before?.version);
  });
});

describe('what a node is given', () => {
  test('are the named resources that exist, under the version of the snapshot', () => {
    const source = new RawSource();
    source.set('n', snapshot('7', { a: '1', b: '1', c: '1' }));
    const set = named(source.attach({ id: 'n' }), new Set(['c', 'a', 'x']));
    expect(set.resources.map(({ name, body }) => [name, body.toString()])).toEqual([
      ['a', '1'],
      ['c', '1'],
    ]);
    expect(set.version).toBe('7');
  });

  test('is the same object for the same subscription, also of another stream', () => {
    const source = new RawSource();
    source.set('n', snapshot('1', { a: '1', b: '1' }));
    const names = new Set(['a']);
    expect(named(source.attach({ id: 'n' }), names)).toBe(named(source.attach({ id: 'n' }), names));
  });

  test('is its own, and nothing without a snapshot', () => {
    const source = new RawSource();
    source.set('n', snapshot('1', { a: '1' }));
    const other = everything(source.attach({ id: 'other' }));
    expect(other.resources).toEqual([]);
    expect(other.version).not.toBe('');
  });

  test('are the usual types, and from the first snapshot on those that it names', () => {
    const source = new RawSource();
    const client = source.attach({ id: 'n' });
    const unusual = 'type.googleapis.com/envoy.service.runtime.v3.Runtime';
    expect([client.serves(cds), client.serves(eds), client.serves(unusual)]).toEqual([true, true, false]);
    source.set('other', snapshot('1', {}, unusual));
    expect(client.serves(unusual)).toBe(true);
    expect([client.isWildcardType(cds), client.isWildcardType(eds)]).toEqual([true, false]);
  });

  test('is made a piece at a time where there is much of it', () => {
    const source = new RawSource();
    const many = Array.from({ length: 5000 }, (_, index) => [`r${index}`, '1'] as const);
    source.set('n', snapshot('1', Object.fromEntries(many)));
    const work = source
      .attach({ id: 'n' })
      .resources(cds, { wildcard: false, names: new Set(['r4999']), placeholders: true });
    let pieces = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) pieces += 1;
    expect(pieces).toBe(5);
    expect(step.value.resources.map(({ name }) => name)).toEqual(['r4999']);
  });
});

describe('beside a mesh', () => {
  const meshClient = new RawSource().attach({ id: 'of the mesh' });
  const mesh = { ready: () => ready, attach: () => meshClient } satisfies ResourceSource;
  let ready = true;

  test('a node with a snapshot, and one whose id has another form, are given raw resources', () => {
    const raw = new RawSource();
    const source = combinedSource(mesh, raw);
    const proxy = { id: 'sidecar~10.0.0.1~a.shop~shop.svc.cluster.local' };
    expect(source.attach(proxy)).toBe(meshClient);
    expect(source.attach({ id: 'test-id' })).not.toBe(meshClient);
    raw.set(proxy.id, snapshot('1', { a: '1' }));
    expect(everything(source.attach(proxy)).resources).toHaveLength(1);
    raw.clear(proxy.id);
    expect(source.attach(proxy)).toBe(meshClient);
  });

  test('is as ready as the mesh is, and alone it is at once', () => {
    ready = false;
    expect(combinedSource(mesh, new RawSource()).ready()).toBe(false);
    ready = true;
    expect(combinedSource(mesh, new RawSource()).ready()).toBe(true);
    const alone = new RawSource();
    expect(combinedSource(undefined, alone)).toBe(alone);
    expect(alone.ready()).toBe(true);
  });
});
