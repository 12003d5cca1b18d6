import { expect, test } from 'vitest';
import { canonicalIp, parseIp, parsePrefix, prefixContains } from '../../../src/base/ip.js';

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['::', '::'],
  ['010.0.0.1', undefined],
  ['10.1', undefined],
  ['0x7f.0.0.1', undefined],
  ['10.0.0.1/32', undefined],
  ['', undefined],
  ['a.example', undefined],
])('%j is written %j', (text, expected) => {
  expect(canonicalIp(text)).toBe(expected);
});

test.each([
  ['10.0.0.0/8', 8],
  ['10.0.0.1/32', 32],
  ['fd00::/0', 0],
  ['fd00::/128', 128],
  ['10.0.0.0/33', undefined],
  ['fd00::/129', undefined],
  ['10.0.0.0/08', undefined],
  ['10.0.0.0/', undefined],
  ['10.0.0.0', undefined],
  ['10.0/8', undefined],
  ['fe80::1%eth0/64', undefined],
])('prefix %s has %j bits', (text, bits) => {
  expect(parsePrefix(text)?.bits).toBe(bits);
});

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.9.9.9/8', '10.0.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['0.0.0.0/0', '11.0.0.1', true],
  ['0.0.0.0/0', '::1', false],
  ['fd00::/8', 'fdff::1', true],
  ['fd00::/8', 'fe00::1', false],
])('%s holds %s: %j', (prefixText, addressText, expected) => {
  const prefix = parsePrefix(prefixText);
  const address = parseIp(addressText);
  if (prefix === undefined || address === undefined)
    throw new Error('the table has a text that does not parse');
  expect(prefixContains(prefix, address)).toBe(expected);
});
