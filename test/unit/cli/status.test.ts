import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands.js';
import type { Output } from '../../../src/cli/output.js';
import { runProgram } from '../../../src/cli/program.js';
import { connectedStream, now, typeStatus } from '../console/streams.js';
import { run } from './run-command.js';
import { StatusServer } from './status-server.js';

let server: StatusServer;

beforeEach(async () => {
  server = new StatusServer();
  await server.start();
});
afterEach(() => server.stop());

const refused = typeStatus('eds', {
  nonceSent: '1-2',
  nackedAt: now - 3000,
  lastError: 'unknown cluster\nin "a"',
  names: ['a', 'b'],
});
const never = typeStatus('rds', {
  nonceSent: '',
  nonceAcked: '',
  versionSent: '',
  sentAt: undefined,
  ackedAt: undefined,
});

function status(...args: readonly string[]): ReturnType<typeof run> {
  return run('status', '--http', server.address, ...args);
}

describe('status', () => {
  test('shows a line for each proxy with the state of each type, and reasons below', async () => {
    server.streams = [
      connectedStream({ number: 1, types: [typeStatus('eds'), typeStatus('cds')] }),
      connectedStream({
        number: 2,
        types: [typeStatus('cds', { nonceSent: '1-9' }), refused, never],
        description: { dialect: 'plain', istioVersion: '' },
        stream: { variant: 'delta' },
      }),
    ];
    const { code, result, said } = await status();
    expect(result).toBe(
      [
        'NAME        CDS          EDS          RDS       DIALECT  VARIANT  VERSION',
        'web-1.shop  SYNCED (9s)  SYNCED (9s)  -         istio    sotw     1.31.0',
        'web-2.shop  STALE (10s)  ERROR (3s)   NOT SENT  plain    delta    -',
        '  EDS refused: unknown cluster in "a"',
        '',
      ].join('\n'),
    );
    expect(said).toBe(`${server.address}: 2 proxies, 1 not synced\n`);
    expect(code).toBe(1);
  });

  test('exits with 0 when every proxy is synced, also when nothing is asked for of a type', async () => {
    server.streams = [connectedStream({ types: [typeStatus('cds'), never] })];
    expect(await status()).toMatchObject({ code: 0, said: expect.stringContaining('1 proxy, all synced') });
    server.streams = [];
    expect(await status()).toEqual({
      code: 0,
      result: '',
      said: `${server.address}: no proxy is connected\n`,
    });
  });

  test.each([
    ['is accepted by nobody yet', typeStatus('cds', { nonceSent: '1-9' })],
    ['was refused', refused],
    ['was asked for and not sent', { ...never, names: new Set(['a']) }],
  ])('exits with 1 when a type %s', async (_, type) => {
    server.streams = [connectedStream({ types: [type] })];
    expect((await status()).code).toBe(1);
  });

  test('shows everything of one proxy, with the whole reason', async () => {
    server.streams = [
      connectedStream({ number: 1, types: [typeStatus('cds', { names: ['x'] }), refused] }),
      connectedStream({ number: 2 }),
    ];
    const { code, result } = await status('web-1.shop');
    expect(code).toBe(1);
    expect(result).toBe(
      [
        'web-1.shop',
        '  node        sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local',
        '  connection  sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local-1',
        '  address     127.0.0.1:40001',
        '  connected   60s ago',
        '  namespace   shop',
        '  cluster     Kubernetes',
        '  dialect     istio',
        '  variant     sotw',
        '  istio       1.31.0',
        '',
        '  TYPE  STATE   RESOURCES  ASKED FOR        SENT     ACCEPTED  REFUSED  VERSION',
        '  CDS   SYNCED  3          all, and 1 name  10s ago  9s ago    -        v1',
        '  EDS   ERROR   3          2 names          10s ago  9s ago    3s ago   v1',
        '',
        '  EDS was refused:',
        '    unknown cluster',
        '    in "a"',
        '',
      ].join('\n'),
    );
  });

  test.each(['sidecar~10.0.0.2~web-2.shop~shop.svc.cluster.local', 'web-2'])(
    'finds a proxy by %s too',
    async (name) => {
      server.streams = [connectedStream({ number: 1 }), connectedStream({ number: 2 })];
      const { result } = await status(name);
      expect(result).toContain('web-2.shop\n');
      expect(result).not.toContain('web-1.shop');
    },
  );

  test('exits with 1 and says so when the named proxy is not connected', async () => {
    server.streams = [connectedStream()];
    expect(await status('web-9.shop')).toEqual({
      code: 1,
      result: '',
      said: `web-9.shop is not connected to ${server.address}\n`,
    });
  });

  test('shows the proxies of one namespace', async () => {
    server.streams = [connectedStream({ number: 1 }), connectedStream({ number: 2, namespace: 'pay' })];
    const { result } = await status('--namespace', 'pay');
    expect(result).toContain('web-2.pay');
    expect(result).not.toContain('web-1.shop');
  });

  test('shows streams of services of a single type as one proxy', async () => {
    server.streams = (['cds', 'eds'] as const).map((type) =>
      connectedStream({ types: [typeStatus(type)], stream: { onlyType: 'x' } }),
    );
    const { result, said } = await status();
    expect(result).toContain('web-1.shop  SYNCED (9s)  SYNCED (9s)');
    expect(said).toContain('1 proxy');
  });

  test('prints JSON for scripts', async () => {
    server.streams = [connectedStream({ types: [refused] })];
    const { code, result } = await status('-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(result)).toMatchObject({
      server: server.address,
      synced: false,
      proxies: [
        {
          name: 'web-1.shop',
          namespace: 'shop',
          variant: 'sotw',
          types: [{ type: 'EDS', state: 'ERROR', refusedAgo: 3, error: 'unknown cluster\nin "a"' }],
        },
      ],
    });
  });

  test('reads what an Istiod answers, as far as that tells', async () => {
    const types = {
      'type.googleapis.com/envoy.config.cluster.v3.Cluster': { sent: 'a', acked: 'a', sentTime: new Date() },
      'type.googleapis.com/envoy.config.listener.v3.Listener': {
        sent: 'b',
        acked: 'a',
        sentTime: new Date(),
        lastError: 'no',
      },
      'type.googleapis.com/istio.workload.Address': { sentTime: '0001-01-01T00:00:00Z' },
    };
    const proxy = { cluster_id: 'Kubernetes', proxy: 'a.b', proxy_type: 'sidecar', istio_version: '1.30.1' };
    server.instead = {
      status: 200,
      text: JSON.stringify([
        { ...proxy, resources: types },
        { ...proxy, resources: {} },
      ]),
    };
    const { code, result } = await status();
    expect(code).toBe(1);
    expect(result).toMatch(/^a\.b +SYNCED \(0s\) +ERROR \(0s\) +NOT SENT +- +- +1\.30\.1$/m);
    expect(result.match(/^a\.b /gm)).toHaveLength(2);
  });

  test('lets no proxy steer the terminal', async () => {
    const types = [typeStatus('cds', { nackedAt: now, lastError: '\u001B[2Jgone' })];
    server.streams = [connectedStream({ name: 'a\u001B[31m.b', types })];
    for (const { result } of [await status(), await status('web')]) expect(result).not.toContain('\u001B');
    expect((await status()).result).toContain('CDS refused: ?[2Jgone');
  });

  test('exits with 2 when nobody answers, and says what to do', async () => {
    await server.stop();
    const { code, said } = await status();
    expect(code).toBe(2);
    expect(said).toContain(`${server.address} does not answer: connect ECONNREFUSED`);
    expect(said).toContain('--http HOST:PORT');
  });

  test('exits with 2 when the server refuses, or is something else', async () => {
    server.instead = { status: 403, text: 'Debug pages are shown to this machine alone.\nReally.' };
    expect(await status()).toMatchObject({
      code: 2,
      said: expect.stringContaining('refuses to tell: Debug pages are shown to this machine alone.\n'),
    });
    server.instead = { status: 200, text: '<html>' };
    expect(await status()).toMatchObject({
      code: 2,
      said: expect.stringContaining('answers, but not with the status of proxies'),
    });
  });

  test('exits with 2 for an address or an interval that is none', async () => {
    expect(await run('status', '--http', 'nowhere')).toMatchObject({
      code: 2,
      said: expect.stringContaining('--http: "nowhere" is not HOST:PORT'),
    });
    expect(await status('--watch', '--interval', 'often')).toMatchObject({
      code: 2,
      said: expect.stringContaining('--interval: "often" is not a duration'),
    });
  });
});

