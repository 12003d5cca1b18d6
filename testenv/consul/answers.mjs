/**
 * What a real Consul answers about services of every sort, for tests that have none: `node testenv/consul/answers.mjs`
 * writes the file that unit tests read. A test of the group consul holds the file against Consul.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../process.mjs';
import { Consul } from './consul.mjs';

/** Where the answers are kept. */
export const answersFile = fileURLToPath(
  new URL('../../test/unit/registries/consul/answers.json', import.meta.url),
);

/** What differs from one run to the next and means nothing. */
const volatile = new Set([
  'Output',
  'CreateIndex',
  'ModifyIndex',
  'LastHeartbeat',
  'LastReceive',
  'LastSend',
]);
const secrets = new Set(['PeerCAPems', 'PeerServerName', 'PeerServerAddresses', 'PeerID']);

/** Services registered through an agent. */
const services = [
  {
    Name: 'plain',
    ID: 'plain-1',
    Address: '10.0.0.1',
    Port: 8080,
    Tags: ['canary', 'team=shop', 'owner|ann'],
    Meta: { version: 'v2', protocol: 'http', region: 'eu', zone: 'eu-1' },
    Weights: { Passing: 10, Warning: 3 },
  },
  { Name: 'plain', ID: 'plain-2', Port: 8081 },
  { Name: 'portless', ID: 'portless-1', Address: '10.0.0.3' },
  {
    Name: 'tagged',
    ID: 'tagged-1',
    Address: '10.0.0.4',
    Port: 8080,
    TaggedAddresses: {
      lan: { Address: '10.0.0.4', Port: 8080 },
      wan: { Address: '203.0.113.4', Port: 443 },
      virtual: { Address: '240.1.2.3', Port: 80 },
    },
  },
  { Name: 'located', ID: 'located-1', Port: 80, Locality: { Region: 'us', Zone: 'us-2' } },
  {
    Name: 'checked',
    ID: 'warning',
    Port: 80,
    Weights: { Passing: 10, Warning: 3 },
    Check: { CheckID: 'c1', TTL: '1h', Status: 'warning' },
  },
  { Name: 'checked', ID: 'critical', Port: 81, Check: { CheckID: 'c2', TTL: '1h', Status: 'critical' } },
  { Name: 'checked', ID: 'passing', Port: 82, Check: { CheckID: 'c3', TTL: '1h', Status: 'passing' } },
  { Name: 'maintained', ID: 'maintained-1', Port: 80 },
  { Name: 'meshed', ID: 'meshed-1', Port: 80, Connect: { SidecarService: { Port: 21_000 } } },
  { Kind: 'mesh-gateway', Name: 'gateway', ID: 'gateway-1', Address: '10.0.0.9', Port: 8443 },
  { Name: 'external', ID: 'external-1', Address: 'example.com', Port: 443, Meta: { external: 'yes' } },
];

/** @returns {Promise<Record<string, unknown>>} bodies of answers, by what was asked */
export async function recordAnswers() {
  const consul = await Consul.start({ config: { node_name: 'n1', node_meta: { rack: 'r1' } } });
  try {
    for (const service of services) await consul.api.ask('PUT', '/agent/service/register', service);
    await consul.api.ask('PUT', '/agent/service/maintenance/maintained-1?enable=true&reason=test');
    const names = [...new Set(services.map(({ Name }) => Name)), 'meshed-sidecar-proxy'];
    await eventually('the agent to have told its services', async () => {
      const known = await consul.api.ask('GET', '/catalog/services');
      return names.every((name) => name in known) || undefined;
    });
    // It is an alias of one without checks, and takes a moment to find that out.
    await eventually('the check of the sidecar', async () => {
      const [sidecar] = await consul.api.ask('GET', '/health/service/meshed-sidecar-proxy');
      const states = sidecar?.Checks.map((/** @type {{ Status: string }} */ { Status }) => Status);
      return states?.join() === 'passing,critical,passing' || undefined;
    });
    const paths = [
      '/catalog/services',
      `/catalog/services?filter=${encodeURIComponent('ServiceKind == ""')}`,
      ...names.map((name) => `/health/service/${name}`),
      '/health/service/nothing',
      '/health/state/critical',
      '/health/state/warning',
    ];
    /** @type {Record<string, unknown>} */
    const answers = {};
    for (const path of paths) answers[path] = withoutVolatile(await consul.api.ask('GET', path));
    return { ...answers, ...(await recordPeer()) };
  } finally {
    await consul.stop();
  }
}

/** What a cluster says of services that a peer exports to it. */
async function recordPeer() {
  const [east, west] = await Promise.all(
    ['east', 'west'].map((datacenter) => Consul.start({ config: { datacenter } })),
  );
  if (east === undefined || west === undefined) throw new Error('there are two clusters');
  try {
    await peer(east, west);
    /** @type {Record<string, unknown>} */
    const answers = {};
    for (const path of ['/peering/west', '/health/service/web?peer=west'])
      answers[path] = withoutVolatile(await east.api.ask('GET', path));
    return answers;
  } finally {
    await Promise.all([east.stop(), west.stop()]);
  }
}

/** Lets one cluster see the service `web` of the other, its peer `west`. @param {Consul} east @param {Consul} west */
export async function peer(east, west) {
  await west.api.ask('PUT', '/agent/service/register', {
    Name: 'web',
    ID: 'web-1',
    Address: '10.0.0.1',
    Port: 8080,
    Meta: { version: 'v1' },
    Check: { CheckID: 'alive', TTL: '1h', Status: 'passing' },
  });
  const { PeeringToken } = await west.api.ask('POST', '/peering/token', { PeerName: 'east' });
  await east.api.ask('POST', '/peering/establish', { PeerName: 'west', PeeringToken });
  await west.api.ask('PUT', '/config', {
    Kind: 'exported-services',
    Name: 'default',
    Services: [{ Name: 'web', Consumers: [{ Peer: 'east' }] }],
  });
  await eventually('the service of the peer', async () => {
    const [entry] = await east.api.ask('GET', '/health/service/web?peer=west');
    const { StreamStatus } = await east.api.ask('GET', '/peering/west');
    return (entry !== undefined && StreamStatus.ImportedServices?.length > 0) || undefined;
  });
}

/** @param {unknown} value @returns {unknown} */
function withoutVolatile(value) {
  const text = JSON.stringify(value, (key, inner) => {
    if (volatile.has(key) || secrets.has(key)) return undefined;
    // Tags have another order each time.
    if (key !== 'Checks' && Array.isArray(inner) && inner.every((each) => typeof each === 'string'))
      return [...inner].sort();
    return key === 'ID' && /^[0-9a-f-]{36}$/.test(inner) ? '(an ID)' : inner;
  });
  return JSON.parse(text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(answersFile, `${JSON.stringify(await recordAnswers(), undefined, 2)}\n`);
  console.log(`written: ${answersFile}`);
}
