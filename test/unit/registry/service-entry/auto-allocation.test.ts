import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PilotError } from '../../../../src/base/errors.js';
import type { ServiceEntry } from '../../../../src/config/kinds/networking.js';
import type { ConfigObject } from '../../../../src/config/object.js';
import type { Allocations } from '../../../../src/registry/service-entry/auto-allocation.js';
import {
  allocateAddresses,
  qualifiesForAllocation,
  statusAddresses,
} from '../../../../src/registry/service-entry/auto-allocation.js';
import type { Meta } from '../object-builders.js';
import { serviceEntry } from '../object-builders.js';

type Entry = ConfigObject<'ServiceEntry'>;

const none: Allocations = new Map();

/** An entry called `name` for `<name>.example`, as old as `age` says. */
function entry(name: string, age: number, spec: Partial<ServiceEntry> = {}, meta: Meta = {}): Entry {
  return serviceEntry(name, [`${name}.example`], spec, { creationTime: age, ...meta });
}

function status(host: string, ...values: readonly string[]): Partial<ServiceEntry> {
  return { statusAddresses: values.map((value) => ({ value, host })) };
}

/** IPv4 addresses by host. */
function ipv4(allocations: Allocations): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    [...allocations.values()].flatMap((hosts) => [...hosts].map(([host, at]) => [host, at.ipv4])),
  );
}

test('hosts get one address of each family, one after the other by age, name and namespace', () => {
  const entries = [
    entry('b', 2),
    entry('c', 1),
    entry('a', 2),
    entry('b', 2, { hosts: ['other.example'] }, { namespace: 'a' }),
  ];
  const allocations = allocateAddresses(entries, none);
  expect(ipv4(allocations)).toEqual({
    'c.example': '240.240.0.1',
    'a.example': '240.240.0.2',
    'other.example': '240.240.0.3',
    'b.example': '240.240.0.4',
  });
  expect(allocations.get('shop/b')?.get('b.example')?.ipv6).toBe('2001:2::4');
});

describe('an entry qualifies', () => {
  test.each<[string, Partial<ServiceEntry>, Meta, boolean]>([
    ['as it is', {}, {}, true],
    ['unless nothing resolves it', { resolution: 'NONE' }, {}, false],
    ['unless it has an address', { addresses: ['240.1.0.1'] }, {}, false],
    ['unless it opts out', {}, { labels: { 'networking.istio.io/enable-autoallocate-ip': 'False' } }, false],
    [
      'when its label says anything else',
      {},
      { labels: { 'networking.istio.io/enable-autoallocate-ip': 'no' } },
      true,
    ],
  ])('%s', (_, spec, meta, expected) => {
    const object = entry('a', 1, spec, meta);
    expect(qualifiesForAllocation(object)).toBe(expected);
    expect(allocateAddresses([object], none).has('shop/a')).toBe(expected);
  });
});

test('each host of an entry once, and a wildcard only where the name is resolved for each request', () => {
  const hosts = ['b.example', '*.a.example', 'b.example', 'c.example'];
  expect(ipv4(allocateAddresses([entry('a', 1, { hosts, resolution: 'DNS' })], none))).toEqual({
    'b.example': '240.240.0.1',
    'c.example': '240.240.0.2',
  });
  expect(ipv4(allocateAddresses([entry('a', 1, { hosts, resolution: 'DYNAMIC_DNS' })], none))).toEqual({
    'b.example': '240.240.0.1',
    '*.a.example': '240.240.0.2',
    'c.example': '240.240.0.3',
  });
});

test('addresses that entries name themselves are left out, in whatever form they are written', () => {
  const taken = entry('z', 9, { addresses: ['240.240.0.1', '2001:2:0::1'] });
  const allocations = allocateAddresses([entry('a', 1), taken], none);
  expect(allocations.get('shop/a')?.get('a.example')).toEqual({ ipv4: '240.240.0.2', ipv6: '2001:2::2' });
});

