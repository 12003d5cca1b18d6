import { describe, expect, it } from 'vitest';
import type { PageAnswer } from '../../../src/console/http-server.js';
import { PilotMetrics } from '../../../src/console/metrics.js';
import { consolePages } from '../../../src/console/pages.js';
import type { ConnectedStream } from '../../../src/xds/status.js';
import { connectedStream, typeStatus } from './streams.js';

interface Console {
  readonly ask: (path: string) => PageAnswer | Promise<PageAnswer>;
  readonly pushes: string[];
}

function consoleOf(streams: readonly ConnectedStream[]): Console {
  const pushes: string[] = [];
  const pages = consolePages({
    snapshot: () => undefined,
    objects: () => [],
    notReady: () => [],
    streams: () => streams,
    push: (reason) => pushes.push(reason),
    metrics: new PilotMetrics(),
    startedAt: Date.parse('2026-03-01T12:00:00Z'),
  });
  return {
    ask: (path) => {
      const url = new URL(path, 'http://localhost');
      const page = pages.find((each) => each.path === url.pathname);
      if (page === undefined) throw new Error(`there is no page ${path}`);
      return page.answer(url.searchParams, { method: 'GET', body: Buffer.alloc(0) });
    },
    pushes,
  };
}

describe('pages of streams', () => {
  const streams = [
    connectedStream({ number: 1, types: [typeStatus('cds')] }),
    connectedStream({ number: 2 }),
  ];

  it.each(['/debug/syncz', '/debug/adsz', '/debug/connections'])(
    '%s answers for one proxy, and as Istiod for one that is not connected',
    (path) => {
      const { ask } = consoleOf(streams);
      expect(JSON.stringify(ask(`${path}?proxyID=web-2`))).toContain('web-2.shop');
      expect(JSON.stringify(ask(`${path}?proxyID=web-2`))).not.toContain('web-1.shop');
      expect(ask(`${path}?proxyID=web-3`)).toEqual({
        status: 404,
        body: { text: expect.stringContaining('Proxy not connected to this Pilot instance') },
      });
    },
  );

  it('/debug/adsz?push=true brings everyone to the newest state, and is answered as by Istiod', () => {
    const { ask, pushes } = consoleOf(streams);
    void ask('/debug/adsz');
    void ask('/debug/adsz?push=');
    expect(pushes).toEqual([]);
    expect(ask('/debug/adsz?push=true')).toEqual({ body: { text: 'Pushed to 2 servers\n' } });
    expect(pushes).toEqual(['debug']);
  });

  it('/debug/list names the debug pages as Istiod does', () => {
    expect(consoleOf([]).ask('/debug/list')).toEqual({
      body: { json: expect.arrayContaining(['adsz', 'connections', 'registryz', 'syncz']) },
    });
  });
});

describe('/version', () => {
  it('tells which Pilotlight it is, which Istio it equals, and since when it runs', () => {
    expect(consoleOf([]).ask('/version')).toEqual({
      body: {
        json: {
          version: expect.stringMatching(/^\d/),
          istio: expect.objectContaining({ line: expect.stringMatching(/^\d/) }),
          node: process.version,
          startedAt: '2026-03-01T12:00:00.000Z',
        },
      },
    });
  });
});
