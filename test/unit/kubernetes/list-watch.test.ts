import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { ListWatch, type ListWatchListener, type RawObject } from '../../../src/kubernetes/list-watch.js';
import type { Timing } from '../../../src/kubernetes/timing.js';
import { eventually } from '../../../testenv/process.mjs';
import {
  PlainAccess,
  raw,
  ScriptedApi,
  sendEvents,
  sendJson,
  sendStatus,
  type Exchange,
} from './scripted-api.js';

/** Notes what it hears. */
class Notes implements ListWatchListener {
  readonly all: string[] = [];

  listBegins(version: string): void {
    this.all.push(`list ${version}`);
  }

  listed({ metadata }: RawObject): void {
    this.all.push(`item ${metadata.name}`);
  }

  listEnds(): void {
    this.all.push('complete');
  }

  changed({ metadata }: RawObject): void {
    this.all.push(`changed ${metadata.name} ${metadata.resourceVersion ?? ''}`);
  }

  deleted({ metadata }: RawObject): void {
    this.all.push(`deleted ${metadata.name}`);
  }

  watching(): void {
    this.all.push('watching');
  }

  failed({ message }: Error, again: boolean): void {
    this.all.push(`${again ? 'failing' : 'hitch'}: ${message}`);
  }
}

let api: ScriptedApi;
let client: ApiClient;
let notes: Notes;
let end: AbortController;
let done: Promise<void> | undefined;
const path = '/api/v1/pods';

beforeEach(async () => {
  api = await ScriptedApi.start();
  notes = new Notes();
  end = new AbortController();
});

afterEach(async () => {
  end.abort();
  await done;
  client.close();
});

function start(timing: Partial<Timing> = {}): ListWatch {
  client = new ApiClient(new PlainAccess(api.url), { timing: { firstRetry: 5, lastRetry: 20, ...timing } });
  const listWatch = new ListWatch(client, path, notes);
  done = listWatch.run(end.signal);
  return listWatch;
}

function expectNote(note: string): Promise<true> {
  return eventually(`${note} among\n${notes.all.join('\n')}`, () => notes.all.includes(note) || undefined);
}

/** Answers lists with these pages, each the next one's beginning, and watches with what `watch` does. */
function serve(
  pages: readonly (readonly RawObject[])[],
  watch: (exchange: Exchange, count: number) => void,
): void {
  let watches = 0;
  api.answer = (exchange) => {
    if (exchange.query.has('watch')) {
      watches += 1;
      watch(exchange, watches);
      return;
    }
    const page = Number(exchange.query.get('continue') ?? 0);
    const next = page + 1 < pages.length ? { continue: String(page + 1) } : {};
    sendJson(exchange, { metadata: { resourceVersion: '10', ...next }, items: pages[page] });
  };
}

const silent = (exchange: Exchange): void => sendEvents(exchange);

test('a list is read in pages, then watched from its version on', async () => {
  serve([[raw('a', '1')], [raw('b', '2')], []], silent);
  start();
  await expectNote('watching');
  expect(notes.all).toEqual(['list 10', 'item a', 'item b', 'complete', 'watching']);
  expect(api.requests.slice(0, 3)).toEqual([
    `GET ${path}?limit=200`,
    `GET ${path}?limit=200&continue=1`,
    `GET ${path}?limit=200&continue=2`,
  ]);
  expect(api.requests[3]).toMatch(
    /watch=1&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=([3-5]\d\d|600)$/,
  );
});

test('events are told, and a watch that ends goes on after the last event or bookmark', async () => {
  serve([[]], (exchange, count) => {
    if (count === 1) {
      sendEvents(
        exchange,
        ['ADDED', raw('a', '11')],
        ['MODIFIED', raw('a', '12')],
        ['DELETED', raw('a', '13')],
      );
      exchange.response.end();
    } else if (count === 2) {
      sendEvents(exchange, ['BOOKMARK', { metadata: { resourceVersion: '20' } }]);
      exchange.response.end();
    } else sendEvents(exchange, ['ADDED', raw('b', '21')]);
  });
  start();
  await expectNote('changed b 21');
  expect(notes.all.filter((note) => !note.startsWith('hitch') && note !== 'watching')).toEqual([
    'list 10',
    'complete',
    'changed a 11',
    'changed a 12',
    'deleted a',
    'changed b 21',
  ]);
  const versions = api.requests.flatMap((request) => /resourceVersion=(\d+)/.exec(request)?.[1] ?? []);
  expect(versions).toEqual(['10', '13', '20']);
});

