import { describe, expect, test } from 'vitest';
import { parseRequest, type RequestDescription } from '../../../../src/explain/route/request.js';

function request(url: string, changes: Partial<RequestDescription> = {}) {
  return parseRequest({ method: 'get', url, headers: [], ...changes });
}

describe('a request', () => {
  test('goes to the port of its URL, or of its scheme', () => {
    expect(request('http://orders/a?b=c')).toEqual({
      method: 'GET',
      scheme: 'http',
      host: 'orders',
      port: 80,
      authority: 'orders',
      path: '/a?b=c',
      headers: [],
    });
    expect(request('https://orders')).toMatchObject({ scheme: 'https', port: 443, path: '/' });
    expect(request('http://orders:8080/')).toMatchObject({ port: 8080, authority: 'orders:8080' });
  });

  test('goes to the address of its URL, or to the one that is given', () => {
    expect(request('http://192.0.2.1:8080/')).toMatchObject({ address: '192.0.2.1', port: 8080 });
    expect(request('http://[2001:db8::1]/')).toMatchObject({
      address: '2001:db8::1',
      authority: '[2001:db8::1]',
    });
    expect(request('http://orders/', { to: '192.0.2.2' })).toMatchObject({ address: '192.0.2.2', port: 80 });
    expect(request('http://orders/', { to: '192.0.2.2:81' })).toMatchObject({
      address: '192.0.2.2',
      port: 81,
    });
  });

  test('has the host of its header before that of its URL, and names in lower case', () => {
    expect(request('http://192.0.2.1/', { headers: ['Host: orders', 'X-User:  a b '] })).toMatchObject({
      authority: 'orders',
      headers: [['x-user', 'a b']],
    });
  });

  test.each([
    ['orders', {}, '"orders" is no URL of a request'],
    ['ftp://orders/', {}, '"ftp://orders/" is no URL of a request'],
    ['http://orders/', { headers: ['x-user'] }, '"x-user" is no header'],
    ['http://orders/', { to: 'orders' }, '"orders" is no address to connect to'],
    ['http://orders/', { to: '192.0.2.1:http' }, '"192.0.2.1:http" is no address to connect to'],
  ])('%s with %j is refused', (url, changes, says) => {
    expect(() => request(url, changes)).toThrow(says);
  });
});
