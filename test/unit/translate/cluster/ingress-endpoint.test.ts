import { describe, expect, it } from 'vitest';
import { ingressEndpoint, isLoopback } from '../../../../src/translate/cluster/ingress-endpoint.js';

const ipv4 = ['10.0.0.1'];
const ipv6 = ['2001:db8::1'];

describe('ingressEndpoint', () => {
  it.each([
    ['127.0.0.1:80', ipv4, '127.0.0.1'],
    ['127.0.0.1:80', ipv6, '::1'],
    ['[::1]:80', ipv6, '::1'],
    ['[::1]:80', ipv4, '127.0.0.1'],
    ['0.0.0.0:80', [...ipv6, ...ipv4], '10.0.0.1'],
    ['0.0.0.0:80', ipv6, '127.0.0.1'],
    ['[::]:80', [...ipv4, ...ipv6], '2001:db8::1'],
    ['[::]:80', ipv4, '::1'],
  ])('resolves %s for a proxy of %j', (text, addresses, address) => {
    expect(ingressEndpoint(text, addresses)).toEqual({ kind: 'address', address, port: 80 });
  });

  it('goes where the connection was going without an endpoint', () => {
    expect(ingressEndpoint('', ipv4)).toEqual({ kind: 'original' });
  });

  it('takes a socket by its path', () => {
    expect(ingressEndpoint('unix:///var/run/app.sock', ipv4)).toEqual({
      kind: 'pipe',
      path: '/var/run/app.sock',
    });
  });

  it.each(['127.0.0.1', 'app:http', '::1:80'])('does not understand %s', (text) => {
    expect(ingressEndpoint(text, ipv4)).toBeUndefined();
  });

  it('tells loopback from the address of the proxy', () => {
    expect(
      ['127.0.0.1:1', '[::1]:1', '0.0.0.0:1', 'unix:///x', ''].map((text) => {
        const endpoint = ingressEndpoint(text, [...ipv4, ...ipv6]);
        return endpoint !== undefined && isLoopback(endpoint);
      }),
    ).toEqual([true, true, false, false, false]);
  });
});
