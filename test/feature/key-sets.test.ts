/** Keys for tokens that are fetched while the server runs, over real sockets. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { struct } from '../../src/envoy/well-known.js';
import { startPilot, type Pilot } from '../../src/index.js';
import { AdsClient } from './ads-client.js';

const address = { host: '127.0.0.1', port: 0 };

let folder: string;
let issuer: Server;
let keys: string;
let pilot: Pilot;
let client: AdsClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-keys-'));
  keys = '{"keys":[{"kid":"first"}]}';
  issuer = createServer((_, response) => response.end(keys));
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  client.close();
  await pilot.close();
  issuer.closeAllConnections();
  await new Promise((resolve) => issuer.close(resolve));
  await rm(folder, { recursive: true });
});

/** The next listeners that hold a text, as text. */
async function listenersWith(text: string): Promise<string> {
  for (;;) {
    const response = await client.next();
    client.ack(response);
    const listeners = response.resources.map(({ value }) => Buffer.from(value).toString()).join('');
    if (listeners.includes(text)) return listeners;
  }
}

test('listeners get the keys of an issuer once they are fetched, and others when they have changed', async () => {
  const { port } = issuer.address() as AddressInfo;
  await writeFile(
    join(folder, 'tokens.yaml'),
    `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: shop }
spec:
  jwtRules:
    - { issuer: example.com, jwksUri: "http://127.0.0.1:${port}/keys" }
`,
  );
  pilot = await startPilot({
    directory: folder,
    xdsAddress: address,
    httpAddress: address,
    debounceAfter: 1,
    jwksRefresh: 20,
  });
  await pilot.ready;
  client = new AdsClient(pilot.xdsAddress.port);
  client.send({
    node: {
      id: 'sidecar~10.1.2.3~web.shop~shop.svc.cluster.local',
      metadata: struct({ NAMESPACE: 'shop', ISTIO_VERSION: '1.31.0' }),
    },
    typeUrl: typeUrls.lds,
  });
  expect(await listenersWith('"kid":"first"')).not.toContain('second');
  keys = '{"keys":[{"kid":"second"}]}';
  expect(await listenersWith('"kid":"second"')).not.toContain('first');
  const { host, port: httpPort } = pilot.httpAddress;
  const metrics = await (await fetch(`http://${host}:${httpPort}/metrics`)).text();
  expect(metrics).toMatch(/^pilotlight_jwks_fetches\{outcome="fetched"\} [1-9]/m);
  expect(metrics).toMatch(/^pilotlight_jwks_fetches\{outcome="failed"\} 0$/m);
});
