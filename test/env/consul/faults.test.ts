/** What fails on the way to Consul, and in it: what was known stays, and what happened meanwhile is found out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Consul, ConsulCluster, readingRules } from '../../../testenv/consul/consul.mjs';
import { TcpProxy } from '../tcp-proxy.js';
import { HttpProxy } from './http-proxy.js';
import { addresses, synced, untilAddresses, untilState, untilWell, watch, web, webHost } from './watching.js';

const place = (number: number): string => `10.0.0.${number}:8080`;

/** With a blocking query for each service, and with none: those are read again when something changed. */
const ways = [100, 0];

describe.each(ways)('on the way, with %i blocking queries', (blockingQueries) => {
  let consul: Consul;
  let proxy: TcpProxy;

  beforeEach(async () => {
    consul = await Consul.start();
    proxy = await TcpProxy.start(new URL(consul.url));
    await consul.api.register([web(1), web(2)]);
  });

  afterEach(async () => {
    await proxy.stop();
    await consul.stop();
  });

  test('connections that are cut are made anew, and nothing that happens meanwhile is lost', async () => {
    const watched = await synced([proxy.url], { blockingQueries });
    proxy.cut();
    await consul.api.register([web(3)]);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
    await untilWell(watched);
    expect(watched.view.safety.counts.held).toBe(0);
  });

  test('a way that is closed for a while takes nothing away', async () => {
    const watched = await synced([proxy.url], { blockingQueries });
    proxy.refuse();
    await untilState(watched, 'failed');
    await consul.api.register([web(3)]);
    await consul.api.deregister([web(1)]);
    expect(addresses(watched, webHost)).toEqual([place(1), place(2)]);
    proxy.accept();
    await untilAddresses(watched, webHost, [place(2), place(3)]);
    await untilWell(watched);
  });

  test('a way on which nothing gets through is noticed by its silence, long before a query would end', async () => {
    const watched = await synced([proxy.url], { blockingQueries, wait: '10m', timeout: '1s' });
    proxy.stall();
    const began = Date.now();
    await untilState(watched, 'failed');
    expect(Date.now() - began).toBeLessThan(30_000);
    expect(watched.view.safety.stale.size).toBeGreaterThan(0);
    await consul.api.register([web(3)]);
    expect(addresses(watched, webHost)).toEqual([place(1), place(2)]);
    proxy.resume();
    await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
    await untilWell(watched);
  });

  test('an answer that ends in its middle is a failure, and the service stays', async () => {
    const cutting = await HttpProxy.start(consul.url);
    const watched = await synced([cutting.url], { blockingQueries });
    cutting.cutOff.add('web');
    await consul.api.register([web(3)]);
    await watched.until('the service is stale', ({ safety }) => safety.stale.size === 1);
    expect(addresses(watched, webHost)).toEqual([place(1), place(2)]);
    cutting.cutOff.clear();
    await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
    await untilWell(watched);
    await cutting.stop();
  });
});

describe.each(ways)('the agent, with %i blocking queries', (blockingQueries) => {
  let consul: Consul;

  beforeEach(async () => {
    consul = await Consul.start({ persistent: true });
    await consul.api.register([web(1), web(2), web(3)]);
  });

  afterEach(() => consul.stop());

  test('is started again with its data: nothing changes, and what comes is followed', async () => {
    const watched = await synced([consul.url], { blockingQueries });
    await consul.stopAgent();
    await untilState(watched, 'failed');
    expect(addresses(watched, webHost)).toHaveLength(3);
    await consul.startAgent();
    await untilWell(watched);
    // A server that has not read all of its log yet may answer with less: that is held, and comes to nothing.
    const { held, cancelled } = watched.view.safety.counts;
    expect(cancelled).toBe(held);
    await consul.api.register([web(4)]);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3), place(4)]);
  });

  test('is started again without its data: its services stay until they are registered again', async () => {
    // Far ahead of where the agent begins to count anew.
    for (let round = 0; round < 30; round += 1)
      await consul.api.register([web(1, { meta: { round: `${round}` } })]);
    const watched = await synced([consul.url], { blockingQueries }, { guard: { confirmations: 1000 } });
    await consul.stopAgent({ forget: true });
    await untilState(watched, 'failed');
    await consul.startAgent();
    await watched.until('the removal is held', ({ safety }) => safety.held.length > 0);
    expect(addresses(watched, webHost)).toHaveLength(3);
    await consul.api.register([web(1), web(2), web(3)]);
    await untilWell(watched);
    expect(watched.view.safety.counts).toMatchObject({ cancelled: 1, confirmed: 0, expired: 0 });
    await consul.api.register([web(4)]);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3), place(4)]);
  });

  test('takes back a snapshot while it runs: the index goes backwards, and what it says is what counts', async () => {
    const snapshot = await (await fetch(`${consul.url}/v1/snapshot`)).arrayBuffer();
    for (let round = 0; round < 30; round += 1)
      await consul.api.register([web(4, { meta: { round: `${round}` } })]);
    const watched = await synced([consul.url], { blockingQueries });
    expect(addresses(watched, webHost)).toHaveLength(4);
    const restored = await fetch(`${consul.url}/v1/snapshot`, { method: 'PUT', body: snapshot });
    expect(restored.status).toBe(200);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
    await consul.api.register([web(5)]);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3), place(5)]);
  });
});

