import { describe, expect, test } from 'vitest';
import { differences } from '../../src/compare/difference.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../src/envoy/json-value.js';
import { compareResources } from '../../src/compare/resources.js';
import { goldenCases } from './cases.js';

const sample = goldenCases()
  .filter((_, index) => index % 17 === 0)
  .flatMap(({ name, expected }) => [...expected].map(([proxy, answer]) => ({ name: `${name} ${proxy}`, answer })));

describe('the comparison that the recorded answers are held to', () => {
  test.each(sample)('reports every mutation of a leaf of $name', ({ answer }) => {
    let mutations = 0;
    for (const [type, resources] of Object.entries(answer)) {
      for (const resource of resources) {
        for (const mutated of mutationsOf(resource)) {
          mutations += 1;
          if (!isJsonObject(mutated)) throw new Error('a mutation of a resource is a resource');
          const found = compareResources(type, [mutated], [resource]);
          if (found.length === 0) throw new Error(`not reported: ${JSON.stringify(mutated)} for ${JSON.stringify(resource)}`);
        }
      }
    }
    expect(mutations).toBeGreaterThan(0);
  });

  test('finds nothing between an answer and itself', () => {
    for (const { answer } of sample) {
      for (const [type, resources] of Object.entries(answer)) expect(compareResources(type, resources, resources)).toEqual([]);
    }
  });

  test('names the path and both values', () => {
    const left = { name: 'c', load_assignment: { endpoints: [{ lb_endpoints: [{ load_balancing_weight: 1 }] }] } };
    const right = { name: 'c', load_assignment: { endpoints: [{ lb_endpoints: [{ load_balancing_weight: 2 }] }] } };
    expect(differences(left, right)).toEqual([
      { kind: 'changed', path: 'load_assignment.endpoints[0].lb_endpoints[0].load_balancing_weight', left: 1, right: 2 },
    ]);
  });

  test('tells one element more from all that follow it', () => {
    const left = { name: 'c', transport_socket_matches: [{ name: 'a' }, { name: 'b' }] };
    const right = { name: 'c', transport_socket_matches: [{ name: 'x' }, { name: 'a' }, { name: 'b' }] };
    expect(differences(left, right)).toEqual([
      { kind: 'only-right', path: 'transport_socket_matches[name=x]', right: { name: 'x' } },
    ]);
  });

  test('reports a change of order', () => {
    const found = differences({ list: [{ name: 'a' }, { name: 'b' }] }, { list: [{ name: 'b' }, { name: 'a' }] });
    expect(found).toEqual([{ kind: 'order', path: 'list', left: ['name=a', 'name=b'], right: ['name=b', 'name=a'] }]);
  });

  test('does not count the order of resources', () => {
    const a: JsonObject = { name: 'a' };
    const b: JsonObject = { name: 'b' };
    expect(compareResources('cds', [a, b], [b, a])).toEqual([]);
  });
});

/** Every tree that differs from this one in one leaf: changed, removed, or one of a list's elements swapped with the next. */
function* mutationsOf(value: Json): Generator<Json> {
  if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      for (const mutated of mutationsOf(inner)) yield { ...value, [key]: mutated };
      const { [key]: _, ...rest } = value;
      yield rest;
    }
    yield { ...value, 'a-field-more': true };
    return;
  }
  if (isJsonArray(value)) {
    for (const [index, inner] of value.entries()) {
      for (const mutated of mutationsOf(inner)) yield value.with(index, mutated);
      yield value.toSpliced(index, 1);
      const next = value[index + 1];
      if (next !== undefined && JSON.stringify(next) !== JSON.stringify(inner)) yield value.with(index, next).with(index + 1, inner);
    }
    return;
  }
  if (typeof value === 'string') yield `${value}x`;
  else if (typeof value === 'number') yield value + 1;
  else if (typeof value === 'boolean') yield !value;
  else yield 'not null';
}
