import { describe, expect, test } from 'vitest';
import { findVirtualHost } from '../../../../src/explain/route/virtual-host.js';

const configuration = {
  ignore_port_in_host_matching: true,
  virtual_hosts: [
    { name: 'all', domains: ['*'] },
    { name: 'end', domains: ['*.example.com', '*-b.example.com'] },
    { name: 'longer end', domains: ['*.shop.example.com'] },
    { name: 'start', domains: ['a.*'] },
    { name: 'exact', domains: ['A.example.com', '[2001:db8::1]'] },
  ],
};

describe('the virtual host', () => {
  test.each([
    ['a.example.com', 'exact'],
    ['A.EXAMPLE.com:8080', 'exact'],
    ['[2001:db8::1]:80', 'exact'],
    ['b.example.com', 'end'],
    ['b.shop.example.com', 'longer end'],
    ['.example.com', 'all'],
    ['a.example.org', 'start'],
    ['a.', 'all'],
    ['other', 'all'],
  ])('of %s is "%s"', (authority, name) => {
    expect(findVirtualHost(configuration, authority)?.name).toBe(name);
  });

  test('is found with the port where ports count', () => {
    const withPorts = {
      virtual_hosts: [
        { name: 'with', domains: ['a.com:81'] },
        { name: 'without', domains: ['a.com'] },
      ],
    };
    expect(findVirtualHost(withPorts, 'a.com:81')?.name).toBe('with');
    expect(findVirtualHost(withPorts, 'a.com')?.name).toBe('without');
    expect(findVirtualHost(withPorts, 'a.com:82')).toBeUndefined();
  });
});
