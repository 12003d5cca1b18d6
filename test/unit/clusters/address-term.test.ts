/** One who leads, and an API that keeps entries in memory. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AddressTerm, type AddressProgress } from '../../../src/clusters/address-term.js';
import type { WriteResult } from '../../../src/clusters/address-write.js';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { eventually } from '../../../testenv/process.mjs';
import { PlainAccess, ScriptedApi, sendJson, sendStatus } from '../kubernetes/scripted-api.js';
import { MemoryEntries } from './memory-entries.js';

let api: ScriptedApi;
let client: ApiClient;
let entries: MemoryEntries;
let end: AbortController;
let term: AddressTerm;
let running: Promise<void>;
let holds: boolean;
let selected: (namespace: string) => boolean;
let outcomes: WriteResult['outcome'][];
let progress: AddressProgress | undefined;
let reading: (string | undefined)[];
let writing: (string | undefined)[];

beforeEach(async () => {
  api = await ScriptedApi.start();
  entries = new MemoryEntries(api);
  client = new ApiClient(new PlainAccess(api.url), {
    timing: { firstRetry: 5, lastRetry: 20, discoverMissing: 5 },
  });
  end = new AbortController();
  holds = true;
  selected = () => true;
  outcomes = [];
  progress = undefined;
  reading = [];
  writing = [];
});

afterEach(async () => {
  end.abort();
  await running;
  client.close();
});

function start(batch = 10): void {
  const { signal } = end;
  const host = {
    selected: (namespace: string) => selected(namespace),
    progress: (now: AddressProgress) => {
      progress = now;
    },
    wrote: ({ outcome }: WriteResult) => outcomes.push(outcome),
    reading: (error: Error | undefined) => reading.push(error?.message),
    writing: (error: Error | undefined) => writing.push(error?.message),
  };
  const timing = { gather: 1, interval: 1, batch };
  term = new AddressTerm(client, { signal, holds: () => holds }, host, timing);
  running = term.run();
}

/** Waits until the status of an entry has these IPv4 addresses. */
function expectIpv4(name: string, ...addresses: readonly string[]): Promise<true> {
  return eventually(`${name} at ${addresses.join()}`, () => {
    expect(entries.ipv4('shop', name)).toEqual(addresses);
    return true;
  });
}

test('statuses are written, each once, and those of entries that come later', async () => {
  for (const name of ['a', 'b', 'c', 'd']) entries.put('shop', name);
  start(3);
  await expectIpv4('d', '240.240.0.4');
  entries.put('shop', 'e');
  await expectIpv4('e', '240.240.0.5');
  expect(entries.patches).toEqual(['shop/a@1', 'shop/b@2', 'shop/c@3', 'shop/d@4', 'shop/e@9']);
  await eventually('nothing to be due', () => progress?.due === 0 || undefined);
  expect(progress).toEqual({ entries: 5, due: 0, starved: 0 });
});

test('an address that was given up is not given to the next who comes', async () => {
  entries.put('shop', 'a');
  start();
  await expectIpv4('a', '240.240.0.1');
  entries.delete('shop', 'a');
  entries.put('shop', 'b');
  await expectIpv4('b', '240.240.0.2');
});

test('an entry that does not qualify any more loses its addresses', async () => {
  entries.put('shop', 'a');
  start();
  await expectIpv4('a', '240.240.0.1');
  entries.put('shop', 'a', { resolution: 'NONE' });
  await expectIpv4('a');
});

test('a kind that is not defined is waited for, also after it was taken away', async () => {
  const looks = (): number =>
    api.requests.filter((line) => line.endsWith('/apis/networking.istio.io')).length;
  entries.define(false);
  entries.put('shop', 'a');
  start();
  await eventually('a second look', () => looks() > 1 || undefined);
  entries.define(true);
  await expectIpv4('a', '240.240.0.1');
  const before = looks();
  entries.define(false);
  await eventually('another look', () => looks() > before + 1 || undefined);
  entries.put('shop', 'b');
  entries.define(true);
  await expectIpv4('b', '240.240.0.2');
  expect(reading.filter((message) => message !== undefined)).toEqual([]);
});

