import { expect, test } from 'vitest';
import { environmentProxy } from '../../../src/kubernetes/environment-proxy.js';

const HTTPS_PROXY = 'http://proxy.example.com:3128';

test.each([
  ['https://api.example.com:6443', '', true],
  ['http://api.example.com:6443', '', false],
  ['https://localhost:6443', '', false],
  ['https://127.0.0.1:6443', '', false],
  ['https://[::1]:6443', '', false],
  ['https://api.example.com', '*', false],
  ['https://api.example.com', 'example.com', false],
  ['https://api.example.com', '.example.com', false],
  ['https://api.example.com', '*.example.com', false],
  ['https://API.example.com', ' other.test , API.Example.com ', false],
  ['https://badexample.com', 'example.com', true],
  ['https://example.com', '.example.com', true],
  ['https://api.example.com:6443', 'example.com:6443', false],
  ['https://api.example.com', 'example.com:443', false],
  ['https://api.example.com:6443', 'example.com:443', true],
  ['https://10.1.2.3:6443', '10.0.0.0/8', false],
  ['https://10.1.2.3:6443', '10.1.2.3', false],
  ['https://11.1.2.3:6443', '10.0.0.0/8', true],
  ['https://api.example.com', '10.0.0.0/8', true],
  ['https://[fd00::1]:6443', 'fd00::/8', false],
  ['https://[fd00::1]:6443', 'fd00::1', false],
  ['https://[fd00::1]:6443', 'fd00::2', true],
])('%s with NO_PROXY "%s" is reached through the proxy: %j', (server, NO_PROXY, proxied) => {
  const found = environmentProxy(new URL(server), { HTTPS_PROXY, NO_PROXY });
  expect(found?.href).toBe(proxied ? `${HTTPS_PROXY}/` : undefined);
});

test('the names may be written small, and a proxy without a scheme', () => {
  const server = new URL('https://api.example.com');
  expect(environmentProxy(server, { https_proxy: 'proxy:3128' })?.href).toBe('http://proxy:3128/');
  expect(environmentProxy(server, { https_proxy: 'proxy:3128', no_proxy: 'example.com' })).toBeUndefined();
  expect(environmentProxy(server, {})).toBeUndefined();
});

test('a proxy that is not reached by HTTP is refused with the way around it', () => {
  const server = new URL('https://api.example.com');
  expect(() => environmentProxy(server, { HTTPS_PROXY: 'socks5://proxy' })).toThrow(
    expect.objectContaining({
      code: 'KUBECONFIG_INVALID',
      message: 'HTTPS_PROXY "socks5://proxy" is not a URL that begins with http://',
      hint: 'Except the API server from it: NO_PROXY=api.example.com.',
    }),
  );
});
