import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { typeUrls } from '../../src/envoy/type-urls.js';
import type { PushReport, StreamIdentity, XdsObserver } from '../../src/xds/observer.js';
import { LoggingObserver, observers } from '../../src/xds-log.js';
import { RecordingLogger, type LogLine } from '../recording-logger.js';

let logger: RecordingLogger;
let observer: LoggingObserver;

beforeEach(() => {
  vi.useFakeTimers();
  logger = new RecordingLogger();
  observer = new LoggingObserver(logger);
});
afterEach(() => {
  vi.useRealTimers();
});

function stream(number: number): StreamIdentity {
  const nodeId = `sidecar~10.0.0.1~web-${number}.shop~shop.svc.cluster.local`;
  return { connectionId: `${nodeId}-${number}`, nodeId, peer: '127.0.0.1:4000', variant: 'delta' };
}

/** What was logged at a level, by message. */
function logged(...levels: readonly LogLine['level'][]): string[] {
  return logger.lines.filter(({ level }) => levels.includes(level)).map(({ message }) => message);
}

const visible = ['info', 'warn', 'error'] as const;
const refusal = (message: string, typeUrl: string = typeUrls.cds) => ({
  typeUrl,
  nonce: '1',
  code: 13,
  message,
});
const report: PushReport = {
  typeUrl: typeUrls.cds,
  version: 'v1',
  nonce: '1',
  resources: 2,
  removed: 0,
  bytes: 10,
  reason: 'config',
  queueMs: 0.123,
  makeMs: 1,
};

describe('a push', () => {
  it('is one line, whatever the number of streams', () => {
    for (let number = 0; number < 1000; number += 1) {
      observer.pushed(stream(number), report);
      observer.sent();
      observer.acked(stream(number), typeUrls.cds, '1');
    }
    observer.changePushed({
      reason: 'config',
      version: 'v1',
      streams: 1000,
      concerned: 900,
      responses: 1800,
      bytes: 123,
      ms: 12.345,
    });
    observer.converged('config', 20);
    expect(logger.lines.filter(({ level }) => level !== 'debug')).toEqual([
      {
        level: 'info',
        message: 'pushed a change',
        fields: {
          reason: 'config',
          version: 'v1',
          streams: 1000,
          concerned: 900,
          responses: 1800,
          bytes: 123,
          ms: 12.3,
        },
      },
    ]);
    expect(logged('debug')).toHaveLength(2001);
  });
});

describe('clients that come and go', () => {
  it('are named when they are few', () => {
    observer.connected(stream(1), { dialect: 'plain' });
    observer.disconnected(stream(1), new Error('it does not read'));
    expect(logger.lines).toEqual([
      {
        level: 'info',
        message: 'a proxy connected',
        fields: {
          connection: stream(1).connectionId,
          peer: '127.0.0.1:4000',
          variant: 'delta',
          dialect: 'plain',
        },
      },
      {
        level: 'info',
        message: 'a proxy disconnected',
        fields: { connection: stream(1).connectionId, reason: 'it does not read' },
      },
    ]);
  });

  it('are summarised when a thousand reconnect within a second', () => {
    for (let number = 0; number < 1000; number += 1) observer.connected(stream(number), {});
    for (let number = 0; number < 1000; number += 1) observer.disconnected(stream(number), undefined);
    for (let number = 0; number < 1000; number += 1) observer.connected(stream(number), {});
    vi.advanceTimersByTime(1000);
    expect(logger.lines).toHaveLength(12);
    expect(logger.lines.slice(-2)).toEqual([
      { level: 'info', message: '1995 more proxies connected', fields: { streams: 1000 } },
      { level: 'info', message: '995 more proxies disconnected', fields: { streams: 1000 } },
    ]);
  });

  it('are summarised at the end of the server too', () => {
    for (let number = 0; number < 10; number += 1) observer.refused('127.0.0.1:1', new Error('no node'));
    observer.dispose();
    expect(logged('warn').slice(-1)).toEqual(['5 more streams were refused']);
  });
});

