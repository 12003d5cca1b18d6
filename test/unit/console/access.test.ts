import { expect, test } from 'vitest';
import { debugRefusal, type Requester } from '../../../src/console/access.js';

function from(remoteAddress: string | undefined, host?: string): Requester {
  return { socket: { remoteAddress }, headers: { ...(host !== undefined && { host }) } };
}

test.each([
  ['127.0.0.1', '127.0.0.1:15014'],
  ['::ffff:127.0.0.1', 'localhost:15014'],
  ['::1', '[::1]:15014'],
  ['127.0.0.1', undefined],
])('a request from %s for %s sees debug pages', (peer, host) => {
  expect(debugRefusal('loopback', from(peer, host))).toBeUndefined();
});

test('a request from elsewhere is told why it does not, and the way out', () => {
  for (const peer of ['10.0.0.9', '::ffff:10.0.0.9', 'fe80::1', undefined]) {
    const refusal = debugRefusal('loopback', from(peer, '127.0.0.1:15014'));
    expect(refusal).toContain(peer ?? 'unknown');
    expect(refusal).toContain('--debug-access any');
  }
});

test('a browser on this machine that a web page leads here under its own name does not', () => {
  for (const host of ['evil.example:15014', 'evil.example', '127.0.0.1.evil.example', '[::1].evil', '']) {
    expect(debugRefusal('loopback', from('127.0.0.1', host))).toContain('--debug-access any');
  }
});

test('everyone sees them where they are open', () => {
  expect(debugRefusal('any', from('10.0.0.9', 'pilot.example'))).toBeUndefined();
});