describe('a cluster of three servers', () => {
  let cluster: ConsulCluster;

  beforeAll(async () => {
    cluster = await ConsulCluster.start();
  });

  afterAll(() => cluster.stop());

  test.each(['default', 'stale'])(
    'loses its leader (%s reads): nothing goes, and the next one is followed',
    async (consistency) => {
      const leader = await cluster.leader();
      const followers = cluster.running.filter((server) => server !== leader);
      const [asked, other] = followers;
      if (asked === undefined || other === undefined) throw new Error('there are two followers');
      await asked.api.register([web(1), web(2)]);
      const watched = await synced([asked.url, other.url], { consistency });
      await untilAddresses(watched, webHost, [place(1), place(2)]);
      await leader.stopAgent();
      const next = await cluster.leader();
      await cluster.settled();
      await next.api.register([web(3)]);
      await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
      await untilWell(watched);
      expect(watched.view.safety.counts.held).toBe(0);
      await leader.startAgent();
      await cluster.settled();
      await next.api.deregister([web(3)]);
      await untilAddresses(watched, webHost, [place(1), place(2)]);
    },
  );

  test('loses the server that is asked: the next of the list is', async () => {
    const leader = await cluster.leader();
    const [asked] = cluster.running.filter((server) => server !== leader);
    if (asked === undefined) throw new Error('there are followers');
    await leader.api.register([web(1), web(2)]);
    const watched = await synced([asked.url, leader.url]);
    await asked.stopAgent();
    await leader.api.register([web(3)]);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
    await untilWell(watched);
    expect(watched.view.safety.counts.held).toBe(0);
    await asked.startAgent();
    await cluster.settled();
    await leader.api.deregister([web(3)]);
  });

  test('without a majority is not taken for one that says nothing new, unless stale reads are wanted', async () => {
    const [asked, ...others] = cluster.running;
    if (asked === undefined) throw new Error('there are servers');
    await asked.api.register([web(1), web(2)]);
    const strict = await synced([asked.url]);
    const stale = await synced([asked.url], { consistency: 'stale', maxStale: '1h' });
    for (const server of others) await server.stopAgent();
    await untilState(strict, 'failed');
    expect(addresses(strict, webHost)).toEqual([place(1), place(2)]);
    await untilAddresses(stale, webHost, [place(1), place(2)]);
    expect(stale.view.status.state).toBe('healthy');
    for (const server of others) server.launch();
    await cluster.settled();
    await untilWell(strict);
  });
});

describe('a token', () => {
  let consul: Consul;
  let folder: string;
  const file = (): string => join(folder, 'token');
  /** What a token may not see any more is found out when a query ends. */
  const wait = '2s';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-token-'));
    consul = await Consul.start({ acl: true });
    await consul.api.register([web(1), web(2)]);
  });

  afterEach(async () => {
    await consul.stop();
    await rm(folder, { recursive: true });
  });

  test.each(ways)('is revoked, and replaced later (%i blocking queries)', async (blockingQueries) => {
    const token = await consul.createToken(readingRules);
    await writeFile(file(), token.secret);
    const watched = await synced([consul.url], { blockingQueries, wait, credential: { file: file() } });
    await consul.deleteToken(token);
    await consul.api.register([web(3)]);
    await untilState(watched, 'failed');
    expect(addresses(watched, webHost)).toEqual([place(1), place(2)]);
    await writeFile(file(), (await consul.createToken(readingRules)).secret);
    await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
    await untilWell(watched);
  });

  test.each(ways)(
    'may see less than before: what it sees no more is not gone (%i blocking queries)',
    async (blockingQueries) => {
      await consul.api.register([{ ...web(1), service: 'api', id: 'api-1' }]);
      const token = await consul.createToken(readingRules);
      await writeFile(file(), token.secret);
      const settings = { blockingQueries, wait, credential: { file: file() } };
      const watched = await synced([consul.url], settings, { guard: { holdFor: 600_000 } });
      await consul.changeRules(
        token,
        'service_prefix "a" { policy = "read" }\nnode_prefix "" { policy = "read" }',
      );
      await watched.until(
        'the list is refused',
        ({ status }) => status.message?.includes('ACLs hide') === true,
      );
      await consul.api.register([web(3)]);
      expect(addresses(watched, webHost)).toEqual([place(1), place(2)]);
      await consul.changeRules(token, readingRules);
      await untilAddresses(watched, webHost, [place(1), place(2), place(3)]);
      await untilWell(watched);
    },
  );

  test('that is meant to see a part sees that part', async () => {
    await consul.api.register([{ ...web(1), service: 'api', id: 'api-1' }]);
    const { secret } = await consul.createToken(
      'service_prefix "a" { policy = "read" }\nnode_prefix "" { policy = "read" }',
    );
    await writeFile(file(), secret);
    const credential = { file: file() };
    const refused = watch([consul.url], { credential });
    await untilState(refused, 'failed');
    const watched = await synced([consul.url], { credential, partial: true });
    expect([...watched.view.services.values()].map(({ hostname }) => hostname)).toEqual([
      'api.service.consul',
    ]);
  });
});

test('an agent that takes no more connections says what to do', async () => {
  const consul = await Consul.start({ connections: 10 });
  const services = Array.from({ length: 30 }, (_, index) => ({
    ...web(index + 1),
    service: `web-${index}`,
    checks: {},
  }));
  await consul.api.register(services);
  const watched = watch([consul.url], { blockingQueries: 100 });
  await watched.until(
    'it is told',
    ({ status }) => status.message?.includes('lower blockingQueries') === true,
  );
  expect(watched.view.status.state).not.toBe('healthy');
  await consul.stop();
});
