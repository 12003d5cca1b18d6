import { describe, expect, it } from 'vitest';
import { OfflineSource } from '../../src/offline.js';
import {
  discoveryOf,
  endpoint,
  kubernetesService,
  shard,
  snapshotOf,
  virtualService,
} from './mesh/builders.js';

const orders = kubernetesService('orders.shop', {
  ports: [{ name: 'grpc', port: 7070, protocol: 'GRPC' }],
});
const discovery = discoveryOf(
  [orders],
  [[orders, [shard([endpoint('10.1.0.1', { servicePortName: 'grpc' })])]]],
);
const client = { id: 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local' };
const grpc = { ...client, metadata: { GENERATOR: 'grpc' } };

function asking(...names: string[]) {
  return { ...client, metadata: { ...grpc.metadata, ORACLE_LDS_NAMES: names } };
}

describe('a gRPC client is asked as', () => {
  const source = new OfflineSource(snapshotOf({ discovery }));

  it('for its listeners and what each type leads to', () => {
    const { answer } = source.answer(asking('orders:7070', 'gone:7070'));
    const cluster = `outbound|7070||${orders.hostname}`;
    expect(Object.entries(answer).map(([type, list]) => [type, list.map(({ name }) => name)])).toEqual([
      ['cds', [cluster]],
      ['eds', [undefined]],
      ['lds', ['orders:7070']],
      ['rds', [cluster]],
    ]);
    expect(answer['eds']).toMatchObject([{ cluster_name: cluster, endpoints: [{}] }]);
  });

  it('for all listeners if it names none', () => {
    expect(source.answer(grpc).answer['lds']).toMatchObject([{ name: `${orders.hostname}:7070` }]);
  });

  it('for nothing that nothing leads to', () => {
    expect(source.answer(asking('gone:7070')).answer).toEqual({ lds: [] });
    const http = [{ directResponse: { status: 503 } }];
    const virtualServices = [virtualService('shop/orders', { hosts: [orders.hostname], http })];
    const answering = new OfflineSource(snapshotOf({ discovery, objects: { virtualServices } }));
    expect(Object.keys(answering.answer(asking('orders:7070')).answer)).toEqual(['lds', 'rds']);
  });

  it('for the types that are wanted only', () => {
    expect(Object.keys(source.answer(asking('orders:7070'), ['eds']).answer)).toEqual(['eds']);
  });
});

describe('an Envoy is asked as', () => {
  const source = new OfflineSource(snapshotOf({ discovery }));

  it('for clusters and their assignments, for listeners and the routes that they name', () => {
    const { answer, problems } = source.answer(client);
    expect(Object.keys(answer)).toEqual(['cds', 'eds', 'lds', 'rds']);
    expect(answer['rds']).toMatchObject([{ name: '7070' }]);
    expect(problems).toEqual([]);
  });

  it('for routes by the listeners, even if these are not wanted', () => {
    const { answer } = source.answer(client, ['rds']);
    expect(Object.keys(answer)).toEqual(['rds']);
    expect(answer['rds']).toMatchObject([{ name: '7070' }]);
  });

  it('for names where its agent answers DNS', () => {
    expect(source.answer(client, ['nds']).answer).toEqual({});
    const { answer } = source.answer({ ...client, metadata: { DNS_CAPTURE: 'true' } }, ['nds']);
    expect(answer['nds']).toMatchObject([{ table: { [orders.hostname]: { shortname: 'orders' } } }]);
  });
});
