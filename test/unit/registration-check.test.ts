/** Who may be registered by a group, by the connection of the proxy. */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../../src/base/logger.js';
import { MemoryObjectSource } from '../../src/config/memory-source.js';
import { fromJson } from '../../src/envoy/json.js';
import { Node } from '../../src/envoy/messages.js';
import { AutoRegistration } from '../../src/mesh/auto-registration/auto-registration.js';
import { registrationCheck } from '../../src/registration-check.js';
import { spiffe } from '../certificate-authority.js';
import { workloadGroup } from './mesh/auto-registration/builders.js';

const metadata = { AUTO_REGISTER_GROUP: 'legacy', NAMESPACE: 'shop' };
const elsewhere = '10.9.9.9:4711';

let registration: AutoRegistration;

beforeEach(() => {
  registration = new AutoRegistration({ gracePeriod: 10_000, logger: silentLogger });
  registration.extend(new MemoryObjectSource('Kubernetes', [workloadGroup()]));
});

afterEach(() => registration.dispose());

function check(
  from: { peer?: string; uri?: string },
  node: Readonly<Record<string, unknown>> = metadata,
  checksIdentity = true,
): unknown {
  const { peer = elsewhere, uri } = from;
  const context = uri === undefined ? {} : { sslPeerCertificate: { subjectaltname: `URI:${uri}` } };
  const call = { getPeer: () => peer, getAuthContext: () => context };
  const id = 'sidecar~10.1.2.3~vm-1.shop~shop.svc.cluster.local';
  return registrationCheck(registration, checksIdentity)(call, fromJson(Node, { id, metadata: node }));
}

test.each([
  ['with the account of the template', { uri: spiffe('shop', 'legacy') }],
  ['on this machine', { peer: '127.0.0.1:4711' }],
])('a proxy %s may be registered', (_, from) => {
  expect(check(from)).toBeUndefined();
  expect(registration.counts.refused).toBe(0);
});

test.each([
  ['of another account', { uri: spiffe('shop', 'web') }],
  ['of another namespace', { uri: spiffe('bank', 'legacy') }],
  ['of another account on this machine', { uri: spiffe('shop', 'web'), peer: '127.0.0.1:4711' }],
  ['without a certificate on another machine', {}],
])('a proxy %s is PERMISSION_DENIED, and counted', (_, from) => {
  expect(check(from)).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(registration.counts.refused).toBe(1);
});

test('without identity checks every proxy may be registered', () => {
  expect(check({}, metadata, false)).toBeUndefined();
});

test('a group that is not there is FAILED_PRECONDITION, and one that nobody names none of its business', () => {
  expect(check({}, { ...metadata, AUTO_REGISTER_GROUP: 'nobody' })).toMatchObject({
    code: status.FAILED_PRECONDITION,
    message: expect.stringContaining('shop/nobody'),
  });
  expect(check({}, { NAMESPACE: 'shop' })).toBeUndefined();
});

test('labels that are none are INVALID_ARGUMENT', () => {
  expect(check({ peer: '127.0.0.1:1' }, { ...metadata, LABELS: { app: 'a b' } })).toMatchObject({
    code: status.INVALID_ARGUMENT,
    message: expect.stringContaining('app'),
  });
});