describe('status --watch', () => {
  /** Runs until it is interrupted; lines are waited for. */
  class Watch {
    readonly #interrupt = new AbortController();
    readonly #waiting = new Set<() => void>();
    readonly #code: Promise<number>;
    text = '';

    constructor(args: readonly string[], screen?: Output['screen'], colour = false) {
      const output: Output = {
        result: (text) => {
          this.text += text;
          for (const wake of this.#waiting) wake();
        },
        say: () => undefined,
        colour,
        ...(screen !== undefined && { screen }),
      };
      const all = ['status', '--http', server.address, '--watch', '--interval', '10ms', ...args];
      this.#code = runProgram(commands, all, { env: {}, output, signal: this.#interrupt.signal });
    }

    /** What was written until the text came. */
    async until(text: string): Promise<string> {
      while (!this.text.includes(text)) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            this.#waiting.delete(wake);
            resolve();
          };
          this.#waiting.add(wake);
        });
      }
      return this.text;
    }

    /** Interrupts it. @returns the exit code. */
    end(): Promise<number> {
      this.#interrupt.abort();
      return this.#code;
    }
  }

  /** Lines without their times. */
  function linesOf(text: string): string[] {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''));
  }

  const first = connectedStream({ number: 1, types: [typeStatus('cds')] });

  test('appends a line for each proxy, and for each change of its state, until it is interrupted', async () => {
    server.streams = [first, connectedStream({ number: 2 })];
    const watch = new Watch([]);
    await watch.until('web-2.shop');
    await server.rounds(3);
    server.streams = [connectedStream({ number: 1, types: [typeStatus('cds'), refused] })];
    await watch.until('ERROR');
    await server.rounds(3);
    expect(await watch.end()).toBe(0);
    expect(linesOf(watch.text)).toEqual([
      'web-1.shop  istio, sotw  CDS SYNCED',
      'web-2.shop  istio, sotw  nothing asked for',
      'web-2.shop  disconnected',
      'web-1.shop  istio, sotw  CDS SYNCED  EDS ERROR (unknown cluster in "a")',
    ]);
  });

  test('goes on while the server is stopped, and says so, and that it was started again', async () => {
    server.streams = [first];
    const watch = new Watch([]);
    await watch.until('web-1.shop');
    await server.stop();
    await watch.until('asking again');
    server.startedAt = '2026-03-01T11:30:00.000Z';
    await server.start();
    await watch.until('was started again');
    await server.rounds(3);
    expect(await watch.end()).toBe(0);
    const [shown, silent, ...rest] = linesOf(watch.text);
    expect(shown).toBe('web-1.shop  istio, sotw  CDS SYNCED');
    expect(silent).toMatch(/^127\.0\.0\.1:\d+ does not answer: .*; asking again$/);
    expect(rest).toEqual([
      `${server.address} answers again`,
      `${server.address} was started again`,
      'web-1.shop  istio, sotw  CDS SYNCED',
    ]);
  });

  test('notices a restart that it did not see', async () => {
    server.streams = [first];
    const watch = new Watch([]);
    await watch.until('web-1.shop');
    server.startedAt = '2026-03-01T11:30:00.000Z';
    await watch.until('was started again');
    await server.rounds(2);
    await watch.end();
    expect(linesOf(watch.text).slice(1)).toEqual([
      `${server.address} was started again`,
      'web-1.shop  istio, sotw  CDS SYNCED',
    ]);
  });

  test('waits for a server that is not there yet', async () => {
    await server.stop();
    const watch = new Watch([]);
    await watch.until('asking again');
    server.streams = [first];
    await server.start();
    await watch.until('CDS SYNCED');
    expect(await watch.end()).toBe(0);
  });

  test('follows one proxy', async () => {
    server.streams = [first, connectedStream({ number: 2 })];
    const watch = new Watch(['web-2.shop']);
    await watch.until('web-2.shop');
    await watch.end();
    expect(watch.text).not.toContain('web-1.shop');
  });

  test('appends JSON lines for scripts', async () => {
    server.streams = [first];
    const watch = new Watch(['-o', 'json']);
    await watch.until('web-1.shop');
    server.streams = [];
    await watch.until('disconnected');
    await server.stop();
    await watch.until('silent');
    await watch.end();
    const events = watch.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events).toMatchObject([
      { event: 'proxy', server: server.address, proxy: { name: 'web-1.shop' } },
      { event: 'disconnected', name: 'web-1.shop' },
      { event: 'silent', reason: expect.stringContaining('does not answer') },
    ]);
  });

  test('draws the newest state over the one before on a terminal', async () => {
    server.streams = [first];
    const watch = new Watch([], () => ({ rows: 40, columns: 100 }));
    await watch.until('web-1.shop');
    server.streams = [connectedStream({ number: 1, types: [refused] })];
    await watch.until('ERROR (3s)');
    await server.stop();
    await watch.until('asking again');
    await watch.end();
    const frames = watch.text.split('\u001B[H').slice(1).map(stripVTControlCharacters);
    expect(frames.at(0)).toMatch(
      /^127\.0\.0\.1:\d+ {2}up .*1 proxy, all synced\n\nNAME .*\nweb-1\.shop .*\n$/,
    );
    // The last answer stays while the server does not answer.
    expect(frames.at(-1)).toMatch(/this is the last answer, asking again: .*\n\nNAME .*\nweb-1\.shop +ERROR/);
  });

  test('draws no line wider than the terminal, whatever its colours', async () => {
    server.streams = [connectedStream({ types: [typeStatus('cds')] })];
    const watch = new Watch(['--namespace', 'shop'], () => ({ rows: 40, columns: 20 }), true);
    await watch.until('web-1.shop');
    await watch.end();
    const [frame = ''] = watch.text.split('\u001B[H').slice(1);
    const lines = stripVTControlCharacters(frame).trimEnd().split('\n');
    expect(lines.map(({ length }) => length)).toEqual([20, 0, 20, 20]);
    expect(lines.at(-1)).toBe('web-1.shop  SYNCED (');
    expect(frame).toContain('\u001B[32mSYNCED (\u001B[0m');
  });

  test('draws no more than the terminal has rows, what is not synced first', async () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      connectedStream({ number: index + 10, types: [typeStatus('cds')] }),
    );
    server.streams = [
      ...many,
      connectedStream({ number: 99, types: [typeStatus('cds', { nonceSent: '1-9' })] }),
    ];
    const watch = new Watch([], () => ({ rows: 10, columns: 100 }));
    await watch.until('more lines');
    await watch.end();
    const [frame = ''] = watch.text.split('\u001B[H').slice(1);
    const lines = stripVTControlCharacters(frame).trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    expect(lines[3]).toContain('web-99.shop');
    expect(lines.at(-1)).toBe('… 46 more lines');
  });
});
