import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { joinHostPort, splitHostPort } from '../../../src/base/host-port.js';

describe('a host and a port as one text', () => {
  test.each([
    ['orders:7070', { host: 'orders', port: '7070' }],
    ['[::1]:80', { host: '::1', port: '80' }],
    ['[orders]:80', { host: 'orders', port: '80' }],
    ['orders:', { host: 'orders', port: '' }],
    [':80', { host: '', port: '80' }],
    ['orders:grpc', { host: 'orders', port: 'grpc' }],
  ])('%s is read', (text, parts) => {
    expect(splitHostPort(text)).toEqual(parts);
  });

  test.each(['', 'orders', '::1:80', 'a:b:c', '[::1]', '[::1', '[::1]80', '[a]b:80', 'a]:80', 'a:[80]'])(
    '"%s" is none',
    (text) => {
      expect(splitHostPort(text)).toBeUndefined();
    },
  );

  it('is read as it was written', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant('*.example.com'));
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        expect(splitHostPort(joinHostPort(name, port))).toEqual({ host: name, port: String(port) });
      }),
    );
  });
});
