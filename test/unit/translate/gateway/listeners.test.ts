import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import type { GatewayServer, GatewayTls } from '../../../../src/config/kinds/networking.js';
import type { TlsRoute } from '../../../../src/config/kinds/virtual-service.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../../src/mesh/snapshot.js';
import { translateListeners } from '../../../../src/translate/listener/listeners.js';
import { Memo } from '../../../../src/translate/memo.js';
import type { Translation } from '../../../../src/translate/translation.js';
import {
  destinationRule,
  kubernetesService,
  object,
  proxyOf,
  snapshotOf,
  virtualService,
} from '../../mesh/builders.js';

const orders = kubernetesService('orders.shop');
const passthrough: GatewayTls = { mode: 'PASSTHROUGH' };

function server(
  number: number,
  protocol: string,
  hosts: readonly string[] = ['*'],
  tls?: GatewayTls,
): GatewayServer {
  const port = { number, protocol, name: `${protocol}-${hosts.join()}` };
  return { port, bind: '', hosts, defaultEndpoint: '', name: '', ...(tls !== undefined && { tls }) };
}

function tlsRoute(...sniHosts: readonly string[]): TlsRoute {
  return { match: [{ sniHosts }], route: [{ destination: { host: orders.hostname } }] };
}

function snapshot(
  servers: readonly GatewayServer[],
  { tls = [], rules = [] }: { tls?: readonly TlsRoute[]; rules?: Parameters<typeof destinationRule>[] } = {},
  previous?: Snapshot,
): Snapshot {
  const objects = {
    gateways: [object('Gateway', 'edge/main', { selector: { istio: 'edge' }, servers })],
    virtualServices: [
      virtualService('shop/orders', {
        hosts: ['*.example.com'],
        gateways: ['edge/main'],
        http: [{ route: [{ destination: { host: orders.hostname } }] }],
        tls,
      }),
    ],
    destinationRules: rules.map((rule) => destinationRule(...rule)),
  };
  return snapshotOf({ services: [orders], objects }, previous);
}

const edge = { LABELS: { istio: 'edge' } };

function listeners(mesh: Snapshot, metadata: object = edge, memo = new Memo()): Translation {
  return finish(translateListeners(resolveProxy(mesh, proxyOf('edge', { ...metadata }, 'router')), memo));
}

const names = ({ resources }: Translation): readonly string[] => resources.map(({ name }) => name);

describe('listeners of a router', () => {
  it('are those of the Gateways that are for it', () => {
    const mesh = snapshot([server(80, 'HTTP')]);
    expect(names(listeners(mesh))).toEqual(['0.0.0.0_80']);
    expect(names(listeners(mesh, { LABELS: { istio: 'other' } }))).toEqual([]);
  });

  it('come with what is wrong about its Gateways', () => {
    const { problems } = listeners(snapshot([server(80, 'HTTP'), server(80, 'TCP')]));
    expect(problems).toEqual([
      {
        subject: 'Gateway edge/main',
        message: 'its server on port 80 (TCP-*) is left out: port 80 has a server of protocol HTTP already',
      },
    ]);
  });

  it('leave out ports below 1024 for Pods that may not listen there, and say so', () => {
    const mesh = snapshot([server(80, 'HTTP'), server(8080, 'HTTP')]);
    const made = listeners(mesh, { ...edge, UNPRIVILEGED_POD: 'true' });
    expect(names(made)).toEqual(['0.0.0.0_8080']);
    expect(made.problems.map(({ message }) => message)).toEqual([
      "there is no listener on port 80: the gateway's Pod may not listen below 1024 (UNPRIVILEGED_POD)",
    ]);
  });

  it('leave out a port that no connection could be passed on from, and say so', () => {
    const made = listeners(snapshot([server(9000, 'TCP')]));
    expect(names(made)).toEqual([]);
    expect(made.problems.map(({ message }) => message)).toEqual([
      'its server on port 9000 (TCP-*) takes no connections: no VirtualService has a TCP route for it',
    ]);
  });

  it('have a chain for a server name once, and say which match is left out', () => {
    const tls = [tlsRoute('a.example.com'), tlsRoute('b.example.com', 'a.example.com')];
    const made = listeners(snapshot([server(443, 'TLS', ['*.example.com'], passthrough)], { tls }));
    expect(names(made)).toEqual(['0.0.0.0_443']);
    expect(made.problems).toEqual([
      {
        subject: 'VirtualService shop/orders',
        message:
          'a TLS match is left out on port 443 of Gateway edge/main: another match is for a.example.com already',
      },
    ]);
  });

  it('are the very same resources for routers that are alike, and as long as nothing of them changes', () => {
    const memo = new Memo();
    const servers = [server(80, 'HTTP'), server(8080, 'HTTP')];
    const mesh = snapshot(servers);
    const first = listeners(mesh, edge, memo);
    const others = listeners(mesh, { LABELS: { istio: 'edge', pod: 'other' } }, memo);
    expect(others.resources).toHaveLength(2);
    others.resources.forEach((resource, index) => expect(resource).toBe(first.resources[index]));
    const later = listeners(snapshot(servers, {}, mesh), edge, memo);
    expect(later.resources.map(({ version }) => version)).toEqual(
      first.resources.map(({ version }) => version),
    );
  });
});
