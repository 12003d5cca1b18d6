/** Whether a client may ask as a node (xDS checklist 91). */
import fc from 'fast-check';
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkPeerIdentity, parseSpiffe, peerIdentityOf } from '../../../src/xds/peer-identity.js';
import { CertificateAuthority, spiffe } from '../../certificate-authority.js';

const web = { namespace: 'shop', serviceAccount: 'web' };

describe('a node is refused to a client', () => {
  test.each([
    ['of another namespace', [spiffe('bank', 'web')], web],
    ['of another service account', [spiffe('shop', 'db')], web],
    ['whose identities fit only together', [spiffe('shop', 'db'), spiffe('bank', 'web')], web],
    ['without a SPIFFE identity', ['https://shop.example.com'], web],
    ['without any URI', [], web],
    ['whose identity has more parts', [`${spiffe('shop', 'web')}/x`], web],
    [
      'whose identity is of another form',
      ['spiffe://cluster.local/shop/web'],
      { namespace: '', serviceAccount: '' },
    ],
  ])('%s', (_, uris, node) => {
    const reason = checkPeerIdentity({ uris }, node);
    expect(reason).toBeTypeOf('string');
    for (const uri of uris) expect(reason).toContain(uri);
  });

  test('without a certificate', () => {
    expect(checkPeerIdentity(undefined, { namespace: '', serviceAccount: '' })).toContain('no certificate');
  });

  test('of another trust domain, where one is asked for', () => {
    const reason = checkPeerIdentity({ uris: [spiffe('shop', 'web', 'evil.org')] }, web, 'cluster.local');
    expect(reason).toContain('trust domain "cluster.local"');
  });
});

describe('a node is given to a client', () => {
  test.each([
    ['of its namespace and service account', [spiffe('shop', 'web')], web],
    [
      'of its namespace, when it names no service account',
      [spiffe('shop', 'db')],
      { ...web, serviceAccount: '' },
    ],
    ['of any namespace, when it has none', [spiffe('bank', 'web')], { ...web, namespace: '' }],
    ['one of whose identities fits', ['https://x', spiffe('bank', 'web'), spiffe('shop', 'web')], web],
    ['of any trust domain', [spiffe('shop', 'web', 'evil.org')], web],
  ])('%s', (_, uris, node) => expect(checkPeerIdentity({ uris }, node)).toBeUndefined());

  test('of the trust domain that is asked for', () => {
    expect(checkPeerIdentity({ uris: [spiffe('shop', 'web')] }, web, 'cluster.local')).toBeUndefined();
  });
});

test('a SPIFFE name is read into its parts', () => {
  expect(parseSpiffe('spiffe://td/ns/a/sa/b')).toEqual({
    trustDomain: 'td',
    namespace: 'a',
    serviceAccount: 'b',
  });
  for (const text of [
    '',
    'spiffe://',
    'spiffe://td/ns//sa/b',
    'spiffe:///ns/a/sa/b',
    'https://td/ns/a/sa/b',
    'spiffe://td/sa/b/ns/a',
  ]) {
    expect(parseSpiffe(text)).toBeUndefined();
  }
});

describe('the identity of a client', () => {
  const identityOf = (subjectaltname: string | undefined): unknown =>
    peerIdentityOf({ sslPeerCertificate: subjectaltname === undefined ? {} : { subjectaltname } });

  test('is nobody’s without a verified certificate', () => {
    expect(peerIdentityOf({})).toBeUndefined();
  });

  test('is the URIs among its names, in their order', () => {
    expect(identityOf('DNS:web.shop, URI:spiffe://a/ns/b/sa/c, IP Address:10.0.0.1, URI:https://x')).toEqual({
      uris: ['spiffe://a/ns/b/sa/c', 'https://x'],
    });
    expect(identityOf(undefined)).toEqual({ uris: [] });
    expect(identityOf('DNS:web.shop')).toEqual({ uris: [] });
  });

  test('is not taken from within another name', () => {
    expect(identityOf('DNS:"a, URI:spiffe://a/ns/b/sa/c"')).toEqual({ uris: [] });
    expect(identityOf('URI:"spiffe://a/ns/b/sa/c, URI:spiffe://a/ns/d/sa/e"')).toEqual({ uris: [] });
    expect(identityOf('URI:spiffe://a/ns/b/sa/c, DNS:"unfinished')).toEqual({ uris: [] });
  });

  test('is what a real certificate names, whatever else stands in its other names', async () => {
    const authority = await CertificateAuthority.create();
    await fc.assert(
      fc.asyncProperty(fc.array(hostileName, { maxLength: 3 }), async (names) => {
        const mine = spiffe('shop', 'web');
        const { cert } = await authority.issue({ name: 'x', dns: names, uris: [...names, mine] });
        const { subjectAltName } = new X509Certificate(cert);
        expect(
          peerIdentityOf({ sslPeerCertificate: { subjectaltname: subjectAltName ?? '' } })?.uris,
        ).toEqual(expect.arrayContaining([mine]));
        const identity = peerIdentityOf({ sslPeerCertificate: { subjectaltname: subjectAltName ?? '' } });
        expect(checkPeerIdentity(identity, { namespace: 'victim', serviceAccount: '' })).toBeTypeOf('string');
      }),
      { numRuns: 50 },
    );
  });
});

/** Names that try to look like several. */
const hostileName = fc
  .array(fc.constantFrom(', ', ',', '"', '\\', 'URI:', spiffe('victim', 'web'), 'DNS:', 'a', '\\"', ':'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => `x${parts.join('')}`);