describe('a refusal', () => {
  beforeEach(() => {
    observer.connected(stream(1), {});
    observer.connected(stream(2), {});
    logger.lines.length = 0;
  });

  it('is a warning once, however often it is repeated', () => {
    for (let count = 0; count < 100; count += 1) observer.nacked(stream(1), refusal('no'));
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        message: 'CDS refused by the proxy',
        fields: { connection: stream(1).connectionId, nonce: '1', code: 13, message: 'no' },
      },
    ]);
  });

  it('is told for each stream, type and message', () => {
    observer.nacked(stream(1), refusal('no'));
    observer.nacked(stream(2), refusal('no'));
    observer.nacked(stream(1), refusal('no', typeUrls.eds));
    observer.nacked(stream(1), refusal('never'));
    observer.nacked(stream(1), refusal('never'));
    expect(logged('warn')).toHaveLength(4);
  });

  it('is told again after the type was accepted, which is told with how often it was refused', () => {
    observer.nacked(stream(1), refusal('no'));
    observer.nacked(stream(1), refusal('no'));
    observer.acked(stream(1), typeUrls.eds, '2');
    expect(logged('info')).toEqual([]);
    observer.acked(stream(1), typeUrls.cds, '2');
    observer.acked(stream(1), typeUrls.cds, '3');
    observer.nacked(stream(1), refusal('no'));
    expect(
      logger.lines
        .filter(({ level }) => level !== 'debug')
        .map(({ message, fields }) => [message, fields['refusals']]),
    ).toEqual([
      ['CDS refused by the proxy', undefined],
      ['CDS accepted again', 2],
      ['CDS refused by the proxy', undefined],
    ]);
  });

  it('of a stream that is gone is not remembered', () => {
    observer.nacked(stream(1), refusal('no'));
    observer.disconnected(stream(1), undefined);
    observer.connected(stream(1), {});
    observer.nacked(stream(1), refusal('no'));
    expect(logged('warn')).toHaveLength(2);
  });

  it('by a thousand proxies at once is told by some, and counted', () => {
    for (let number = 10; number < 1010; number += 1) {
      observer.connected(stream(number), {});
      observer.nacked(stream(number), refusal('no'));
    }
    vi.advanceTimersByTime(1000);
    expect(logged('warn')).toHaveLength(6);
    expect(logged('warn').at(-1)).toBe('995 more refusals by proxies; /debug/syncz has them all');
  });

  it('is cut where it is long', () => {
    observer.nacked(stream(1), refusal('x'.repeat(1_000_000)));
    expect(JSON.stringify(logger.lines).length).toBeLessThan(3000);
  });
});

describe('a type that is not served', () => {
  it('is told once, and for each further stream to whom debugs', () => {
    for (let number = 0; number < 100; number += 1) observer.unsupportedType(stream(number), typeUrls.nds);
    expect(logged(...visible)).toEqual(['NDS is not served; the request is left unanswered']);
    expect(logged('debug')).toHaveLength(99);
  });

  it('cannot be invented without end', () => {
    for (let number = 0; number < 5000; number += 1) observer.unsupportedType(stream(1), `my.type/${number}`);
    expect(logged(...visible)).toHaveLength(100);
  });
});

it('several observers hear the same, in order', () => {
  const heard: string[] = [];
  const listener = (name: string): XdsObserver =>
    new Proxy({} as XdsObserver, {
      get: (_, method) => (): void => {
        heard.push(`${name} ${String(method)}`);
      },
    });
  const both = observers(listener('first'), listener('second'));
  const methods = Object.keys(both);
  for (const method of methods) (both[method as keyof XdsObserver] as () => void)();
  expect(heard).toEqual(methods.flatMap((method) => [`first ${method}`, `second ${method}`]));
  expect(methods).toEqual(
    expect.arrayContaining(['received', 'changePushed', 'converged', 'sent', 'sendTimedOut']),
  );
});
