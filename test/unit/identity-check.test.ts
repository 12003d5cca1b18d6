/** From a gRPC call and a node on the wire to the status of a refusal (xDS checklist 91). */
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { fromJson } from '../../src/envoy/json.js';
import { Node } from '../../src/envoy/messages.js';
import { identityCheck } from '../../src/identity-check.js';
import { spiffe } from '../certificate-authority.js';

const id = 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local';

function check(uri: string | undefined, node: unknown, trustDomain?: string): unknown {
  const context = uri === undefined ? {} : { sslPeerCertificate: { subjectaltname: `URI:${uri}` } };
  return identityCheck(trustDomain)({ getAuthContext: () => context }, fromJson(Node, node));
}

describe('a stream', () => {
  test('is UNAUTHENTICATED without a verified certificate', () => {
    expect(check(undefined, { id })).toMatchObject({ code: status.UNAUTHENTICATED });
  });

  test.each([
    ['the namespace of the metadata', { id, metadata: { NAMESPACE: 'bank' } }],
    ['the namespace of the id', { id: 'sidecar~10.0.0.1~web-1.bank~bank.svc.cluster.local' }],
    ['the service account', { id, metadata: { SERVICE_ACCOUNT: 'db' } }],
  ])('is PERMISSION_DENIED when %s is another', (_, node) => {
    expect(check(spiffe('shop', 'web'), node)).toMatchObject({
      code: status.PERMISSION_DENIED,
      message: expect.stringContaining(spiffe('shop', 'web')),
    });
  });

  test('is PERMISSION_DENIED when the trust domain is another', () => {
    expect(check(spiffe('shop', 'web', 'evil.org'), { id }, 'cluster.local')).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });

  test('is INVALID_ARGUMENT when nobody can tell of which namespace the node is', () => {
    expect(check(spiffe('shop', 'web'), { id: 'web' })).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: expect.stringContaining('<type>~<ip>~<name>~<domain>'),
    });
  });

  test('is let through when all of it fits', () => {
    const node = { id, metadata: { NAMESPACE: 'shop', SERVICE_ACCOUNT: 'web' } };
    expect(check(spiffe('shop', 'web'), node, 'cluster.local')).toBeUndefined();
  });
});
