import { describe, expect, it } from 'vitest';
import {
  adszJson,
  connectionsJson,
  readStreamQuery,
  synczJson,
  type StreamQuery,
} from '../../../src/console/xds-json.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { connectedStream, now, typeStatus } from './streams.js';

const everything: StreamQuery = { all: false };

describe('/debug/syncz', () => {
  it('has Istiod’s fields, and for each type what was sent, accepted and refused, when, and how long ago', () => {
    const refused = typeStatus('eds', {
      nonceSent: '1-2',
      nonceAcked: '1-1',
      versionSent: 'v2',
      nackedAt: now - 1250,
      lastError: 'no such cluster',
      names: ['a', 'b'],
      resources: 2,
    });
    const stream = connectedStream({ types: [typeStatus('cds'), refused] });
    expect(synczJson([stream], everything, now)).toEqual([
      {
        cluster_id: 'Kubernetes',
        proxy: 'web-1.shop',
        proxy_type: 'sidecar',
        istio_version: '1.31.0',
        cluster_sent: '1-1',
        cluster_acked: '1-1',
        endpoint_sent: '1-2',
        endpoint_acked: '1-1',
        resources: {
          [typeUrls.cds]: expect.objectContaining({
            sent: '1-1',
            acked: '1-1',
            sentTime: '2026-03-01T11:59:50.000Z',
            lastError: '',
            state: 'SYNCED',
            wildcard: true,
            names: 0,
            resources: 3,
            sentSecondsAgo: 10,
            ackedTime: '2026-03-01T11:59:50.500Z',
            ackedSecondsAgo: 9.5,
            nackedTime: undefined,
            nackedSecondsAgo: undefined,
          }),
          [typeUrls.eds]: expect.objectContaining({
            state: 'ERROR',
            lastError: 'no such cluster',
            names: 2,
            versionSent: 'v2',
            versionAcked: 'v1',
            nackedTime: '2026-03-01T11:59:58.750Z',
            nackedSecondsAgo: 1.25,
          }),
        },
        connection_id: 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local-1',
        node_id: 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local',
        namespace: 'shop',
        dialect: 'istio',
        variant: 'sotw',
        only_type: undefined,
        address: '127.0.0.1:40001',
        connected_at: '2026-03-01T11:59:00.000Z',
        connected_seconds_ago: 60,
      },
    ]);
  });

  it('shows what was never sent without times', () => {
    const never = typeStatus('rds', {
      nonceSent: '',
      nonceAcked: '',
      versionSent: '',
      versionAcked: '',
      sentAt: undefined,
      ackedAt: undefined,
    });
    const [status] = synczJson([connectedStream({ types: [never] })], everything, now);
    expect(status?.resources[typeUrls.rds]).toMatchObject({
      state: 'NOT SENT',
      sent: '',
      sentTime: undefined,
      sentSecondsAgo: undefined,
    });
  });

  it('shows the proxies of a namespace, or those whose connection id has a part', () => {
    const streams = [
      connectedStream({ number: 2, namespace: 'pay' }),
      connectedStream({ number: 1 }),
      connectedStream({ number: 12 }),
    ];
    const names = (query: StreamQuery): string[] => synczJson(streams, query, now).map(({ proxy }) => proxy);
    expect(names(everything)).toEqual(['web-1.shop', 'web-12.shop', 'web-2.pay']);
    expect(names({ all: false, namespace: 'pay' })).toEqual(['web-2.pay']);
    expect(names({ all: false, proxyId: 'web-12' })).toEqual(['web-12.shop']);
    expect(names({ all: false, proxyId: 'web-12', namespace: 'pay' })).toEqual([]);
  });

  it('leaves out streams that ask for debug pages only, and those that have not said whose they are', () => {
    const question = connectedStream({ types: [typeStatus('debug-syncz')] });
    const silent = connectedStream({ stream: { identity: undefined, client: undefined } });
    expect(synczJson([question, silent], everything, now)).toEqual([]);
  });

  it('cuts what clients say of a refusal', () => {
    const types = [typeStatus('cds', { lastError: 'x'.repeat(1_000_000), nackedAt: now })];
    expect(JSON.stringify(synczJson([connectedStream({ types })], everything, now)).length).toBeLessThan(
      10_000,
    );
  });

  it('shows no negative age when the clock was set back', () => {
    const [status] = synczJson(
      [connectedStream({ types: [typeStatus('cds')] })],
      everything,
      now - 3_600_000,
    );
    expect(status?.connected_seconds_ago).toBe(0);
    expect(status?.resources[typeUrls.cds]?.sentSecondsAgo).toBe(0);
  });
});

