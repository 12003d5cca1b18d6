import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import { translateGrpcListeners } from '../../../../src/translate/grpc/listeners.js';
import { Memo } from '../../../../src/translate/memo.js';
import { entryService, kubernetesService, peerAuthentication } from '../../mesh/builders.js';
import { grpcContext, made } from './fixtures.js';

const orders = kubernetesService('orders.shop', { ports: [7070] });
const inbound = 'xds.istio.io/grpc/lds/inbound/';

function listeners(names: readonly string[], services = [orders]): Map<string, object> {
  return made(translateGrpcListeners(grpcContext({ services }), new Memo(), new Set(names)));
}

describe('listeners of a gRPC client', () => {
  it('are not there for what nobody knows', () => {
    const names = ['gone.shop.svc.cluster.local:7070', 'orders:9', 'orders:http', ''];
    expect([...listeners(names).keys()]).toEqual([]);
    expect([...listeners([]).keys()]).toEqual([]);
  });

  it('are those of every service where none is named', () => {
    const context = grpcContext({ services: [orders, kubernetesService('stock.pay')] });
    expect([...made(translateGrpcListeners(context, new Memo())).keys()]).toEqual([
      'orders.shop.svc.cluster.local:7070',
      'stock.pay.svc.cluster.local:80',
    ]);
  });

  it('lead to the routes of the service’s port', () => {
    expect(listeners(['orders.shop:7070']).get('orders.shop:7070')).toMatchObject({
      api_listener: {
        api_listener: { rds: { route_config_name: 'outbound|7070||orders.shop.svc.cluster.local' } },
      },
    });
  });

  it('have a name each: of two services that go by it the first counts', () => {
    const short = entryService('orders', 'shop', { ports: [7070] });
    const context = grpcContext({ services: [orders, short] });
    const { resources } = finish(translateGrpcListeners(context, new Memo(), new Set(['orders:7070'])));
    expect(resources.map(({ name }) => name)).toEqual(['orders:7070']);
  });

  it('are shared by clients that see the same', () => {
    const memo = new Memo();
    const names = new Set(['orders:7070']);
    const [one] = finish(translateGrpcListeners(grpcContext({ services: [orders] }), memo, names)).resources;
    const other = grpcContext({ services: [orders] }, { LABELS: { app: 'other' } });
    expect(finish(translateGrpcListeners(other, memo, names)).resources[0]).toBe(one);
  });
});

describe('listeners of a gRPC server', () => {
  const port = orders.ports[0];
  if (port === undefined) throw new Error('orders has a port');
  const serviceTargets = [{ service: orders, port, targetPort: 8080 }];

  function server(mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE', labels = {}): Map<string, object> {
    const peerAuthentications = [peerAuthentication('shop/default', { mtls: { mode } })];
    const context = grpcContext({ objects: { peerAuthentications } });
    const names = new Set([`${inbound}0.0.0.0:8080`]);
    return made(translateGrpcListeners({ ...context, serviceTargets, labels }, new Memo(), names));
  }

  it.each([
    ['STRICT', {}, 'inbound-mtls'],
    ['DISABLE', { 'security.istio.io/tlsMode': 'istio' }, 'inbound-plaintext'],
    ['PERMISSIVE', { 'security.istio.io/tlsMode': 'istio' }, 'inbound-mtls'],
    ['PERMISSIVE', { 'security.istio.io/tlsMode': 'disabled' }, 'inbound-plaintext'],
  ] as const)('that is %s with labels %o have the chain %s', (mode, labels, chain) => {
    expect([...server(mode, labels).values()]).toMatchObject([{ filter_chains: [{ name: chain }] }]);
  });

  it('are not there for a port that no service leads to, which is said', () => {
    const context = { ...grpcContext({}), serviceTargets };
    const names = new Set([`${inbound}0.0.0.0:8081`, `${inbound}0.0.0.0`]);
    const { resources, problems } = finish(translateGrpcListeners(context, new Memo(), names));
    expect(resources).toEqual([]);
    expect(problems).toEqual([
      {
        subject: `${inbound}0.0.0.0:8081`,
        message: expect.stringContaining('no service leads to port 8081'),
      },
      { subject: `${inbound}0.0.0.0`, message: expect.stringContaining('host:port') },
    ]);
  });
});
