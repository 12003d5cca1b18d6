import { describe, expect, test } from 'vitest';
import {
  commonHosts,
  compareHosts,
  hostsForNamespace,
} from '../../../../src/translate/gateway/server-hosts.js';

test('hosts of a server are for VirtualServices of their namespace', () => {
  const hosts = ['a.com', 'shop/b.com', 'pay/c.com', '*/d.com'];
  expect(hostsForNamespace(hosts, 'shop')).toEqual(['a.com', 'b.com', 'd.com']);
  expect(hostsForNamespace(hosts, 'pay')).toEqual(['a.com', 'c.com', 'd.com']);
});

describe('hosts in common', () => {
  test.each([
    [['*.com'], ['a.com', 'b.org'], ['a.com']],
    [['a.com', 'b.com'], ['*.com'], ['a.com', 'b.com']],
    [['*'], ['*.com', 'a.org'], ['*.com', 'a.org']],
    [['*.a.com'], ['*.com'], ['*.a.com']],
    [['*.com', 'a.com'], ['a.com'], ['a.com']],
    [['a.com'], ['b.com'], []],
    [['*.a.com'], ['a.com'], []],
  ])('of %j and %j are %j', (server, virtualService, common) => {
    expect(commonHosts(server, virtualService)).toEqual(common);
  });
});

test('the narrowest host comes first', () => {
  const hosts = ['*', '*.long.example.com', 'b.com', 'a.com', 'longer.com', '*.com'];
  expect(hosts.sort(compareHosts)).toEqual([
    'longer.com',
    'a.com',
    'b.com',
    '*.long.example.com',
    '*.com',
    '*',
  ]);
});
