import { expect, test } from 'vitest';
import { MeshSettingsReader } from '../../../src/clusters/mesh-settings.js';
import { defaultMeshConfig } from '../../../src/config/decode/mesh-config.js';
import { noMeshNetworks } from '../../../src/config/mesh-config.js';
import type { RawObject } from '../../../src/kubernetes/list-watch.js';

function configMap(data: Readonly<Record<string, string>>): RawObject {
  return { metadata: { name: 'istio', namespace: 'istio-system' }, data } as RawObject;
}

function reader(): MeshSettingsReader {
  return new MeshSettingsReader('kubernetes/Kubernetes', 'istio-system/istio', 'cluster.local');
}

const networks = 'networks: {n1: {endpoints: [{fromRegistry: west}], gateways: []}}';

test('Istio’s defaults count where there is no ConfigMap, and where it lacks a key', () => {
  const defaults = { config: defaultMeshConfig(), networks: noMeshNetworks };
  expect(reader().take(undefined)).toEqual(defaults);
  expect(reader().take(configMap({}))).toEqual(defaults);
});

test('both keys are read, and defaults return when the ConfigMap is deleted', () => {
  const settings = reader();
  const { config, networks: read } = settings.take(
    configMap({ mesh: 'trustDomain: example.org', meshNetworks: networks }),
  );
  expect(config.trustDomain).toBe('example.org');
  expect(Object.keys(read.networks)).toEqual(['n1']);
  expect(settings.take(undefined).config.trustDomain).toBe('cluster.local');
});

test('what did not change is the same object', () => {
  const settings = reader();
  const first = settings.take(configMap({ mesh: 'connectTimeout: 3s' }));
  const second = settings.take(configMap({ mesh: 'connectTimeout: 3s', meshNetworks: networks }));
  expect(second.config).toBe(first.config);
});

test.each([
  ['does not validate', 'connectTimeout: -3s', /data\.mesh: connectTimeout/],
  ['is no YAML', 'connectTimeout: [', /data\.mesh$/],
])('a key that %s keeps its last valid version, and is named', (_, broken, path) => {
  const settings = reader();
  settings.take(configMap({ mesh: 'connectTimeout: 3s' }));
  const after = settings.take(configMap({ mesh: broken, meshNetworks: networks }));
  expect(after.config.connectTimeout).toBe(3000);
  expect(Object.keys(after.networks.networks)).toEqual(['n1']);
  const [problem] = settings.problems();
  expect(problem).toMatchObject({
    severity: 'error',
    file: 'kubernetes/Kubernetes',
    object: 'ConfigMap istio-system/istio',
  });
  expect(problem?.path).toMatch(path);
  settings.take(configMap({ mesh: 'connectTimeout: 5s' }));
  expect(settings.problems()).toEqual([]);
});
