/** How a running server tells what its proxies were sent: to the command, over xDS as to istioctl, and as metrics. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientConfig, type DiscoveryResponseMessage } from '../../src/envoy/messages.js';
import { toJson } from '../../src/envoy/json.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { startPilot, type Pilot } from '../../src/index.js';
import { formatAddress } from '../../src/settings/setting.js';
import { RecordingLogger } from '../recording-logger.js';
import { run } from '../unit/cli/run-command.js';
import { AdsClient } from './ads-client.js';

const example = fileURLToPath(new URL('../../examples/mesh', import.meta.url));
const address = { host: '127.0.0.1', port: 0 };
const cart = 'outbound|80||cart.shop.svc.cluster.local';

let pilot: Pilot;
let logger: RecordingLogger;
const clients: AdsClient[] = [];

beforeEach(async () => {
  logger = new RecordingLogger();
  pilot = await startPilot({ directory: example, xdsAddress: address, httpAddress: address, logger });
  await pilot.ready;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await pilot.close();
});

function connect(): AdsClient {
  const client = new AdsClient(pilot.xdsAddress.port);
  clients.push(client);
  return client;
}

const nodeOf = (name: string) => ({ id: `sidecar~127.0.0.1~${name}~shop.svc.cluster.local` });

/** A proxy that accepts its clusters and refuses its endpoints. */
async function refusingProxy(): Promise<{ client: AdsClient; endpoints: DiscoveryResponseMessage }> {
  const client = connect();
  client.send({ node: nodeOf('web-1.shop'), typeUrl: typeUrls.cds });
  client.ack(await client.next());
  client.send({ typeUrl: typeUrls.eds, resourceNames: [cart] });
  const endpoints = await client.next();
  client.send({
    typeUrl: typeUrls.eds,
    responseNonce: endpoints.nonce,
    resourceNames: [cart],
    errorDetail: { code: 13, message: 'no such locality' },
  });
  await logger.line('EDS refused by the proxy');
  return { client, endpoints };
}

test('pilotlight status shows what was accepted and refused, and exits with 1 until all is accepted', async () => {
  const { client, endpoints } = await refusingProxy();
  const http = formatAddress(pilot.httpAddress);
  const refused = await run('status', '--http', http);
  expect(refused.code).toBe(1);
  expect(refused.result).toMatch(/^NAME +CDS +EDS +DIALECT +VARIANT +VERSION$/m);
  expect(refused.result).toMatch(/^web-1\.shop +SYNCED \(\d+s\) +ERROR \(\d+s\) +plain +sotw +-$/m);
  expect(refused.result).toContain('  EDS refused: no such locality\n');
  client.send({ typeUrl: typeUrls.eds, resourceNames: [cart] });
  const again = await client.next();
  expect(again.nonce).not.toBe(endpoints.nonce);
  client.ack(again, [cart]);
  await logger.line('EDS accepted again');
  const accepted = await run('status', 'web-1.shop', '--http', http);
  expect(accepted.code).toBe(0);
  expect(accepted.result).toMatch(/^ {2}EDS +SYNCED +1 +1 name /m);
});

test('istio.io/debug/syncz tells the same over xDS, with who serves', async () => {
  await refusingProxy();
  const asking = connect();
  asking.send({
    node: nodeOf('istioctl.istio-system'),
    typeUrl: typeUrls['debug-syncz'],
    responseNonce: 'x',
  });
  const { typeUrl, resources, controlPlane } = await asking.next();
  expect(typeUrl).toBe('istio.io/debug/syncz');
  expect(resources.map((any) => any.typeUrl)).toEqual([ClientConfig.typeUrl]);
  expect(toJson(ClientConfig, ClientConfig.decode(resources[0]?.value ?? Buffer.alloc(0)))).toMatchObject({
    node: { id: 'web-1.shop', metadata: { NAMESPACE: 'shop' } },
    generic_xds_configs: [
      { type_url: typeUrls.cds, config_status: 'SYNCED' },
      { type_url: typeUrls.eds, config_status: 'ERROR', error_state: { details: 'no such locality' } },
    ],
  });
  expect(JSON.parse(controlPlane?.identifier ?? '')).toMatchObject({ Component: 'pilotlight' });
});

test('istio.io/debug/syncz is answered when no proxy is connected', async () => {
  const asking = connect();
  asking.send({ node: nodeOf('istioctl.istio-system'), typeUrl: typeUrls['debug-syncz'] });
  expect(await asking.next()).toMatchObject({ typeUrl: 'istio.io/debug/syncz', resources: [] });
});

test('istio.io/debug answers with a debug page', async () => {
  const asking = connect();
  asking.send({ node: nodeOf('istioctl.istio-system'), typeUrl: typeUrls.debug, resourceNames: ['list'] });
  const { resources } = await asking.next();
  expect(JSON.parse(Buffer.from(resources[0]?.value ?? []).toString())).toContain('syncz');
});

test('metrics tell of refusals by proxy as long as they last', async () => {
  const metrics = async (): Promise<string> =>
    (await fetch(`http://${formatAddress(pilot.httpAddress)}/metrics`)).text();
  const { client } = await refusingProxy();
  expect(await metrics()).toContain('pilot_xds_eds_reject{node="web-1.shop",err="Internal"} 1\n');
  client.close();
  await logger.line('a proxy disconnected');
  expect(await metrics()).not.toContain('pilot_xds_eds_reject{');
});