describe('a host keeps', () => {
  test('what its status says, and others go around it', () => {
    const kept = entry('b', 2, status('b.example', '240.240.0.1', '2001:2::7'));
    const allocations = allocateAddresses([entry('a', 1), kept], none);
    expect(allocations.get('shop/b')?.get('b.example')).toEqual({ ipv4: '240.240.0.1', ipv6: '2001:2::7' });
    expect(allocations.get('shop/a')?.get('a.example')).toEqual({ ipv4: '240.240.0.2', ipv6: '2001:2::1' });
  });

  test('what it had, when older entries come and others go', () => {
    const before = allocateAddresses([entry('b', 2), entry('c', 3)], none);
    const after = allocateAddresses([entry('a', 1), entry('c', 3)], before);
    expect(ipv4(after)).toEqual({ 'c.example': '240.240.0.2', 'a.example': '240.240.0.1' });
  });

  test('what it had, when a host is added to its entry', () => {
    const before = allocateAddresses([entry('a', 1), entry('b', 2)], none);
    const grown = entry('a', 1, { hosts: ['new.example', 'a.example'] });
    expect(ipv4(allocateAddresses([grown, entry('b', 2)], before))).toEqual({
      'a.example': '240.240.0.1',
      'b.example': '240.240.0.2',
      'new.example': '240.240.0.3',
    });
  });

  test('nothing of it, when an entry now names the address itself', () => {
    const before = allocateAddresses([entry('a', 1)], none);
    const user = entry('z', 9, { addresses: ['240.240.0.1'] });
    expect(ipv4(allocateAddresses([entry('a', 1), user], before))).toEqual({ 'a.example': '240.240.0.2' });
  });

  test('nothing of it, when the status of an older entry has the address too', () => {
    const older = entry('b', 1, status('b.example', '240.240.0.5'));
    const younger = entry('a', 2, status('a.example', '240.240.0.5'));
    expect(ipv4(allocateAddresses([younger, older], none))).toEqual({
      'b.example': '240.240.0.5',
      'a.example': '240.240.0.1',
    });
  });
});

test('a range that is used up leaves its family out and the other one in', () => {
  const entries = ['a', 'b', 'c', 'd'].map((name, index) => entry(name, index));
  const allocations = allocateAddresses(entries, none, { ipv4: '10.0.0.4/30', ipv6: 'fd00::/64' });
  expect(ipv4(allocations)).toEqual({
    'a.example': '10.0.0.5',
    'b.example': '10.0.0.6',
    'c.example': '10.0.0.7',
    'd.example': undefined,
  });
  expect(allocations.get('shop/d')?.get('d.example')).toEqual({ ipv6: 'fd00::4' });
});

test('goes on past the last octet', () => {
  const hosts = Array.from({ length: 300 }, (_, index) => `h${index}.example`);
  const allocated = allocateAddresses([entry('a', 1, { hosts })], none).get('shop/a');
  expect(allocated?.get('h254.example')).toEqual({ ipv4: '240.240.0.255', ipv6: '2001:2::ff' });
  expect(allocated?.get('h255.example')).toEqual({ ipv4: '240.240.1.0', ipv6: '2001:2::100' });
});

test('refuses a range that is none', () => {
  expect(() => allocateAddresses([], none, { ipv4: '240.240.0.0', ipv6: '2001:2::/48' })).toThrow(PilotError);
});

test('reads the status by host and family, and nothing that is no address', () => {
  const { spec } = entry('a', 1, {
    statusAddresses: [
      { value: '240.240.0.1', host: 'a.example' },
      { value: '240.240.0.2', host: 'a.example' },
      { value: '2001:2:0::9', host: 'a.example' },
      { value: 'nonsense', host: 'a.example' },
      { value: '240.240.0.3', host: 'b.example' },
    ],
  });
  expect(statusAddresses(spec, 'a.example')).toEqual({ ipv4: '240.240.0.2', ipv6: '2001:2::9' });
  expect(statusAddresses(spec, 'c.example')).toEqual({});
});

describe('for any entries', () => {
  const entries = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), age: fc.nat(2), user: fc.boolean() }),
    { selector: ({ name }) => name },
  );
  const build = (values: readonly { name: string; age: number; user: boolean }[]): readonly Entry[] =>
    values.map(({ name, age, user }) =>
      entry(name, age, user ? { addresses: [`240.240.0.${1 + (name.charCodeAt(0) % 3)}`] } : {}),
    );

  test('the order they come in does not matter', () => {
    fc.assert(
      fc.property(entries, (values) => {
        expect(allocateAddresses(build([...values].reverse()), none)).toEqual(
          allocateAddresses(build(values), none),
        );
      }),
    );
  });

  test('no two hosts share an address, and none changes that nobody else claims', () => {
    fc.assert(
      fc.property(entries, entries, (first, second) => {
        const before = allocateAddresses(build(first), none);
        const after = allocateAddresses(build(second), before);
        const addresses = Object.values(ipv4(after));
        expect(new Set(addresses).size).toBe(addresses.length);
        const claimed = new Set(build(second).flatMap((it) => it.spec.addresses));
        const now = ipv4(after);
        const moved = Object.entries(ipv4(before)).filter(
          ([host, address]) => host in now && !claimed.has(address ?? '') && now[host] !== address,
        );
        expect(moved).toEqual([]);
      }),
    );
  });
});
