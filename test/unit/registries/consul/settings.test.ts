import { describe, expect, it, test } from 'vitest';
import { registryOf } from '../../../../src/adapter/index.js';
import { silentLogger } from '../../../../src/base/logger.js';
import { adapter } from '../../../../src/registries/consul/adapter.js';
import { scopeName, scopesOf } from '../../../../src/registries/consul/scope.js';
import type { ConsulSettings } from '../../../../src/registries/consul/options.js';
import { flagEntry } from '../../../../src/registries/entry.js';
import { openRegistry } from '../../../../src/registries/open-registry.js';

const servers = ['http://127.0.0.1:8500'];

describe('settings that are wrong', () => {
  it.each([
    [{}, 'settings.servers is missing'],
    [{ servers: ['127.0.0.1:8500'] }, 'settings.servers[0] must match pattern'],
    [{ servers: ['http://['] }, 'servers: "http://[" is no URL'],
    [{ servers, token: 'x' }, 'settings.token is not known'],
    [{ servers, consistency: 'weak' }, 'settings.consistency must be one of default, stale, consistent'],
    [{ servers, warning: 'ok' }, 'settings.warning must be one of weighted, degraded, unhealthy'],
    [{ servers, kinds: ['proxy'] }, 'settings.kinds[0] must be one of connect-proxy, mesh-gateway'],
    [{ servers, namespaces: ['*'] }, 'settings.namespaces[0] must match pattern'],
    [{ servers, datacenters: [] }, 'settings.datacenters must NOT have fewer than 1 items'],
    [{ servers, wait: '5 minutes' }, 'settings.wait must match pattern'],
    [{ servers, blockingQueries: -1 }, 'settings.blockingQueries must be >= 0'],
    [{ servers, compatibility: 'higress' }, 'settings.compatibility must be one of istio, consul2istio'],
    [
      { servers, tls: { cert: 'a.pem' } },
      'settings.tls must have property key when property cert is present',
    ],
    [{ servers, credential: { file: '' } }, 'settings.credential.file must NOT have fewer than 1 characters'],
  ])('%j are told with their field', (settings, message) => {
    expect(() => registryOf(adapter, { settings })).toThrow(message);
  });
});

test('the command line gives the servers alone', async () => {
  const entry = flagEntry('consul=http://127.0.0.1:8500, http://127.0.0.2:8500');
  const registry = await openRegistry(entry, '--registry consul', {
    folder: '/',
    logger: silentLogger,
    env: {},
  });
  expect(registry).toMatchObject({ provider: 'consul', cluster: 'consul' });
});

test('the settings file’s message names the entry and the field', async () => {
  const entry = { type: 'consul', settings: { servers, wait: 'long' } };
  const opened = openRegistry(entry, 'registries[0]', { folder: '/', logger: silentLogger, env: {} });
  await expect(opened).rejects.toThrow(/^registries\[0\]: settings\.wait must match pattern/);
});

test('every combination of partition, namespace and datacenter is read, and peers from the own datacenter', () => {
  const scopes = scopesOf({
    datacenters: ['dc1', 'dc2'],
    namespaces: ['a', 'b'],
    peers: ['west'],
  } as unknown as ConsulSettings);
  expect(scopes.map(scopeName)).toEqual([
    'datacenter=dc1,namespace=a',
    'datacenter=dc1,namespace=b',
    'datacenter=dc2,namespace=a',
    'datacenter=dc2,namespace=b',
    'peer=west,namespace=a',
    'peer=west,namespace=b',
  ]);
  expect(scopesOf({} as ConsulSettings)).toEqual([{}]);
});