test('entries of namespaces that do not count are left alone until they do', async () => {
  selected = (namespace) => namespace !== 'shop';
  entries.put('shop', 'hidden');
  entries.put('other', 'a');
  start();
  await eventually('the other one', () => entries.ipv4('other', 'a')?.length === 1 || undefined);
  expect(entries.ipv4('shop', 'hidden')).toBeUndefined();
  selected = () => true;
  term.replan();
  await expectIpv4('hidden', '240.240.0.2');
});

test('nothing is written once it is not certain that one leads', async () => {
  entries.put('shop', 'a');
  start();
  await expectIpv4('a', '240.240.0.1');
  holds = false;
  const { patches } = entries;
  entries.put('shop', 'b');
  await eventually('the plan', () => progress?.due === 1 || undefined);
  end.abort();
  await running;
  expect(patches).toEqual(['shop/a@1']);
});

describe('an entry that is another one already', () => {
  test('is not written until the newer version is known, and then as that one has it', async () => {
    entries.put('shop', 'a');
    let conflicts = 0;
    entries.onPatch = (exchange) => {
      conflicts += 1;
      if (conflicts === 1) {
        entries.telling = false;
        entries.put('shop', 'a', { hosts: ['new.example'] });
        entries.telling = true;
        sendStatus(exchange, 409, 'Conflict');
        return true;
      }
      return false;
    };
    start();
    await eventually('the refusal', () => outcomes.includes('outdated') || undefined);
    // Whatever else happens is no reason to try the version again.
    entries.put('shop', 'b');
    await expectIpv4('b', '240.240.0.2');
    expect(entries.patches).toEqual(['shop/a@1', 'shop/b@3']);
    entries.put('shop', 'a', { hosts: ['new.example'] });
    await expectIpv4('a', '240.240.0.3');
    expect(outcomes).toEqual(['outdated', 'written', 'written']);
    expect(writing.filter((message) => message !== undefined)).toEqual([]);
  });

  test('is left alone where the address came to be somebody else’s', async () => {
    entries.put('shop', 'a');
    start();
    await expectIpv4('a', '240.240.0.1');
    entries.put('shop', 'user', { addresses: ['240.240.0.1'] });
    await expectIpv4('a', '240.240.0.2');
  });
});

describe('a failure', () => {
  test('is told, ends the round, and is tried again after the others', async () => {
    entries.put('shop', 'a');
    entries.put('shop', 'b');
    let denied = true;
    entries.onPatch = (exchange, key) => {
      if (!denied || key !== 'shop/a') return false;
      sendStatus(exchange, 403, 'Forbidden', 'not there');
      return true;
    };
    start();
    await expectIpv4('b', '240.240.0.2');
    await eventually(
      'a second failure',
      () => outcomes.filter((it) => it === 'failed').length > 1 || undefined,
    );
    expect(writing.at(-1)).toContain('not there');
    denied = false;
    await eventually('the end', () => entries.ipv4('shop', 'a')?.length === 1 || undefined);
    await eventually(
      'the all-clear',
      () => (writing.length > 0 && writing.at(-1) === undefined) || undefined,
    );
  });

  test('that concerns one entry is not tried again before it is another one', async () => {
    entries.put('shop', 'a');
    entries.put('shop', 'b');
    entries.onPatch = (exchange, key) => {
      if (key !== 'shop/a') return false;
      sendStatus(exchange, 422, 'Invalid');
      return true;
    };
    start();
    await expectIpv4('b', '240.240.0.2');
    entries.put('shop', 'c');
    await eventually('the third', () => entries.ipv4('shop', 'c')?.length === 1 || undefined);
    expect(outcomes).toEqual(['rejected', 'written', 'written']);
  });

  test('to keep what is written does not lead to writing it for ever', async () => {
    const stored = entries.put('shop', 'a');
    entries.onPatch = (exchange, key) => {
      if (key !== 'shop/a') return false;
      sendJson(exchange, stored);
      return true;
    };
    start();
    await eventually('the first try', () => outcomes.length === 1 || undefined);
    entries.put('shop', 'b');
    await expectIpv4('b', '240.240.0.2');
    expect(outcomes).toEqual(['rejected', 'written']);
  });
});