test('an event that comes in pieces is one event', async () => {
  serve([[]], ({ response }) => {
    response.writeHead(200).flushHeaders();
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: raw('grün', '11') })}\n`);
    const send = (from: number): void => {
      if (from < bytes.length) response.write(bytes.subarray(from, from + 7), () => send(from + 7));
    };
    send(0);
  });
  start();
  await expectNote('changed grün 11');
});

describe('what is too old', () => {
  test.each([
    ['is answered with 410', (exchange: Exchange) => sendStatus(exchange, 410, 'Expired')],
    [
      'is told by an event',
      (exchange: Exchange) => {
        sendEvents(exchange, ['ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }]);
        exchange.response.end();
      },
    ],
    [
      'is newer than the server knows',
      (exchange: Exchange) =>
        sendJson(
          exchange,
          { kind: 'Status', reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
          504,
        ),
    ],
  ])('is listed anew at once, and is no failure: it %s', async (_, answer) => {
    serve([[raw('a', '1')]], (exchange, count) => (count === 1 ? answer(exchange) : silent(exchange)));
    start({ firstRetry: 60_000, lastRetry: 60_000 });
    await eventually(
      'a second list',
      () => notes.all.filter((note) => note === 'complete').length === 2 || undefined,
    );
    await eventually('a watch', () => notes.all.at(-1) === 'watching' || undefined);
    expect(notes.all.filter((note) => /^(failing|hitch)/.test(note))).toEqual([]);
  });

  test('again and again is a failure', async () => {
    serve([[]], (exchange) => sendStatus(exchange, 410, 'Expired', 'gone'));
    start();
    await expectNote('failing: GET /api/v1/pods: 410 Expired: gone');
  });

  test('of a list in pages is begun anew, and in the end asked for in one piece', async () => {
    api.answer = (exchange) => {
      if (exchange.query.has('watch')) silent(exchange);
      else if (exchange.query.has('continue')) sendStatus(exchange, 410, 'Expired');
      else {
        const more = exchange.query.has('limit') ? { continue: 'x' } : {};
        sendJson(exchange, { metadata: { resourceVersion: '10', ...more }, items: [raw('a', '1')] });
      }
    };
    start();
    await expectNote('watching');
    expect(notes.all).toEqual([
      ...['list 10', 'item a', 'list 10', 'item a', 'list 10', 'item a'],
      'complete',
      'watching',
    ]);
    expect(api.requests.filter((request) => request.endsWith('/pods?'))).toHaveLength(1);
  });
});

test('a hitch is mended at once, more is told, and each try waits longer', async () => {
  serve([[]], (exchange, count) => {
    if (count <= 3) sendStatus(exchange, 500, 'InternalError', 'oops');
    else silent(exchange);
  });
  start();
  await expectNote('watching');
  const message = 'GET /api/v1/pods: 500 InternalError: oops';
  expect(notes.all).toEqual([
    'list 10',
    'complete',
    `hitch: ${message}`,
    `failing: ${message}`,
    `failing: ${message}`,
    'watching',
  ]);
});

test('a list that never worked is told at the first failure', async () => {
  api.answer = (exchange) => sendStatus(exchange, 403, 'Forbidden', 'pods is forbidden');
  start({ firstRetry: 60_000, lastRetry: 60_000 });
  await expectNote('failing: GET /api/v1/pods: 403 Forbidden: pods is forbidden');
  expect(notes.all).toHaveLength(1);
});

test('an answer that is no list, or no JSON, is a failure and says so', async () => {
  let count = 0;
  api.answer = ({ response }) => {
    count += 1;
    response.writeHead(200).end(count === 1 ? '{"kind": "Table"}' : '<html>');
  };
  start();
  await expectNote('failing: the answer is no list of the Kubernetes API');
  await eventually('the page', () => notes.all.some((note) => note.includes('<html>')) || undefined);
});

test('the time that a server asks to wait is waited, unless it is known to work again', async () => {
  let asked = 0;
  api.answer = (exchange) => {
    asked += 1;
    if (asked > 1) {
      if (exchange.query.has('watch')) silent(exchange);
      else sendJson(exchange, { metadata: { resourceVersion: '10' }, items: [] });
      return;
    }
    exchange.response.setHeader('retry-after', '3600');
    sendStatus(exchange, 429, 'TooManyRequests', 'slow down');
  };
  const listWatch = start();
  await expectNote('failing: GET /api/v1/pods: 429 TooManyRequests: slow down');
  expect(asked).toBe(1);
  // The pause begins in the same turn as the failure is told.
  await eventually('the list', () => {
    listWatch.retryNow();
    return notes.all.includes('complete') || undefined;
  });
});

test('a watch that ends as soon as it begins is not begun again without a pause', async () => {
  serve([[]], ({ response }) => {
    response.writeHead(200).end();
  });
  start({ firstRetry: 60_000, lastRetry: 60_000 });
  await expectNote('hitch: the watch ended as soon as it began');
  expect(api.requests).toHaveLength(2);
});

test('silence on a watch ends it, and in the middle of a list too', async () => {
  let lists = 0;
  let watches = 0;
  api.answer = (exchange) => {
    if (exchange.query.has('watch')) {
      watches += 1;
      silent(exchange);
      return;
    }
    lists += 1;
    if (lists > 1) sendJson(exchange, { metadata: { resourceVersion: '10' }, items: [] });
    else exchange.response.writeHead(200).write('{"metadata"');
  };
  start({ silence: 30, stall: 30 });
  await expectNote('failing: nothing was heard for 0.03 s');
  await expectNote('complete');
  await eventually('another watch', () => watches > 2 || undefined);
});

test('nothing is told after the end', async () => {
  serve([[]], silent);
  start();
  await expectNote('watching');
  end.abort();
  await done;
  const count = notes.all.length;
  await api.stop();
  expect(notes.all).toHaveLength(count);
});
