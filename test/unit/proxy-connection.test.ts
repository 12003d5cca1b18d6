import { expect, it } from 'vitest';
import { proxyConnection } from '../../src/proxy-connection.js';

it('is local for clients on this machine, of either family', () => {
  for (const address of ['127.0.0.1:4711', '::1:4711', '::ffff:127.0.0.1:4711'])
    expect(proxyConnection({ address }), address).toEqual({ kind: 'local' });
});

it('is nothing for clients elsewhere, and for those whose address is not known', () => {
  for (const address of ['10.0.0.7:4711', '2001:db8::1:4711', 'unknown', ''])
    expect(proxyConnection({ address }), address).toBeUndefined();
  expect(proxyConnection(undefined)).toBeUndefined();
});

it('is that of the certificate where one was shown, wherever it comes from', () => {
  const identity = { uris: ['spiffe://cluster.local/ns/edge/sa/gate', 'https://example.com'] };
  for (const address of ['127.0.0.1:4711', '10.0.0.7:4711'])
    expect(proxyConnection({ address, identity })).toEqual({
      kind: 'certified',
      identities: [{ trustDomain: 'cluster.local', namespace: 'edge', serviceAccount: 'gate' }],
    });
});

it('is nothing for a certificate that names no workload, also on this machine', () => {
  expect(proxyConnection({ address: '127.0.0.1:4711', identity: { uris: [] } })).toBeUndefined();
});
