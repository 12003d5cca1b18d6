/** Secrets of a live cluster that proxies ask for, read from an API server that a test scripts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewaySecrets } from '../../../src/clusters/gateway-secrets.js';
import { SecretReviews } from '../../../src/clusters/secret-reviews.js';
import type { ObjectEvent } from '../../../src/config/object.js';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { RecordingLogger } from '../../recording-logger.js';
import {
  PlainAccess,
  ScriptedApi,
  raw,
  sendEvents,
  sendJson,
  sendStatus,
  type Exchange,
} from '../kubernetes/scripted-api.js';

let api: ScriptedApi;
let client: ApiClient;
let logger: RecordingLogger;

beforeEach(async () => {
  api = await ScriptedApi.start();
  client = new ApiClient(new PlainAccess(api.url));
  logger = new RecordingLogger();
});

afterEach(() => client.close());

const secret = (name: string, version: string, data: object = { 'tls.key': 'a2V5', password: 'cGFzcw==' }) =>
  raw(name, version, { type: 'kubernetes.io/tls', data });

/** What a source says, to be waited for. */
class Said {
  readonly events: string[] = [];
  readonly objects: ObjectEvent[] = [];
  #wake: () => void = () => undefined;

  constructor(source: GatewaySecrets) {
    source.watch().subscribe((event) => {
      this.objects.push(event);
      this.events.push(
        event.type === 'upsert'
          ? `${event.object.metadata.namespace}/${event.object.metadata.name} ${event.object.metadata.resourceVersion}`
          : event.type === 'removed'
            ? `removed ${event.ref.namespace}/${event.ref.name}`
            : event.type,
      );
      this.#wake();
    });
  }

