import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressPlan,
  writableEntry,
  type StatusAddress,
  type WritableEntry,
} from '../../../src/clusters/address-plan.js';

const start = { ipv4: 0n, ipv6: 0n };

interface EntryOptions {
  readonly age?: number;
  readonly hosts?: readonly string[];
  readonly addresses?: readonly string[];
  readonly resolution?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly status?: readonly StatusAddress[];
}

/** An entry called `name` for `<name>.example`, made `age` seconds after the epoch. */
function entry(name: string, options: EntryOptions = {}): WritableEntry {
  const {
    age = 0,
    hosts = [`${name}.example`],
    addresses,
    resolution,
    labels,
    status,
  } = { resolution: 'STATIC', ...options };
  return writableEntry({
    metadata: {
      name,
      namespace: 'shop',
      resourceVersion: '1',
      creationTimestamp: new Date(age * 1000).toISOString(),
      labels,
    },
    spec: { hosts, addresses, resolution },
    ...(status === undefined ? {} : { status: { addresses: status } }),
  } as Parameters<typeof writableEntry>[0]);
}

function at(host: string, ...values: readonly string[]): readonly StatusAddress[] {
  return values.map((value) => ({ value, host }));
}

/** What is written, by the entry's name. */
function writes(...entries: readonly WritableEntry[]): Readonly<Record<string, readonly StatusAddress[]>> {
  const plan = addressPlan(entries, start);
  return Object.fromEntries(
    plan.writes.map(({ entry: { metadata }, addresses }) => [metadata.name, addresses]),
  );
}

test('every host of an entry gets an address of each family, the oldest entry first', () => {
  const younger = entry('a', { age: 2, hosts: ['a.example', 'b.example', 'a.example'] });
  expect(writes(younger, entry('z', { age: 1 }))).toEqual({
    z: at('z.example', '240.240.0.1', '2001:2::1'),
    a: [...at('a.example', '240.240.0.2', '2001:2::2'), ...at('b.example', '240.240.0.3', '2001:2::3')],
  });
});