describe('/debug/adsz', () => {
  it('shows who is connected, what is known of them, and what they watch', () => {
    const types = [typeStatus('cds'), typeStatus('eds', { names: ['a', 'b'] })];
    expect(adszJson([connectedStream({ types })], everything, now)).toEqual({
      totalClients: 1,
      clients: [
        expect.objectContaining({
          connectionId: 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local-1',
          connectedAt: '2026-03-01T11:59:00.000Z',
          address: '127.0.0.1:40001',
          connectedSecondsAgo: 60,
          dialect: 'istio',
          watches: { [typeUrls.cds]: ['*'], [typeUrls.eds]: ['a', 'b'] },
          watchCounts: { [typeUrls.cds]: 0, [typeUrls.eds]: 2 },
        }),
      ],
    });
  });

  const names = Array.from({ length: 20_000 }, (_, index) => `outbound|80||service-${index}.example.com`);
  const many = Array.from({ length: 300 }, (_, index) =>
    connectedStream({ number: index, types: [typeStatus('eds', { names })] }),
  );

  it('stays small though clients watch tens of thousands of names, and tells how many there are', () => {
    const page = adszJson(many, everything, now);
    expect(JSON.stringify(page).length).toBeLessThan(2_000_000);
    expect(page).toMatchObject({ totalClients: 300, namesLeftOut: 300 * 20_000 - 10_000 });
    const [first] = page['clients'] as { watches: Record<string, string[]>; watchCounts: unknown }[];
    expect(first?.watches[typeUrls.eds]).toHaveLength(100);
    expect(first?.watchCounts).toEqual({ [typeUrls.eds]: 20_000 });
  });

  it('shows all names of one client with ?all, and not those of hundreds', () => {
    const one = adszJson(many, { all: true, proxyId: 'web-7.shop' }, now);
    expect(one).not.toHaveProperty('namesLeftOut');
    const [client] = one['clients'] as { watches: Record<string, string[]> }[];
    expect(client?.watches[typeUrls.eds]).toHaveLength(20_000);
    expect(adszJson(many, { all: true }, now)).toMatchObject({ namesLeftOut: 300 * 20_000 - 200_000 });
  });
});

describe('/debug/connections', () => {
  it('shows who is connected without what they watch, and counts who has not said who it is', () => {
    const silent = connectedStream({ stream: { identity: undefined, client: undefined } });
    const stream = connectedStream({ types: [typeStatus('cds')], stream: { variant: 'delta' } });
    expect(connectionsJson([stream, silent], everything, now)).toEqual({
      totalClients: 1,
      clients: [
        {
          connectionId: 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local-1',
          connectedAt: '2026-03-01T11:59:00.000Z',
          address: '127.0.0.1:40001',
          connectedSecondsAgo: 60,
          variant: 'delta',
          onlyType: undefined,
        },
      ],
      unidentified: 1,
    });
  });
});

describe('the query of these pages', () => {
  it('takes Istio’s names, and an empty value for none', () => {
    const read = (query: string): StreamQuery => readStreamQuery(new URLSearchParams(query));
    expect(read('namespace=shop&proxyID=web-1&all')).toEqual({
      namespace: 'shop',
      proxyId: 'web-1',
      all: true,
    });
    expect(read('namespace=&proxyID=')).toEqual({ namespace: undefined, proxyId: undefined, all: false });
  });
});
