import { describe, expect, it } from 'vitest';
import { finish, done } from '../../src/base/piecewise.js';
import type { Page } from '../../src/console/http-server.js';
import { controlPlaneIdentifier, DebugSource, type DebugSources } from '../../src/debug-resources.js';
import { toJson } from '../../src/envoy/json.js';
import { ClientConfig } from '../../src/envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../src/envoy/resource.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import type { ResourceClient, ResourceSource, Subscription } from '../../src/xds/source.js';
import type { ConnectedStream } from '../../src/xds/status.js';
import { connectedStream, identityOf, now, typeStatus } from './console/streams.js';

const cluster = encodedResource('a', typeUrls.cds, Buffer.from('a'));

const clusters: ResourceSource = {
  ready: () => true,
  attach: (node) => ({
    label: node.id ?? '',
    description: { namespace: 'shop' },
    serves: (typeUrl) => typeUrl === typeUrls.cds,
    isWildcardType: (typeUrl) => typeUrl === typeUrls.cds,
    resources: () => done({ version: 'v1', resources: [cluster] }),
  }),
};

function clientOf(given: Partial<DebugSources>): ResourceClient {
  const sources = { streams: () => [], pages: () => [], access: 'any' as const, ...given };
  return new DebugSource(clusters, sources).attach({ id: 'istioctl' });
}

function wanted(...names: readonly string[]): Subscription {
  return { wildcard: names.length === 0, names: new Set(names), placeholders: true };
}

function ask(
  given: Partial<DebugSources>,
  typeUrl: string,
  ...names: readonly string[]
): readonly EncodedResource[] {
  return finish(clientOf(given).resources(typeUrl, wanted(...names))).resources;
}

function statuses(streams: readonly ConnectedStream[], ...names: readonly string[]): unknown[] {
  return ask({ streams: () => streams }, typeUrls['debug-syncz'], ...names).map((resource) => {
    expect(resource.typeUrl).toBe('type.googleapis.com/envoy.service.status.v3.ClientConfig');
    return toJson(ClientConfig, ClientConfig.decode(resource.body));
  });
}

describe('istio.io/debug/syncz', () => {
  it('tells of each proxy what istioctl proxy-status shows, as Istiod does', () => {
    const refused = typeStatus('eds', {
      nonceSent: '1-2',
      versionSent: 'v2',
      nackedAt: now - 1000,
      lastError: 'no such cluster',
    });
    const stale = typeStatus('lds', { nonceSent: '1-3' });
    const never = typeStatus('rds', { nonceSent: '', nonceAcked: '', versionSent: '', sentAt: undefined });
    const types = [typeStatus('cds'), refused, never, stale];
    expect(statuses([connectedStream({ types })])).toEqual([
      {
        node: {
          id: 'web-1.shop',
          metadata: { CLUSTER_ID: 'Kubernetes', NAMESPACE: 'shop', ISTIO_VERSION: '1.31.0' },
        },
        generic_xds_configs: [
          {
            type_url: typeUrls.cds,
            version_info: 'v1',
            last_updated: '2026-03-01T11:59:50Z',
            config_status: 'SYNCED',
          },
          {
            type_url: typeUrls.eds,
            version_info: 'v2',
            last_updated: '2026-03-01T11:59:50Z',
            config_status: 'ERROR',
            error_state: {
              last_update_attempt: '2026-03-01T11:59:59Z',
              details: 'no such cluster',
              version_info: 'v2',
            },
          },
          {
            type_url: typeUrls.lds,
            version_info: 'v1',
            last_updated: '2026-03-01T11:59:50Z',
            config_status: 'STALE',
          },
          { type_url: typeUrls.rds, config_status: 'NOT_SENT' },
        ],
      },
    ]);
  });

  it('leaves out metadata that a plain Envoy does not have', () => {
    const plain = connectedStream({ description: { clusterId: '', istioVersion: '' } });
    expect(statuses([plain])).toEqual([{ node: { id: 'web-1.shop', metadata: { NAMESPACE: 'shop' } } }]);
  });

  it('tells streams of services of a single type as one proxy, and two aggregated streams as two', () => {
    const ofType = (type: 'cds' | 'eds'): ConnectedStream =>
      connectedStream({ types: [typeStatus(type)], stream: { onlyType: typeUrls[type] } });
    const again = identityOf('sidecar~10.0.0.2~web-2.shop~shop.svc.cluster.local', 77);
    const names = (streams: readonly ConnectedStream[]): string[] =>
      ask({ streams: () => streams }, typeUrls['debug-syncz']).map(({ name }) => name);
    expect(names([ofType('cds'), ofType('eds')])).toEqual(['web-1.shop']);
    expect(statuses([ofType('cds'), ofType('eds')])).toMatchObject([
      { generic_xds_configs: [{ type_url: typeUrls.cds }, { type_url: typeUrls.eds }] },
    ]);
    const twice = [
      connectedStream({ number: 2 }),
      connectedStream({ number: 2, stream: { identity: again } }),
    ];
    expect(names(twice)).toEqual(['web-2.shop', again.connectionId]);
  });

  it('tells only of the proxies that are named', () => {
    const streams = [connectedStream({ number: 1 }), connectedStream({ number: 2 })];
    expect(statuses(streams, 'web-2.shop', 'web-3.shop')).toMatchObject([{ node: { id: 'web-2.shop' } }]);
  });

  it('leaves out who only asks for debug pages', () => {
    expect(statuses([connectedStream({ types: [typeStatus('debug-syncz')] })])).toEqual([]);
  });

  it('is done in pieces when there are many proxies', () => {
    const streams = Array.from({ length: 500 }, (_, number) => connectedStream({ number }));
    const work = clientOf({ streams: () => streams }).resources(typeUrls['debug-syncz'], wanted());
    let pieces = 1;
    while (work.next().done !== true) pieces += 1;
    expect(pieces).toBeGreaterThan(20);
  });

  it('stands for a moment, so that who stays subscribed is not told anew with every push', () => {
    const client = clientOf({ streams: () => [connectedStream()] });
    const subscription = wanted();
    const set = finish(client.resources(typeUrls['debug-syncz'], subscription));
    expect(finish(client.resources(typeUrls['debug-syncz'], subscription))).toBe(set);
    expect(finish(client.resources(typeUrls['debug-syncz'], wanted()))).not.toBe(set);
  });
});

