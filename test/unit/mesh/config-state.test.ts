import { describe, expect, it } from 'vitest';
import type { AnyObject, ObjectEvent } from '../../../src/config/object.js';
import { ConfigState } from '../../../src/mesh/config-state.js';
import {
  authorizationPolicy,
  destinationRule,
  envoyFilter,
  gateway,
  namespace,
  object,
  peerAuthentication,
  requestAuthentication,
  sidecar,
  telemetry,
  virtualService,
} from './builders.js';
import { inlineEndpoint } from '../registry/object-builders.js';

const upsert = (it: AnyObject): ObjectEvent => ({ type: 'upsert', object: it });
const removed = (kind: AnyObject['kind'], ns: string, name: string): ObjectEvent => ({
  type: 'removed',
  ref: { kind, namespace: ns, name },
});
const synced: ObjectEvent = { type: 'synced' };

const rule = (key: string, time: number, host = 'a.example.com') => destinationRule(key, { host }, time);
const names = (list: readonly AnyObject[]): string[] =>
  list.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

function stateOf(...objects: readonly AnyObject[]): ConfigState {
  const state = new ConfigState();
  for (const each of objects) state.apply('a', upsert(each));
  return state;
}

describe('the objects in force', () => {
  it('are by kind, sorted by age, name and namespace', () => {
    const state = stateOf(
      rule('shop/c', 2),
      rule('shop/b', 1),
      rule('pay/b', 1),
      rule('shop/a', 1),
      virtualService('shop/route', {}),
      sidecar('shop/default', []),
      gateway('shop/edge', {}),
      peerAuthentication('shop/default', {}),
      authorizationPolicy('shop/nobody'),
      requestAuthentication('shop/users'),
      telemetry('shop/default'),
      envoyFilter('shop/limits'),
      namespace('shop'),
      object('Secret', 'shop/web', { data: { cert: 'Y2VydA==' } }),
      object('ConfigMap', 'shop/roots', { data: { cacert: 'PEM' } }),
    );
    const { destinationRules, ...others } = state.objects();
    expect(names(destinationRules)).toEqual(['shop/a', 'pay/b', 'shop/b', 'shop/c']);
    expect(Object.entries(others).map(([kind, list]) => [kind, list.length])).toEqual([
      ['namespaces', 1],
      ['virtualServices', 1],
      ['sidecars', 1],
      ['gateways', 1],
      ['peerAuthentications', 1],
      ['authorizationPolicies', 1],
      ['requestAuthentications', 1],
      ['telemetries', 1],
      ['envoyFilters', 1],
      ['secrets', 1],
      ['configMaps', 1],
    ]);
  });

  it('are no Secrets and ConfigMaps that hold no certificate, or none any more', () => {
    const state = stateOf(
      object('Secret', 'shop/password', { data: {} }),
      object('ConfigMap', 'shop/web', { data: {} }),
    );
    expect([state.objects().secrets, state.objects().configMaps]).toEqual([[], []]);
    state.apply('a', upsert(object('Secret', 'shop/web', { data: { cert: 'Y2VydA==' } })));
    expect(names(state.objects().secrets)).toEqual(['shop/web']);
    expect(state.apply('a', upsert(object('Secret', 'shop/web', { data: {} })))).toBe(true);
    expect(state.objects().secrets).toEqual([]);
  });

  it('shown to people have no Secret and no ConfigMap', () => {
    const state = stateOf(
      object('Secret', 'shop/web', { data: { cert: 'Y2VydA==' } }),
      object('ConfigMap', 'shop/roots', { data: { cacert: 'PEM' } }),
    );
    expect(state.all()).toEqual([]);
  });

  it('are replaced by later versions and removed', () => {
    const state = stateOf(rule('shop/a', 1), rule('shop/b', 2));
    expect(state.apply('a', upsert(rule('shop/a', 1, 'b.example.com')))).toBe(true);
    expect(state.objects().destinationRules[0]?.spec.host).toBe('b.example.com');
    expect(state.apply('a', removed('DestinationRule', 'shop', 'a'))).toBe(true);
    expect(state.apply('a', removed('DestinationRule', 'shop', 'a'))).toBe(false);
    expect(names(state.objects().destinationRules)).toEqual(['shop/b']);
  });

  it('are in the same list as long as none of its kind changed', () => {
    const state = stateOf(rule('shop/a', 1), virtualService('shop/route', {}));
    const before = state.objects();
    expect(state.objects()).toBe(before);
    state.apply('a', upsert(rule('shop/b', 2)));
    const after = state.objects();
    expect(after.virtualServices).toBe(before.virtualServices);
    expect(after.destinationRules).not.toBe(before.destinationRules);
    expect(after.destinationRules[0]).toBe(before.destinationRules[0]);
    state.apply('a', removed('DestinationRule', 'shop', 'b'));
    state.apply('a', upsert(rule('shop/b', 2)));
    expect(state.objects().destinationRules).toEqual(after.destinationRules);
  });

  it('are not changed by a version that says the same elsewhere', () => {
    const state = stateOf(rule('shop/a', 1));
    const before = state.objects();
    const again = { ...rule('shop/a', 1), origin: { source: 'test', file: 'b.yaml', line: 9 } };
    const newer = { ...again, metadata: { ...again.metadata, resourceVersion: '7' } };
    expect(state.apply('a', upsert(newer))).toBe(false);
    expect(state.objects()).toBe(before);
    expect(state.all()).toEqual([newer]);
  });
});

