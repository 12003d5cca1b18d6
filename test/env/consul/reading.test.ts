/** What is read of a real Consul: services of every sort, other datacenters, peers, TLS. */
import { Resolver } from 'node:dns/promises';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { answersFile, peer, recordAnswers } from '../../../testenv/consul/answers.mjs';
import { Consul, managementToken } from '../../../testenv/consul/consul.mjs';
import { freePorts } from '../../../testenv/ports.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { CertificateAuthority } from '../../certificate-authority.js';
import { addresses, synced, untilAddresses, untilState, untilWell, watch, web, webHost } from './watching.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(options: Parameters<typeof Consul.start>[0] = {}): Promise<Consul> {
  const consul = await Consul.start(options);
  ends.push(() => consul.stop());
  return consul;
}

test('the answers that unit tests read are those that Consul gives', async () => {
  expect(await recordAnswers()).toEqual(JSON.parse(await readFile(answersFile, 'utf8')));
});

test('an agent’s services, their sidecars left out, and maintenance of one and of its node', async () => {
  const consul = await started();
  const { api } = consul;
  const service = { Name: 'web', Address: '10.0.0.1', Port: 8080 };
  await api.ask('PUT', '/agent/service/register', {
    ...service,
    ID: 'web-1',
    Connect: { SidecarService: {} },
  });
  await api.ask('PUT', '/agent/service/register', { ...service, ID: 'web-2', Address: '10.0.0.2' });
  const watched = await synced([consul.url]);
  await untilAddresses(watched, webHost, ['10.0.0.1:8080', '10.0.0.2:8080']);
  const hosts = [...watched.view.services.values()].map(({ hostname }) => hostname);
  expect(hosts.sort()).toEqual(['consul.service.consul', webHost]);
  const health = (): readonly string[] =>
    watched
      .endpoints(webHost, 'default')
      .map(({ addresses: [address = ''], health: state }) => `${address} ${state}`)
      .sort();
  const maintain = (what: string, enable: boolean) =>
    api.ask('PUT', `/agent/${what}?enable=${String(enable)}&reason=test`);
  await maintain('service/maintenance/web-2', true);
  await watched.until('one drains', () => health().join() === '10.0.0.1 healthy,10.0.0.2 draining');
  await maintain('maintenance', true);
  await watched.until('both drain', () => health().join() === '10.0.0.1 draining,10.0.0.2 draining');
  await maintain('maintenance', false);
  await maintain('service/maintenance/web-2', false);
  await watched.until('both are well', () => health().join() === '10.0.0.1 healthy,10.0.0.2 healthy');
});

test.each([0, 100])(
  'a warning is weighed as it is registered, with %i blocking queries',
  async (blockingQueries) => {
    const consul = await started();
    const weights = { Passing: 10, Warning: 2 };
    await consul.api.register([web(1, { weights }), web(2, { weights })]);
    const watched = await synced([consul.url], { blockingQueries });
    const said = (): string =>
      watched
        .endpoints(webHost, 'default')
        .map(({ health, weight }) => `${health} ${weight}`)
        .join();
    expect(said()).toBe('healthy 10,healthy 10');
    await consul.api.setCheck(web(2), 'alive:2', 'warning');
    await watched.until('the weight is that of a warning', () => said() === 'healthy 10,healthy 2');
    await consul.api.setCheck(web(2), 'alive:2', 'critical');
    await watched.until('it is unhealthy', () => said() === 'healthy 10,unhealthy 10');
    // A check of the node is one of all its services.
    await consul.api.ask('PUT', '/catalog/register', {
      Node: 'outside',
      Address: '10.255.0.1',
      SkipNodeUpdate: true,
      Check: { CheckID: 'node-check', Name: 'node', Status: 'critical' },
    });
    await watched.until('both are unhealthy', () => said() === 'unhealthy 10,unhealthy 10');
  },
);

