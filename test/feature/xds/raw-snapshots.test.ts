/** Raw snapshots over HTTP: what the endpoint takes, refuses and tells, and who is served from it. */
import { afterEach, describe, expect, test } from 'vitest';
import { MemoryRegistry, silentLogger, type LogFields, type PilotOptions } from '../../../src/index.js';
import { bodyOf } from './client.js';
import { RawPilot } from './raw-pilot.js';
import { cds, eds, lds, nodeId } from './world.js';

let pilot: RawPilot;
afterEach(() => pilot.stop());

async function start(options: Partial<PilotOptions> = {}): Promise<void> {
  pilot = await RawPilot.start(options);
}

describe('the endpoint', () => {
  const value = bodyOf('a', '1').toString('base64');
  const good = { node: 'n', types: { [cds]: { version: '1', resources: [{ name: 'a', value }] } } };

  test('is not there unless it is asked for', async () => {
    await start({ rawSnapshots: false });
    const { status, text } = await pilot.put(good);
    expect(status).toBe(405);
    expect(text).not.toContain('snapshot');
    expect((await fetch(pilot.snapshotUrl)).status).toBe(404);
  });

  test('is told of by a warning', async () => {
    const warnings: string[] = [];
    const warn = (message: string, fields?: LogFields): void => {
      warnings.push(`${message} ${JSON.stringify(fields)}`);
    };
    await start({ logger: { ...silentLogger, warn } });
    expect(warnings.filter((warning) => warning.includes('/snapshot'))).toHaveLength(1);
  });

  test('says which types it changed, by their content', async () => {
    await start();
    expect(JSON.parse((await pilot.put(good)).text)).toEqual({ node: 'n', changed: [cds] });
    expect(JSON.parse((await pilot.put(good)).text)).toEqual({ node: 'n', changed: [] });
    const renamed = { ...good, types: { [cds]: { ...good.types[cds], version: '2' } } };
    expect(JSON.parse((await pilot.put(renamed)).text)).toEqual({ node: 'n', changed: [] });
    expect(JSON.parse((await pilot.delete('n')).text)).toEqual({ node: 'n', changed: [cds] });
  });

  test('takes away the types that a PUT does not name', async () => {
    await start();
    const client = pilot.connect('delta', { node: { id: 'n' } });
    await pilot.put({
      node: 'n',
      types: { ...good.types, [lds]: { version: '7', resources: [{ name: 'l', value }] } },
    });
    client.subscribe(cds);
    client.subscribe(lds);
    await client.take();
    await client.take();
    await pilot.put(good);
    expect(await client.take()).toMatchObject({ typeUrl: lds, removed: ['l'] });
  });

  test.each([
    ['{', 'the body is not JSON'],
    [[], 'the body: must be an object'],
    [{ ...good, extra: 1 }, 'extra: is not a field; there are node, types'],
    [{ types: {} }, 'node: must be text'],
    [{ node: 'n' }, 'types: must be an object'],
    [
      { node: 'n', types: { cds: { version: '1', resources: [] } } },
      'types["cds"]: the key must be a type URL',
    ],
    [{ node: 'n', types: { 'a/b': { version: '', resources: [] } } }, 'types["a/b"].version: must be text'],
    [
      { node: 'n', types: { 'a/b': { version: '1', resources: {} } } },
      'types["a/b"].resources: must be a list',
    ],
    [{ node: 'n', types: { 'a/b': { version: '1' } } }, 'types["a/b"].resources: must be a list'],
    [resources([{ value }]), 'types["a/b"].resources[0].name: must be text'],
    [resources([{ name: 'a' }]), 'types["a/b"].resources[0].value: must be the bytes'],
    [resources([{ name: 'a', value: 'not base64!' }]), 'types["a/b"].resources[0].value: must be the bytes'],
    [resources([{ name: 'a', value, x: 1 }]), 'types["a/b"].resources[0].x: is not a field'],
    [resources([{ name: 'a', value, ttl: 5 }]), 'types["a/b"].resources[0].ttl: a duration such as'],
    [
      resources([{ name: 'a', value, ttl: '0s' }]),
      'types["a/b"].resources[0].ttl: must be more than nothing',
    ],
    [
      resources([
        { name: 'a', value },
        { name: 'a', value },
      ]),
      'types["a/b"].resources[1].name: is "a", as that of resources[0]',
    ],
  ])('refuses %j, names what is wrong, and changes nothing', async (body, message) => {
    await start();
    await pilot.put(good);
    const { status, text } = await pilot.put(body);
    expect(status).toBe(400);
    expect(text).toContain(message);
    const client = pilot.connect('delta', { node: { id: 'n' } });
    client.subscribe(cds);
    expect((await client.take()).names).toEqual(['a']);
  });

  function resources(list: readonly unknown[]): unknown {
    return { node: 'n', types: { 'a/b': { version: '1', resources: list } } };
  }

  test('refuses a DELETE without a node, and takes one of a node that is unknown', async () => {
    await start();
    expect(await pilot.delete('')).toEqual({ status: 400, text: expect.stringContaining('?node=') });
    expect(await pilot.delete('unknown')).toMatchObject({ status: 200 });
  });

  test('refuses other methods and bodies without end', async () => {
    await start();
    const posted = await fetch(pilot.snapshotUrl, { method: 'POST', body: JSON.stringify(good) });
    expect([posted.status, await posted.text()]).toEqual([405, expect.stringContaining('PUT and DELETE')]);
    const large = await pilot.put(`{"node":"${'x'.repeat(65 * 1024 * 1024)}"}`);
    expect([large.status, large.text]).toEqual([413, expect.stringContaining('larger than')]);
  });

  test('any node id is served, and none is given another’s resources', async () => {
    await start();
    await pilot.put(good);
    for (const id of ['n', 'other', 'sidecar~1.2.3.4~a.b~c', '~~~']) {
      const client = pilot.connect('delta', { node: { id } });
      client.subscribe(cds);
      expect((await client.take()).names).toEqual(id === 'n' ? ['a'] : []);
    }
  });
});