describe('nothing is written', () => {
  test.each<[string, EntryOptions]>([
    ['where the status is complete', { status: at('a.example', '240.240.0.9', '2001:2::9') }],
    ['where a host has an address of one family only', { status: at('a.example', '240.240.0.9') }],
    ['where addresses are outside the ranges', { status: at('a.example', '10.0.0.1') }],
    ['where the entry names addresses', { addresses: ['10.0.0.1'] }],
    ['where nothing resolves the hosts', { resolution: 'NONE' }],
    ['where no resolution is named', { resolution: undefined }],
    ['where the entry opts out', { labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' } }],
    ['where all hosts are wildcards', { hosts: ['*.a.example'] }],
    [
      'where a status has something that is no address for a host that is gone',
      { status: [...at('a.example', '240.240.0.9'), ...at('gone.example', 'nonsense')] },
    ],
  ])('%s', (_, options) => {
    expect(writes(entry('a', { resolution: 'DNS', ...options }))).toEqual({});
  });
});

test('a wildcard gets an address where the name is resolved for each request', () => {
  const hosts = ['*.a.example'];
  expect(writes(entry('a', { hosts, resolution: 'DYNAMIC_DNS' }))).toEqual({
    a: at('*.a.example', '240.240.0.1', '2001:2::1'),
  });
});

test('hosts that come keep no other one from what it has, and those that go lose it', () => {
  const has = [...at('b.example', '240.240.0.7', '240.240.0.8'), ...at('gone.example', '240.240.0.9')];
  expect(writes(entry('a', { hosts: ['new.example', 'b.example'], status: has }))).toEqual({
    a: [...at('new.example', '240.240.0.1', '2001:2::1'), ...at('b.example', '240.240.0.7', '240.240.0.8')],
  });
});

test.each<[string, EntryOptions]>([
  ['names addresses', { addresses: ['10.0.0.1'] }],
  ['is resolved by nobody', { resolution: 'NONE' }],
  ['opts out', { labels: { 'networking.istio.io/enable-autoallocate-ip': 'FALSE' } }],
  ['has wildcards only', { hosts: ['*.a.example'] }],
])('an entry that has addresses and %s is to have none', (_, options) => {
  const status = at('a.example', '240.240.0.1', '2001:2::1');
  expect(writes(entry('a', { resolution: 'DNS', status, ...options }))).toEqual({ a: [] });
});

describe('an address that two entries have', () => {
  const both = at('x.example', '240.240.0.5', '2001:2::5');

  test('stays with the older one', () => {
    const old = entry('old', { age: 1, hosts: ['x.example'], status: both });
    const young = entry('young', { age: 2, hosts: ['x.example'], status: both });
    expect(writes(young, old)).toEqual({ young: at('x.example', '240.240.0.1', '2001:2::1') });
  });

  test('stays with the one that names it itself, however young it is', () => {
    const user = entry('user', { age: 9, addresses: ['2001:2:0::5'] });
    expect(writes(user, entry('x', { status: both }))).toEqual({
      x: at('x.example', '240.240.0.1', '2001:2::1'),
    });
  });

  test('stays with both outside the ranges', () => {
    const status = at('x.example', '10.0.0.1');
    const [a, b] = ['a', 'b'].map((name) => entry(name, { hosts: ['x.example'], status }));
    expect(writes(a as WritableEntry, b as WritableEntry)).toEqual({});
  });

  test('takes nothing else from the one that loses it', () => {
    const old = entry('old', { age: 1, hosts: ['x.example'], status: both });
    const young = entry('young', {
      age: 2,
      hosts: ['y.example', 'x.example'],
      status: [...at('y.example', '240.240.0.6', '2001:2::6'), ...both],
    });
    expect(writes(old, young)).toEqual({
      young: [...at('y.example', '240.240.0.6', '2001:2::6'), ...at('x.example', '240.240.0.1', '2001:2::1')],
    });
  });

  test('stays where it is if both are hosts of one entry', () => {
    const hosts = ['x.example', 'y.example'];
    const status = [...both, ...at('y.example', '240.240.0.5')];
    expect(writes(entry('a', { hosts, status }))).toEqual({});
  });
});

test('addresses that were given out before are given out again only after all the others', () => {
  const prefixes = { ipv4: '10.0.0.0/30', ipv6: 'fd00::/126' };
  const first = addressPlan([entry('a')], start, prefixes);
  expect(first.writes[0]?.addresses).toEqual(at('a.example', '10.0.0.1', 'fd00::1'));
  const positions = first.writes[0]?.positions ?? start;
  const hosts = ['b.example', 'c.example', 'd.example', 'e.example'];
  const second = addressPlan([entry('b', { hosts })], positions, prefixes);
  expect(second.writes[0]?.addresses).toEqual([
    ...at('b.example', '10.0.0.2', 'fd00::2'),
    ...at('c.example', '10.0.0.3', 'fd00::3'),
    ...at('d.example', '10.0.0.1', 'fd00::1'),
  ]);
  expect(second.starved).toBe(1);
});

test('an entry for which nothing is left is not written again and again', () => {
  const prefixes = { ipv4: '10.0.0.0/31', ipv6: 'fd00::/127' };
  const has = at('a.example', '10.0.0.1', 'fd00::1');
  const plan = addressPlan([entry('a', { hosts: ['a.example', 'b.example'], status: has })], start, prefixes);
  expect(plan).toEqual({ writes: [], starved: 1 });
});

test('objects that no API server would have taken are left alone', () => {
  const odd = {
    metadata: { name: 'odd', namespace: 'shop' },
    spec: { hosts: 'x', resolution: 7 },
    status: { addresses: 1 },
  };
  expect(addressPlan([writableEntry(odd)], start)).toEqual({ writes: [], starved: 0 });
});

describe('for any entries', () => {
  const hosts = fc.subarray(['a.example', 'b.example', '*.c.example'], { minLength: 1 });
  const status = fc.array(
    fc.record({
      value: fc.constantFrom('240.240.0.1', '240.240.0.2', '2001:2::1', '10.0.0.1', 'nonsense'),
      host: fc.constantFrom('a.example', 'b.example', '*.c.example'),
    }),
    { maxLength: 4 },
  );
  const options = fc.record({
    name: fc.constantFrom('p', 'q', 'r', 's'),
    age: fc.nat(2),
    hosts,
    status,
    resolution: fc.constantFrom('STATIC', 'NONE', 'DYNAMIC_DNS'),
    addresses: fc.constantFrom([], [], ['240.240.0.1']),
  });
  const sets = fc.uniqueArray(options, { selector: ({ name }) => name });

  test('what is written is all that there is to write, and no two entries have an address of the ranges', () => {
    fc.assert(
      fc.property(sets, (values) => {
        const entries = values.map(({ name, ...rest }) => entry(name, rest));
        const { writes: due } = addressPlan(entries, start);
        const written = new Map(due.map((write) => [write.entry, write.addresses]));
        const after = entries.map((each) => ({
          ...each,
          spec: { ...each.spec, statusAddresses: written.get(each) ?? each.spec.statusAddresses },
        }));
        expect(addressPlan(after, start).writes).toEqual([]);
        const owners = new Map<string, string>();
        for (const { metadata, spec } of after) {
          const inRange = spec.statusAddresses.filter(({ value }) => /^(240\.240|2001:2:)/.test(value));
          for (const { value } of inRange) {
            expect(owners.get(value) ?? metadata.name).toBe(metadata.name);
            owners.set(value, metadata.name);
          }
        }
      }),
    );
  });
});
