import { expect, test } from 'vitest';
import { isLoopback } from '../../../src/base/loopback.js';

test.each([
  '127.0.0.1',
  '127.9.8.7',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  'localhost',
  'LocalHost',
  'a.localhost',
])('%s is this machine alone', (host) => expect(isLoopback(host)).toBe(true));

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '::ffff:10.0.0.1',
  '128.0.0.1',
  'fe80::1',
  '127.0.0.1.example.com',
  'localhost.example.com',
  'example.com',
  '',
])('"%s" is not', (host) => expect(isLoopback(host)).toBe(false));
