/** Keys of RequestAuthentications, fetched from a real server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JwtRule } from '../../../src/config/kinds/security.js';
import { MemoryObjectSource } from '../../../src/config/memory-source.js';
import { refOf, type ConfigObject } from '../../../src/config/object.js';
import { fetchKeys } from '../../../src/jwks/fetch-keys.js';
import { KeySets } from '../../../src/jwks/key-sets.js';
import { RecordingLogger } from '../../recording-logger.js';
import { jwtRule } from '../config/jwt-rule.js';

const first = '{"keys":[{"kid":"1"}]}';
const second = '{"keys":[{"kid":"2"}]}';

let server: Server;
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
/** Paths that were asked for. */
let asked: string[];
let keySets: KeySets;
let logger: RecordingLogger;

beforeEach(async () => {
  asked = [];
  answer = (_, response) => response.end(first);
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  logger = new RecordingLogger();
  keySets = new KeySets({ refreshInterval: 20, firstRetry: 5, logger });
});

afterEach(async () => {
  keySets.dispose();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function rule(changes: Partial<JwtRule> = {}): JwtRule {
  return jwtRule(origin, { jwksUri: `${origin}/keys`, ...changes });
}

function authentication(...jwtRules: readonly JwtRule[]): ConfigObject<'RequestAuthentication'> {
  return {
    kind: 'RequestAuthentication',
    apiVersion: 'security.istio.io/v1',
    metadata: {
      name: 'tokens',
      namespace: 'shop',
      labels: {},
      annotations: {},
      creationTime: 0,
      resourceVersion: '',
    },
    spec: { jwtRules, targetRefs: [] },
    origin: { source: 'test' },
  };
}

/** What a watcher is told of the keys of the first rule, in order. */
class Told {
  readonly #keys: string[] = [];
  #wake: () => void = () => undefined;

  constructor(objects: MemoryObjectSource) {
    keySets
      .extend(objects)
      .watch()
      .subscribe((event) => {
        if (event.type !== 'upsert' || event.object.kind !== 'RequestAuthentication') return;
        this.#keys.push(event.object.spec.jwtRules[0]?.jwks ?? 'no rule');
        this.#wake();
      });
  }

  async next(): Promise<string> {
    for (;;) {
      const keys = this.#keys.shift();
      if (keys !== undefined) return keys;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function watch(...rules: readonly JwtRule[]): Told {
  return new Told(new MemoryObjectSource('Kubernetes', [authentication(...rules)]));
}

describe('keys that are elsewhere', () => {
  test('are put into the rule once they are there, and again when they have changed', async () => {
    const told = watch(rule());
    expect(await told.next()).toBe('');
    expect(await told.next()).toBe(first);
    answer = (_, response) => response.end(second);
    expect(await told.next()).toBe(second);
  });

  test('are found by the issuer alone', async () => {
    answer = ({ url }, response) =>
      response.end(url?.startsWith('/.well-known') ? JSON.stringify({ jwks_uri: `${origin}/found` }) : first);
    const told = watch(rule({ jwksUri: '', issuer: `${origin}/` }));
    await told.next();
    expect(await told.next()).toBe(first);
    expect(asked.slice(0, 2)).toEqual(['/.well-known/openid-configuration', '/found']);
  });

  test('are tried again when they cannot be fetched, which is said once', async () => {
    answer = (_, response) => response.writeHead(503).end('later');
    const told = watch(rule());
    await told.next();
    const { fields } = await logger.line('cannot be fetched');
    expect(fields['error']).toContain('status 503');
    while (asked.length < 3) await new Promise((resolve) => server.once('request', resolve));
    answer = (_, response) => response.end(first);
    expect(await told.next()).toBe(first);
    await logger.line('can be fetched again');
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(keySets.counts.failed).toBeGreaterThanOrEqual(2);
    expect(keySets.counts.fetched).toBeGreaterThanOrEqual(1);
  });

  test('stay as they were when they cannot be fetched again', async () => {
    const told = watch(rule());
    await told.next();
    await told.next();
    answer = (_, response) => response.end('<html>');
    expect((await logger.line('cannot be fetched')).message).toContain('stay in force');
    answer = (_, response) => response.end(second);
    expect(await told.next()).toBe(second);
  });

  test('are fetched once for all rules that name them, and for none that holds its own', async () => {
    keySets = new KeySets({ refreshInterval: 60_000, logger });
    const told = watch(
      rule(),
      rule({ audiences: ['web'] }),
      rule({ jwks: second, jwksUri: `${origin}/own` }),
    );
    await told.next();
    await told.next();
    expect(asked).toEqual(['/keys']);
  });

  test('are not fetched any more when nobody needs them', async () => {
    const objects = new MemoryObjectSource('Kubernetes', [authentication(rule())]);
    const told = new Told(objects);
    await told.next();
    await told.next();
    objects.apply(authentication(rule({ jwksUri: `${origin}/others` })));
    expect(await told.next()).toBe('');
    expect(await told.next()).toBe(first);
    objects.delete(refOf(authentication()));
    const before = asked.length;
    objects.apply(authentication(rule({ jwksUri: `${origin}/third` })));
    const since = (path: string): number => asked.slice(before).filter((each) => each === path).length;
    while (since('/third') < 4) await new Promise((resolve) => server.once('request', resolve));
    // One that was on its way may still arrive.
    expect(since('/others')).toBeLessThanOrEqual(1);
  });
});

describe('fetching', () => {
  const never = new AbortController().signal;
  const keysOf = (changes: { jwksUri?: string; timeout?: number } = {}): Promise<string> =>
    fetchKeys({ jwksUri: `${origin}/keys`, issuer: '', timeout: 20_000, ...changes }, never);

  test('ends when the server takes too long', async () => {
    answer = () => undefined;
    await expect(keysOf({ timeout: 20 })).rejects.toThrow('no answer within 20 ms');
  });

  test('takes no more than a limit', async () => {
    answer = (_, response) => response.end(`{"keys":[],"x":"${'x'.repeat(1024 * 1024)}"}`);
    await expect(keysOf()).rejects.toThrow('more than 1048576 bytes');
  });

  test.each([
    ['text', 'no json', 'is not JSON'],
    ['a list', '[]', 'no JSON object'],
    ['an object without keys', '{}', 'no set of keys'],
  ])('refuses %s', async (_, body, message) => {
    answer = (_request, response) => response.end(body);
    await expect(keysOf()).rejects.toThrow(message);
  });

  test('names the address and the reason when there is no server', async () => {
    await expect(keysOf({ jwksUri: 'http://127.0.0.1:1/keys' })).rejects.toThrow('http://127.0.0.1:1/keys: ');
    await expect(keysOf({ jwksUri: 'file:///etc/passwd' })).rejects.toThrow('http or https');
  });
});