describe('what is none of the mesh’s business', () => {
  it('is no change: the objects that registries read', () => {
    const state = new ConfigState();
    const entry = object('WorkloadEntry', 'shop/vm', inlineEndpoint('10.0.0.1'));
    expect(state.apply('a', upsert(entry))).toBe(false);
    expect(state.apply('a', upsert(object('Node', '/node', { externalIPs: [] })))).toBe(false);
    expect(state.all()).toEqual([entry]);
  });

  it('is shown all the same, by kind, namespace and name, except namespaces', () => {
    const state = stateOf(
      virtualService('shop/b', {}),
      virtualService('pay/a', {}),
      rule('shop/z', 1),
      namespace('shop'),
    );
    expect(names(state.all())).toEqual(['shop/z', 'pay/a', 'shop/b']);
  });
});

describe('several sources', () => {
  it('are ranked in the order in which they were added', () => {
    const state = new ConfigState();
    state.addSource('first');
    expect(state.apply('second', upsert(rule('shop/a', 1, 'second.example.com')))).toBe(true);
    expect(state.apply('first', upsert(rule('shop/a', 1, 'first.example.com')))).toBe(true);
    const hosts = () => state.objects().destinationRules.map(({ spec }) => spec.host);
    expect(hosts()).toEqual(['first.example.com']);
    expect(state.apply('second', upsert(rule('shop/a', 1, 'changed.example.com')))).toBe(false);
    expect(state.apply('first', removed('DestinationRule', 'shop', 'a'))).toBe(true);
    expect(hosts()).toEqual(['changed.example.com']);
    expect(state.removeSource('second')).toBe(true);
    expect(hosts()).toEqual([]);
  });
});

describe('a source that is watched anew', () => {
  it('keeps its objects in force until it has said everything', () => {
    const state = stateOf(rule('shop/a', 1), rule('shop/b', 2));
    state.apply('a', synced);
    state.restart('a');
    expect(state.apply('a', upsert(rule('shop/b', 2)))).toBe(false);
    expect(names(state.objects().destinationRules)).toEqual(['shop/a', 'shop/b']);
    expect(state.apply('a', synced)).toBe(true);
    expect(names(state.objects().destinationRules)).toEqual(['shop/b']);
  });

  it('loses nothing when it fails, or says again that it has said everything', () => {
    const state = stateOf(rule('shop/a', 1));
    state.apply('a', synced);
    expect(state.apply('a', { type: 'failed', error: new Error('gone') })).toBe(false);
    expect(state.apply('a', synced)).toBe(false);
    expect(names(state.objects().destinationRules)).toEqual(['shop/a']);
  });
});
