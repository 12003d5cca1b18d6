/** Which ways of listening are refused at the start (xDS checklist 91). */
import { describe, expect, test } from 'vitest';
import { checkListening, type ListeningOptions } from '../../src/listening-policy.js';

function refusal(options: Partial<ListeningOptions> & { host?: string }): unknown {
  try {
    checkListening({
      xdsAddress: { host: options.host ?? '127.0.0.1', port: 15010 },
      allowPlaintext: false,
      ...options,
    });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('ADS without TLS', () => {
  test.each(['0.0.0.0', '::', '10.0.0.1', 'pilot.example'])(
    'is refused on %s, with both ways out',
    (host) => {
      expect(refusal({ host })).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(host),
        hint: expect.stringMatching(/--tls-cert.*--allow-plaintext/s),
      });
    },
  );

  test.each(['127.0.0.1', '::1', 'localhost'])('is served on %s', (host) => {
    expect(refusal({ host })).toBeUndefined();
  });

  test('is served anywhere when it is asked for', () => {
    expect(refusal({ host: '0.0.0.0', allowPlaintext: true })).toBeUndefined();
  });
});

test('ADS with TLS is served anywhere', () => {
  expect(refusal({ host: '0.0.0.0', tlsCert: 'tls.crt' })).toBeUndefined();
});

test('a trust domain that nothing would check is refused', () => {
  expect(refusal({ identityTrustDomain: 'cluster.local' })).toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--tls-client-ca'),
  });
  expect(refusal({ identityTrustDomain: 'cluster.local', tlsClientCa: 'ca.crt' })).toBeUndefined();
});