test('other datacenters, one of which is away for a while, with hosts that Consul’s DNS answers to', async () => {
  const [one, two] = await Promise.all([started(), started({ config: { datacenter: 'dc2' } })]);
  await one.api.ask('PUT', `/agent/join/127.0.0.1:${two.ports.serf_wan}?wan=1`);
  await eventually('dc1 to know dc2', async () =>
    (await one.api.ask('GET', '/catalog/services?dc=dc2')) !== undefined ? true : undefined,
  );
  await one.api.register([web(1)]);
  await two.api.register([web(2)]);
  const watched = await synced([one.url], { datacenters: ['dc1', 'dc2'] });
  const hosts = ['web.service.dc1.consul', 'web.service.dc2.consul'] as const;
  await untilAddresses(watched, hosts[0], ['10.0.0.1:8080']);
  await untilAddresses(watched, hosts[1], ['10.0.0.2:8080']);

  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${one.ports.dns}`]);
  expect(await resolver.resolve4(hosts[0])).toEqual(['10.0.0.1']);
  expect(await resolver.resolve4(hosts[1])).toEqual(['10.0.0.2']);
  expect(await resolver.resolve4(webHost)).toEqual(['10.0.0.1']);

  await two.stopAgent();
  await untilState(watched, 'degraded');
  await one.api.register([web(3)]);
  await untilAddresses(watched, hosts[0], ['10.0.0.1:8080', '10.0.0.3:8080']);
  expect(addresses(watched, hosts[1])).toEqual(['10.0.0.2:8080']);
});

test('services that a peer exports, under the host that Consul’s DNS answers to', async () => {
  const [east, west] = await Promise.all(
    ['east', 'west'].map((datacenter) => started({ config: { datacenter } })),
  );
  if (east === undefined || west === undefined) throw new Error('there are two clusters');
  await peer(east, west);
  await east.api.register([web(7)]);
  const watched = await synced([east.url], { peers: ['west'] });
  await untilAddresses(watched, webHost, ['10.0.0.7:8080']);
  await untilAddresses(watched, 'web.service.west.peer.consul', ['10.0.0.1:8080']);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${east.ports.dns}`]);
  expect(await resolver.resolve4('web.service.west.peer.consul')).toEqual(['10.0.0.1']);
  await west.api.ask('PUT', '/agent/check/fail/alive');
  await watched.until(
    'the peer’s instance is unhealthy',
    () => watched.endpoints('web.service.west.peer.consul', 'default')[0]?.health === 'unhealthy',
  );
});

test('an agent that wants client certificates, which are replaced meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-consul-tls-'));
  ends.push(() => rm(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  const authority = await CertificateAuthority.create();
  const put = async (name: string, by: CertificateAuthority): Promise<void> => {
    const { cert, key } = await by.issue({ ips: ['127.0.0.1'], dns: ['server.dc1.consul'] });
    await writeFile(path(`${name}.crt`), cert);
    await writeFile(path(`${name}.key`), key);
  };
  await writeFile(path('ca.crt'), authority.cert);
  await put('server', authority);
  await put('client', await CertificateAuthority.create('another'));
  const [https = 0] = await freePorts(1);
  const consul = await started({
    morePorts: { https },
    config: {
      tls: {
        https: {
          ca_file: path('ca.crt'),
          cert_file: path('server.crt'),
          key_file: path('server.key'),
          verify_incoming: true,
        },
      },
    },
  });
  await consul.api.register([web(1)]);
  const tls = { ca: 'ca.crt', cert: 'client.crt', key: 'client.key', serverName: 'server.dc1.consul' };
  const watched = watch([`https://127.0.0.1:${https}`], { tls }, { folder });
  await untilState(watched, 'failed');
  await put('client', authority);
  await untilWell(watched);
  expect(addresses(watched, webHost)).toEqual(['10.0.0.1:8080']);
});

test('a token from Consul’s own environment variable; without one, nothing is taken for empty', async () => {
  const consul = await started({ acl: true });
  await consul.api.register([web(1)]);
  const without = watch([consul.url], {}, { env: {} });
  await untilState(without, 'failed');
  expect(without.view.status.message).toContain('Consul has ACLs and no token is set');
  expect(without.view.synced).toBe(false);
  const watched = await synced([consul.url], {}, { env: { CONSUL_HTTP_TOKEN: managementToken } });
  expect(addresses(watched, webHost)).toEqual(['10.0.0.1:8080']);
});