describe('istio.io/debug', () => {
  let pushes = 0;
  const pages: Page[] = [
    {
      path: '/debug/syncz',
      help: '',
      answer: (query) => {
        if (query.has('push')) pushes += 1;
        return { body: { json: [{ namespace: query.get('namespace') }] } };
      },
    },
    { path: '/debug/slow', help: '', answer: () => Promise.resolve({ body: { text: 'late' } }) },
    {
      path: '/debug/broken',
      help: '',
      answer: () => {
        throw new Error('there is no mesh');
      },
    },
    { path: '/metrics', help: '', answer: () => ({ body: { text: 'secret' } }) },
  ];
  const texts = (...names: readonly string[]): [string, string, string][] =>
    ask({ pages: () => pages }, typeUrls.debug, ...names).map(({ name, typeUrl, body }) => [
      name,
      typeUrl,
      body.toString(),
    ]);

  it('is a debug page by its path and query', () => {
    expect(texts('syncz?namespace=shop')).toEqual([
      ['syncz?namespace=shop', 'istio.io/debug', '[{"namespace":"shop"}]\n'],
    ]);
    expect(texts('syncz?pretty')[0]?.[2]).toBe('[\n  {\n    "namespace": null\n  }\n]\n');
  });

  it('says where there is no such page, in the words that istioctl looks for, and shows debug pages only', () => {
    for (const name of ['nothing', '../metrics', '', '%%%', '//x', '\uD800'])
      expect(texts(name)[0]?.[2]).toContain('404 page not found');
  });

  it('says why a page cannot be shown', () => {
    expect(texts('slow')[0]?.[2]).toBe('/debug/slow is shown over HTTP only\n');
    expect(texts('broken')[0]?.[2]).toBe('/debug/broken could not be made: there is no mesh\n');
  });

  it('pushes nothing, since a page that is subscribed to is made again with every push', () => {
    texts('syncz?push=true');
    expect(pushes).toBe(0);
  });

  it('is at most some pages for one stream', () => {
    expect(texts(...Array.from({ length: 1000 }, (_, index) => `syncz?${index}`))).toHaveLength(10);
  });
});

describe('a source with debug types', () => {
  it('leaves every other type to the source that it wraps', () => {
    const client = clientOf({});
    expect([client.label, client.description]).toEqual(['istioctl', { namespace: 'shop' }]);
    expect([typeUrls.cds, typeUrls.eds].map((type) => client.serves(type))).toEqual([true, false]);
    expect([typeUrls.cds, typeUrls.eds].map((type) => client.isWildcardType(type))).toEqual([true, false]);
    expect(finish(client.resources(typeUrls.cds, wanted())).resources).toEqual([cluster]);
  });

  it('takes syncz without names for everything, and pages by name only', () => {
    const client = clientOf({});
    expect(client.isWildcardType(typeUrls['debug-syncz'])).toBe(true);
    expect(client.isWildcardType(typeUrls.debug)).toBe(false);
    expect(client.serves(typeUrls['debug-config-dump'])).toBe(false);
  });

  it.each([
    ['127.0.0.1:4000', true],
    ['::1:4000', true],
    ['::ffff:127.0.0.1:4000', true],
    ['192.0.2.7:4000', false],
    ['2001:db8::1:4000', false],
    ['unknown', false],
  ])('shows debug types to a client at %s, where they are for this machine alone: %s', (peer, shown) => {
    const streams: ConnectedStream[] = [];
    const client = clientOf({ streams: () => streams, access: 'loopback' });
    expect(client.serves(typeUrls['debug-syncz'])).toBe(false);
    streams.push(connectedStream({ stream: { client, identity: { ...identityOf('a', 1), peer } } }));
    expect(client.serves(typeUrls['debug-syncz'])).toBe(shown);
    expect(client.serves(typeUrls.debug)).toBe(shown);
    expect(client.serves(typeUrls.cds)).toBe(true);
  });
});

describe('the identifier of the control plane', () => {
  it('is the JSON that istioctl reads', () => {
    expect(JSON.parse(controlPlaneIdentifier())).toEqual({
      Component: 'pilotlight',
      ID: expect.stringMatching(/./),
      Info: {
        version: expect.stringMatching(/^1\./),
        revision: expect.any(String),
        golang_version: '',
        status: '',
        tag: expect.stringMatching(/^pilotlight-/),
      },
    });
  });
});