  async until(text: string): Promise<void> {
    while (!this.events.includes(text))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

const isWatch = ({ query }: Exchange): boolean => query.has('watch');

function listOf(...items: readonly object[]): object {
  return { metadata: { resourceVersion: '10' }, items };
}

describe('gateway secrets', () => {
  let source: GatewaySecrets;

  beforeEach(() => {
    source = new GatewaySecrets({ cluster: 'Kubernetes', client, logger });
  });

  afterEach(() => source.close());

  const want = (...names: readonly string[]): void =>
    source.want(
      names.map((text) => {
        const [namespace = '', name = ''] = text.split('/');
        return { kind: 'Secret', namespace, name };
      }),
    );

  it('are synced at once and read nothing as long as nobody asks', () => {
    expect(new Said(source).events).toEqual(['synced']);
    expect(api.requests).toEqual([]);
  });

  it('are read in the namespaces that are asked for, and no others are kept', async () => {
    api.answer = (exchange) => {
      if (isWatch(exchange))
        sendEvents(exchange, ['ADDED', secret('other', '12')], ['MODIFIED', secret('web', '13')]);
      else sendJson(exchange, listOf(secret('web', '1'), secret('db-password', '2')));
    };
    const said = new Said(source);
    want('shop/web', 'shop/web-cacert');
    await said.until('shop/web 13');
    expect(said.events).toEqual(['synced', 'shop/web 1', 'shop/web 13']);
    expect(api.requests.every((line) => line.startsWith('GET /api/v1/namespaces/shop/secrets?'))).toBe(true);
    const [, upsert] = said.objects;
    expect(upsert).toMatchObject({ object: { kind: 'Secret', spec: { data: { 'tls.key': 'a2V5' } } } });
    expect(JSON.stringify(upsert)).not.toContain('cGFzcw');
  });

  it('are let go of when nobody asks any more, and when they are deleted', async () => {
    const watched = new Promise<Exchange>((resolve) => {
      api.answer = (exchange) => {
        if (!isWatch(exchange)) sendJson(exchange, listOf(secret('web', '1'), secret('api', '2')));
        else {
          sendEvents(exchange);
          resolve(exchange);
        }
      };
    });
    const said = new Said(source);
    want('shop/web', 'shop/api');
    await said.until('shop/api 2');
    want('shop/web');
    await said.until('removed shop/api');
    sendEvents(await watched, ['DELETED', secret('web', '3')]);
    await said.until('removed shop/web');
    want();
    expect(said.events.filter((event) => event.startsWith('removed'))).toEqual([
      'removed shop/api',
      'removed shop/web',
    ]);
  });

  it('that are asked for later are listed anew, and what was there stays meanwhile', async () => {
    api.answer = (exchange) => {
      if (isWatch(exchange)) sendEvents(exchange);
      else sendJson(exchange, listOf(secret('web', '1'), secret('api', '2')));
    };
    const said = new Said(source);
    want('shop/web');
    await said.until('shop/web 1');
    want('shop/web', 'shop/api');
    await said.until('shop/api 2');
    expect(said.events).toEqual(['synced', 'shop/web 1', 'shop/api 2']);
  });

  it('that must not be read are missed once, with what gives the right', async () => {
    api.answer = (exchange) => sendStatus(exchange, 403, 'Forbidden', 'secrets is forbidden');
    want('shop/web');
    const { message, fields } = await logger.line('the Secrets of namespace shop cannot be read');
    expect(message).toContain('secrets is forbidden');
    expect(fields['hint']).toContain('deploy/gateways');
  });

  it('that are no longer valid stay as they were, and what is wrong is said without the value', async () => {
    api.answer = (exchange) => {
      if (isWatch(exchange))
        sendEvents(exchange, ['MODIFIED', secret('web', '2', { 'tls.key': 'no base64!' })]);
      else sendJson(exchange, listOf(secret('web', '1')));
    };
    const said = new Said(source);
    want('shop/web');
    await logger.line('the Secret shop/web is left as it was: data[tls.key]: expected bytes in base64');
    expect(said.events).toEqual(['synced', 'shop/web 1']);
    expect(JSON.stringify(logger.lines)).not.toContain('no base64!');
  });
});

describe('reviews of who may read Secrets', () => {
  const edge = { namespace: 'shop', serviceAccount: 'edge' };
  let answered: () => void;
  let now: number;

  function reviews(): { reviews: SecretReviews; next: () => Promise<void> } {
    let settle: () => void = () => undefined;
    answered = () => settle();
    const made = new SecretReviews({ client, logger, onAnswer: () => answered(), now: () => now });
    const next = (): Promise<void> =>
      new Promise((resolve) => {
        settle = resolve;
      });
    return { reviews: made, next };
  }

  beforeEach(() => {
    now = 0;
  });

  const allow = (allowed: boolean) => (exchange: Exchange) =>
    sendJson(exchange, { status: { allowed } }, 201);

  it('ask the cluster once, and tell when there is an answer', async () => {
    const bodies: string[] = [];
    api.answer = (exchange) => {
      exchange.request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      exchange.request.on('end', () => allow(true)(exchange));
    };
    const asked = reviews();
    const answer = asked.next();
    expect(asked.reviews.mayReadSecrets(edge)).toBeUndefined();
    expect(asked.reviews.mayReadSecrets(edge)).toBeUndefined();
    await answer;
    expect(asked.reviews.mayReadSecrets(edge)).toBe(true);
    expect(api.requests).toEqual(['POST /apis/authorization.k8s.io/v1/subjectaccessreviews']);
    expect(JSON.parse(bodies.join(''))).toMatchObject({
      spec: {
        user: 'system:serviceaccount:shop:edge',
        resourceAttributes: { namespace: 'shop', verb: 'list', resource: 'secrets' },
      },
    });
  });

  it('go by the old answer while they ask again, and tell when the new one differs', async () => {
    api.answer = allow(true);
    const asked = reviews();
    const first = asked.next();
    asked.reviews.mayReadSecrets(edge);
    await first;
    now = 5 * 60_000 + 1;
    api.answer = allow(false);
    const second = asked.next();
    expect(asked.reviews.mayReadSecrets(edge)).toBe(true);
    await second;
    expect(asked.reviews.mayReadSecrets(edge)).toBe(false);
  });

  it('refuse who cannot be asked about, and say so once', async () => {
    api.answer = (exchange) => sendStatus(exchange, 403, 'Forbidden', 'must not ask');
    const asked = reviews();
    const answer = asked.next();
    asked.reviews.mayReadSecrets(edge);
    await answer;
    expect(asked.reviews.mayReadSecrets(edge)).toBe(false);
    const other = asked.next();
    asked.reviews.mayReadSecrets({ namespace: 'shop', serviceAccount: 'other' });
    await other;
    expect(logger.lines.map(({ message }) => message)).toEqual([
      expect.stringContaining('the cluster cannot be asked who may read Secrets'),
    ]);
  });
});
