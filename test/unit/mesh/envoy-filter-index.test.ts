import { describe, expect, it } from 'vitest';
import type {
  EnvoyFilter,
  EnvoyFilterMatch,
  EnvoyFilterPatch,
} from '../../../src/config/kinds/envoy-filter.js';
import { EnvoyFilterTable } from '../../../src/mesh/envoy-filter-index.js';
import type { EnvoyFilterSelection } from '../../../src/mesh/snapshot.js';
import { envoyFilter, proxyOf } from './builders.js';

const rootNamespace = 'istio-system';
const patch: EnvoyFilterPatch = {
  applyTo: 'CLUSTER',
  patch: { operation: 'REMOVE', filterClass: 'UNSPECIFIED' },
};
const one: Partial<EnvoyFilter> = { configPatches: [patch] };
const matching = (proxy: EnvoyFilterMatch['proxy']): EnvoyFilterPatch => ({
  ...patch,
  match: { context: 'ANY', ...(proxy !== undefined && { proxy }) },
});
const version = (proxyVersion: string): EnvoyFilterPatch => matching({ proxyVersion, metadata: {} });

const tableOf = (...objects: readonly ReturnType<typeof envoyFilter>[]): EnvoyFilterTable =>
  new EnvoyFilterTable({ objects, rootNamespace });
const web = { namespace: 'shop', labels: { app: 'web' }, waypoint: false };
const keyOf = (selection: EnvoyFilterSelection | undefined): string | undefined => selection?.key;

describe('the patches of a proxy', () => {
  it('are none without EnvoyFilters, and without patches for it', () => {
    expect(tableOf().forProxy(proxyOf('shop'), web)).toBeUndefined();
    const other = { ...one, workloadSelector: { labels: { app: 'other' } } };
    expect(tableOf(envoyFilter('shop/a', other)).forProxy(proxyOf('shop'), web)).toBeUndefined();
    expect(tableOf(envoyFilter('shop/a')).forProxy(proxyOf('shop'), web)).toBeUndefined();
  });

  it('come by priority, the root namespace first, then by age and name', () => {
    const table = tableOf(
      envoyFilter('shop/late', { ...one, priority: 1 }, 0),
      envoyFilter('shop/b', one, 3),
      envoyFilter('shop/a', one, 3),
      envoyFilter('shop/old', one, 2),
      envoyFilter('istio-system/mesh', one, 9),
      envoyFilter('istio-system/late', { ...one, priority: 1 }, 10),
      envoyFilter('shop/early', { ...one, priority: -1 }, 10),
      envoyFilter('pay/a', one, 0),
    );
    expect(keyOf(table.forProxy(proxyOf('shop'), web))).toBe(
      ['shop/early', 'istio-system/mesh', 'shop/old', 'shop/a', 'shop/b', 'istio-system/late', 'shop/late']
        .map((name) => `${name}#0`)
        .join(),
    );
  });

  it('are those that match its version and its metadata', () => {
    const table = tableOf(
      envoyFilter('shop/a', {
        configPatches: [
          version('^1\\.31.*'),
          version('^1\\.2.*'),
          version('1'.repeat(1025)),
          matching({ proxyVersion: '', metadata: { TIER: 'a' } }),
          matching({ proxyVersion: '', metadata: { TIER: 'b' } }),
          matching(undefined),
        ],
      }),
    );
    expect(keyOf(table.forProxy(proxyOf('shop', { TIER: 'a' }), web))).toBe('shop/a#0,shop/a#3,shop/a#5');
    expect(keyOf(table.forProxy(proxyOf('shop', { ISTIO_VERSION: '1.29.1' }), web))).toBe(
      'shop/a#1,shop/a#5',
    );
    expect(keyOf(table.forProxy(proxyOf('shop', { ISTIO_VERSION: '' }), web))).toBe('shop/a#5');
  });

  it('are the same selection for proxies that have the same, and later too', () => {
    const a = envoyFilter('shop/a', one);
    const table = tableOf(a);
    const selection = table.forProxy(proxyOf('shop'), web);
    expect(table.forProxy(proxyOf('shop', { TIER: 'a' }), { ...web, labels: {} })).toBe(selection);
    const sources = { objects: [a, envoyFilter('pay/b', one)], rootNamespace };
    expect(new EnvoyFilterTable(sources, table).forProxy(proxyOf('shop'), web)).toBe(selection);
    const changed = { objects: [envoyFilter('shop/a', one)], rootNamespace };
    const next = new EnvoyFilterTable(changed, table).forProxy(proxyOf('shop'), web);
    expect(next).not.toBe(selection);
    expect(next?.key).toBe(selection?.key);
  });
});