test('beside a mesh, nodes with a snapshot and nodes that are none of a mesh’s are given raw resources', async () => {
  const registry = new MemoryRegistry({ provider: 'Inventory' });
  await start({ registries: [registry], debounceAfter: 1 });
  registry.synced();
  await pilot.pilot.ready;
  const value = bodyOf('raw', '1').toString('base64');
  const types = { [cds]: { version: '1', resources: [{ name: 'raw', value }] } };
  const chosen = 'sidecar~127.0.0.1~chosen.shop~shop.svc.cluster.local';
  const other = 'sidecar~127.0.0.1~other.shop~shop.svc.cluster.local';
  for (const node of [chosen, 'test-id']) await pilot.put({ node, types });
  const names = async (id: string): Promise<readonly string[]> => {
    const client = pilot.connect('delta', { node: { id } });
    client.subscribe(cds);
    return (await client.take()).names;
  };
  expect(await names(chosen)).toEqual(['raw']);
  expect(await names('test-id')).toEqual(['raw']);
  expect(await names('another-id')).toEqual([]);
  expect(await names(other)).toContain('BlackHoleCluster');
  await pilot.delete(chosen);
  expect(await names(chosen)).toContain('BlackHoleCluster');
});

test('92: a resource has the time to live that its snapshot gives it', async () => {
  await start();
  const value = bodyOf('a', '1').toString('base64');
  await pilot.put({
    node: nodeId,
    types: { [eds]: { version: '1', resources: [{ name: 'a', value, ttl: '90.5s' }] } },
  });
  const client = pilot.connect('delta', {
    node: { id: nodeId, clientFeatures: ['xds.config.supports-resource-ttl'] },
  });
  client.subscribe(eds, 'a');
  expect((await client.take()).resources[0]?.ttl).toBe(90_500);
});
