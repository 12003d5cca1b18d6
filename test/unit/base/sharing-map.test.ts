import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedKeys } from '../../../src/base/changes.js';
import { SharingMap } from '../../../src/base/sharing-map.js';

type Entries = readonly (readonly [string, number | undefined])[];

const key = fc.integer({ min: 0, max: 30 }).map(String);
const entries: fc.Arbitrary<Entries> = fc.array(
  fc.tuple(key, fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 3 })),
  { maxLength: 60 },
);

function applied(map: ReadonlyMap<string, number>, changes: Entries): ReadonlyMap<string, number> {
  const next = new Map(map);
  for (const [name, value] of changes) {
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  }
  return next;
}

function sorted(map: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...map].sort(([a], [b]) => Number(a) - Number(b));
}

describe('SharingMap', () => {
  it('holds what a Map would after any changes, and so do all the maps that it was made from', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 12 }), (steps) => {
        const versions: (readonly [SharingMap<string, number>, ReadonlyMap<string, number>])[] = [];
        let map = SharingMap.of<string, number>();
        let expected: ReadonlyMap<string, number> = new Map();
        for (const step of steps) {
          map = map.with(step);
          expected = applied(expected, step);
          versions.push([map, expected]);
        }
        for (const [version, same] of versions) {
          expect(sorted(version)).toEqual(sorted(same));
          expect(version.size).toBe(same.size);
          expect([...version.keys()].sort()).toEqual([...same.keys()].sort());
          expect([...version.values()].sort((a, b) => a - b)).toEqual(
            [...same.values()].sort((a, b) => a - b),
          );
          for (let name = 0; name <= 30; name += 1) {
            expect(version.get(String(name))).toBe(same.get(String(name)));
            expect(version.has(String(name))).toBe(same.has(String(name)));
          }
        }
      }),
    );
  });

  it('is itself with changes that change nothing', () => {
    const map = SharingMap.of([['a', 1]]).with([['b', 2]]);
    expect(map.with([])).toBe(map);
    expect(
      map.with([
        ['a', 1],
        ['b', 2],
        ['c', undefined],
      ]),
    ).toBe(map);
    expect(SharingMap.from(map)).toBe(map);
  });

  it('is not changed with the map that it was made from', () => {
    const source = new Map([['a', 1]]);
    const map = SharingMap.from(source);
    source.set('b', 2);
    expect([...map]).toEqual([['a', 1]]);
  });

  it('calls back with every entry', () => {
    const seen: unknown[] = [];
    const map = SharingMap.of([['a', 1]]).with([['b', 2]]);
    map.forEach((value, name, all) => seen.push([name, value, all === map]));
    expect(seen).toEqual([
      ['a', 1, true],
      ['b', 2, true],
    ]);
  });
});

describe('changedKeys', () => {
  it('names every key that differs between two states of a map and no other, relatives or not', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 8 }),
        fc.nat(7),
        fc.boolean(),
        (steps, from, copied) => {
          const versions = [SharingMap.of<string, number>()];
          for (const step of steps) versions.push((versions.at(-1) ?? SharingMap.of()).with(step));
          const [before, now] = [versions[from % versions.length], versions.at(-1)];
          if (before === undefined || now === undefined) throw new Error('there is a version of each step');
          const differing = new Set(
            Array.from({ length: 31 }, (_, name) => String(name)).filter(
              (name) => before.get(name) !== now.get(name),
            ),
          );
          expect(changedKeys(copied ? new Map(before) : before, now)).toEqual(differing);
          expect(changedKeys(now, before)).toEqual(differing);
        },
      ),
    );
  });

  it('are all keys when there was nothing before', () => {
    expect(changedKeys(undefined, SharingMap.of([['a', 1]]))).toEqual(new Set(['a']));
  });
});
