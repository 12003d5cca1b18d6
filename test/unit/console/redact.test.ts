import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonPieces } from '../../../src/console/json-body.js';
import { redacted } from '../../../src/console/redact.js';

const hidden = 's3cr3t-value';
const pem = `-----BEGIN EC PRIVATE KEY-----\n${Buffer.from(hidden.repeat(4)).toString('base64')}\n-----END EC PRIVATE KEY-----`;
const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(`{"sub":"${hidden}"}`).toString('base64url')}.c2lnbmF0dXJl`;

describe('what must not be shown is taken out of', () => {
  test.each<[string, unknown]>([
    ['a key anywhere', { description: `before ${pem} after` }],
    ['a key that is cut off', { description: pem.slice(0, -20) }],
    ['a key in base64', { data: Buffer.from(pem).toString('base64') }],
    ['a token anywhere', { message: `refused: ${jwt} is wrong` }],
    ['an authorization anywhere', ['curl -H "Authorization: Bearer s3cr3t-value"']],
    ['a URL with a password', { address: 'https://user:s3cr3t-value@registry.example' }],
    [
      'a header that is set',
      { headers: { request: { set: { Authorization: hidden, 'x-api-key': hidden } } } },
    ],
    [
      'a header that is matched',
      { match: [{ headers: { authorization: { exact: hidden }, cookie: { regex: hidden } } }] },
    ],
    [
      'a header in a list',
      {
        headers: [
          { name: 'x-auth-token', value: hidden },
          { key: 'cookie', value: hidden },
        ],
      },
    ],
    [
      'a field named for a secret',
      { accessToken: hidden, db_password: hidden, clientSecret: { value: hidden } },
    ],
    [
      'Envoy’s secrets',
      { private_key: { inline_bytes: hidden }, generic_secret: { secret: { inline_string: hidden } } },
    ],
    ['Envoy’s ticket keys', { session_ticket_keys: { keys: [{ inline_bytes: hidden }] } }],
    [
      'annotations that may hold anything',
      {
        metadata: {
          annotations: {
            'example.com/vault': hidden,
            'kubectl.kubernetes.io/last-applied-configuration': `{"stringData":{"x":"${hidden}"}}`,
          },
        },
      },
    ],
    [
      'an environment',
      { defaultConfig: { proxyMetadata: { ANY: hidden } }, env: [{ name: 'ANY', value: hidden }] },
    ],
    [
      'the environment in a node’s metadata',
      {
        metadata: {
          CLUSTER_ID: 'Kubernetes',
          MY_VARIABLE: hidden,
          ANNOTATIONS: { a: hidden },
          PROXY_CONFIG: { proxyMetadata: { X: hidden } },
        },
      },
    ],
    ['a ProxyConfig as text', { metadata: { PROXY_CONFIG: `{"proxyMetadata":{"X":"${hidden}"}}` } }],
    ['what says itself how it becomes JSON', { inner: { toJSON: () => ({ token: hidden }) } }],
    ['bytes', { key: Buffer.from(hidden), list: new Uint8Array([1]) }],
  ])('%s', (_, value) => {
    const text = JSON.stringify(redacted(value));
    expect(text).not.toContain(hidden);
    expect(text).not.toContain(Buffer.from(hidden).toString('base64').slice(0, 12));
    expect(text).not.toContain('"type":"Buffer"');
    expect([...jsonPieces(value, false)].join('')).toBe(text);
  });
});

describe('what people need stays', () => {
  test.each<[string, unknown]>([
    [
      'hosts, types and accounts that are named for secrets',
      {
        'token-service.shop.svc.cluster.local': {
          shop: {
            Shards: { 'Kubernetes/a': [{ port: 1 }] },
            ServiceAccounts: { 'spiffe://a/ns/b/sa/secret-reader': {} },
          },
        },
        'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret': { sent: 'n1', acked: 'n1' },
      },
    ],
    [
      'namespaces that are named for secrets',
      {
        'vault.svc': {
          'secret-store': { Shards: { a: [{ Addresses: ['10.0.0.1'], Labels: { app: 'x' } }] } },
        },
      },
    ],
    ['labels', { labels: { app: 'web', env: 'production', environment: 'prod' } }],
    [
      'names and paths of credentials',
      {
        tls: {
          credentialName: 'shop-cert',
          privateKey: '/etc/certs/key.pem',
          caCertificates: '/etc/certs/ca.pem',
        },
      },
    ],
    [
      'certificates, which are public',
      { ca: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----' },
    ],
    [
      'annotations that Istio reads',
      { annotations: { 'networking.istio.io/exportTo': '.', 'traffic.istio.io/nodeSelector': '{"a":"b"}' } },
    ],
    [
      'metadata that a control plane reads',
      {
        metadata: { CLUSTER_ID: 'c', LABELS: { app: 'x' }, SERVICE_ACCOUNT: 'web', INSTANCE_IPS: '10.0.0.1' },
      },
    ],
    ['the cookie of a hash policy', { consistentHash: { httpCookie: { name: 'user', ttl: '0s' } } }],
    ['the rest', { a: [1, true, null, 'text', { b: 'https://example.com/path?x=y' }], since: 'Bearer' }],
  ])('%s', (_, value) => {
    expect(redacted(value)).toBe(value);
  });
});

test('in pieces, the text is that of JSON.stringify, pretty or not', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.boolean(), (value, pretty) => {
      const whole = JSON.stringify(redacted(value), undefined, pretty ? 2 : undefined);
      expect([...jsonPieces(value, pretty)].join('')).toBe(whole);
    }),
  );
});

test.each([
  ['a list', Array.from({ length: 1000 }, (_, index) => ({ index, text: 'x'.repeat(20) }))],
  ['a list in an object', { total: 1000, clients: Array.from({ length: 1000 }, (_, index) => ({ index })) }],
  ['an object', Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`host-${index}`, { index }]))],
])('no piece of %s is longer than one of its elements', (_, value) => {
  for (const piece of jsonPieces(value, false)) expect(piece.length).toBeLessThan(100);
});
