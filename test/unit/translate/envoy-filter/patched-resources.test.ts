import { describe, expect, test } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import type {
  ApplyTo,
  EnvoyFilterMatch,
  EnvoyFilterPatch,
  PatchOperation,
} from '../../../../src/config/kinds/envoy-filter.js';
import { toJson } from '../../../../src/envoy/json.js';
import { Cluster, TypedExtensionConfig } from '../../../../src/envoy/messages.js';
import { translateClusters } from '../../../../src/translate/cluster/clusters.js';
import { extensionConfigs } from '../../../../src/translate/envoy-filter/patched-resources.js';
import { translateListeners } from '../../../../src/translate/listener/listeners.js';
import { Memo } from '../../../../src/translate/memo.js';
import type { Translation } from '../../../../src/translate/translation.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../../src/mesh/snapshot.js';
import { envoyFilter, proxyOf, snapshotOf } from '../../mesh/builders.js';
import { contextOf } from '../cluster/fixtures.js';

function patch(
  applyTo: ApplyTo,
  operation: PatchOperation,
  value?: Record<string, unknown>,
): EnvoyFilterPatch {
  return {
    applyTo,
    patch: { operation, filterClass: 'UNSPECIFIED', ...(value !== undefined && { value }) },
  };
}

function contextWith(...configPatches: readonly EnvoyFilterPatch[]) {
  const envoyFilters = configPatches.length === 0 ? [] : [envoyFilter('shop/changes', { configPatches })];
  return contextOf({ objects: { envoyFilters } });
}

const memo = new Memo();
const clusters = (...patches: readonly EnvoyFilterPatch[]): Translation =>
  finish(translateClusters(contextWith(...patches), memo));
const listeners = (...patches: readonly EnvoyFilterPatch[]): Translation =>
  finish(translateListeners(contextWith(...patches), memo));
const names = ({ resources }: Translation): readonly string[] => resources.map(({ name }) => name);

describe('what patches do not change is the very same resource for proxies with and without them', () => {
  const byName = (name: string): EnvoyFilterMatch => ({
    context: 'ANY',
    cluster: { portNumber: 0, service: '', subset: '', name },
  });
  const configPatches = [
    patch('CLUSTER', 'ADD', { name: 'added' }),
    { ...patch('CLUSTER', 'REMOVE'), match: byName('BlackHoleCluster') },
    { ...patch('CLUSTER', 'MERGE', { connect_timeout: '1s' }), match: byName('InboundPassthroughCluster') },
    patch('LISTENER', 'ADD', { name: 'added' }),
  ];
  const workloadSelector = { labels: { app: 'patched' } };
  const snapshot = snapshotOf({
    objects: { envoyFilters: [envoyFilter('shop/changes', { workloadSelector, configPatches })] },
  });
  const [plain, patched] = ['plain', 'patched'].map((app) =>
    resolveProxy(snapshot, proxyOf('shop', { LABELS: { app } })),
  ) as [ProxyContext, ProxyContext];

  test('clusters', () => {
    const before = finish(translateClusters(plain, memo));
    const after = finish(translateClusters(patched, memo));
    expect(names(before)).toEqual(['BlackHoleCluster', 'PassthroughCluster', 'InboundPassthroughCluster']);
    expect(names(after)).toEqual(['PassthroughCluster', 'added', 'InboundPassthroughCluster']);
    expect(after.resources[0]).toBe(before.resources[1]);
    expect(after.resources[2]?.body).not.toEqual(before.resources[2]?.body);
  });

  test('listeners', () => {
    const before = finish(translateListeners(plain, memo));
    const after = finish(translateListeners(patched, memo));
    expect(names(after)).toEqual(['virtualOutbound', 'added', 'virtualInbound']);
    expect(after.resources[0]).toBe(before.resources[0]);
  });
});

describe('an EnvoyFilter', () => {
  test('with a value that is no message counts for nothing, and is told of once', () => {
    const bad = [
      patch('CLUSTER', 'MERGE', { type: 'SOMETIMES' }),
      patch('CLUSTER', 'ADD', { name: 'added' }),
      patch('LISTENER', 'ADD', { name: 'added' }),
    ];
    expect(clusters(...bad).resources).toEqual(clusters().resources);
    const made = listeners(...bad);
    expect(names(made)).toEqual(names(listeners()));
    expect(made.problems).toEqual([
      {
        subject: 'EnvoyFilter shop/changes',
        message: expect.stringMatching(/^it is not in force: .*Cluster\.type: not one of STATIC/) as string,
      },
    ]);
  });

  test('with unknown fields counts without them, and is told so', () => {
    const made = listeners(patch('LISTENER', 'ADD', { name: 'added', later: 1 }));
    expect(names(made)).toContain('added');
    expect(made.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^spec\.configPatches\[0\]\.patch\.value: unknown field .*later/),
    ]);
  });

  test('changes clusters', () => {
    const changed = clusters(patch('CLUSTER', 'MERGE', { connect_timeout: '42s' })).resources.map(
      ({ body }) => toJson(Cluster, Cluster.decode(body)),
    );
    expect(changed).not.toHaveLength(0);
    for (const cluster of changed) expect(cluster).toMatchObject({ connect_timeout: '42s' });
  });

  test('adds configuration of extensions, which is served by name', () => {
    const typed = { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' };
    const context = contextWith(
      patch('EXTENSION_CONFIG', 'ADD', { name: 'a', typed_config: typed }),
      patch('EXTENSION_CONFIG', 'ADD', { name: 'b', typed_config: typed }),
    );
    const [found, ...others] = extensionConfigs(context, new Set(['b', 'c']), memo);
    expect(others).toEqual([]);
    expect(found && toJson(TypedExtensionConfig, TypedExtensionConfig.decode(found.body))).toEqual({
      name: 'b',
      typed_config: typed,
    });
    expect(extensionConfigs(contextWith(), new Set(['b']), memo)).toEqual([]);
  });
});
