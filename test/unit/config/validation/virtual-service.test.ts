import { describe, expect, it } from 'vitest';
import type {
  HttpMatchRequest,
  HttpRoute,
  L4MatchAttributes,
  RouteDestination,
  TlsRoute,
  VirtualService,
} from '../../../../src/config/kinds/virtual-service.js';
import { validateObject } from '../../../../src/config/validation/index.js';
import { describeRules, objectOf, shown } from './rules.js';

const route = [{ destination: { host: 'api' } }];
const base: VirtualService = {
  hosts: ['api'],
  gateways: [],
  http: [{ route }],
  tls: [],
  tcp: [],
  exportTo: [],
};

function matching(match: HttpMatchRequest, changes: Partial<VirtualService> = {}): Partial<VirtualService> {
  return { http: [{ match: [match], route }], ...changes };
}
function tlsRoute(changes: Partial<TlsRoute> = {}): TlsRoute {
  return { match: [{ sniHosts: ['api'] }], route, ...changes };
}
function tls(
  match: Partial<TlsRoute['match'][number]>,
  changes: Partial<VirtualService> = {},
): Partial<VirtualService> {
  return { http: [], tls: [tlsRoute({ match: [{ sniHosts: ['api'], ...match }] })], ...changes };
}
function tcp(match: L4MatchAttributes): Partial<VirtualService> {
  return { http: [], tcp: [{ match: [match], route }] };
}
function tcpTo(...destinations: readonly RouteDestination[]): Partial<VirtualService> {
  return { http: [], tcp: [{ route: destinations }] };
}
const outbound = 'outbound_.80_._.api.default.svc.cluster.local';

describeRules('VirtualService', base, [
  {
    rule: 'there is no route',
    broken: { http: [] },
    finds: ['error spec'],
    fine: { http: [], tcp: [{ route }] },
  },
  {
    rule: 'a host is not a domain',
    broken: { hosts: ['a_b.com'] },
    finds: ['error spec.hosts[0]'],
    says: '"a_b.com"',
    fine: { hosts: ['a-b.com'] },
  },
  {
    rule: 'a host is neither a domain nor an address',
    broken: { hosts: ['10.0.0.300'] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: ['10.0.0.30'] },
  },
  {
    rule: 'a host of the mesh is "*"',
    broken: { hosts: ['*'] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: ['*'], gateways: ['edge'] },
  },
  {
    rule: 'a host of the mesh and a gateway is "*"',
    broken: { hosts: ['*'], gateways: ['infra/edge', 'mesh'] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: ['*.com'], gateways: ['infra/edge', 'mesh'] },
  },
  {
    rule: 'hosts overlap',
    broken: { hosts: ['a.example.com', 'b.org', '*.example.com'] },
    finds: ['error spec.hosts[2]'],
    says: '"a.example.com"',
    fine: { hosts: ['example.com', 'b.org', '*.example.com'] },
  },
  {
    rule: 'a host is named twice',
    broken: { hosts: ['a', 'a'] },
    finds: ['error spec.hosts[1]'],
    fine: { hosts: ['a', 'b'] },
  },
  {
    rule: 'a host in the form of AUTO_PASSTHROUGH is on a gateway without SNI',
    broken: { hosts: [outbound], gateways: ['edge'] },
    finds: ['error spec.hosts[0]'],
    fine: {
      hosts: [outbound],
      gateways: ['edge'],
      http: [],
      tls: [tlsRoute({ match: [{ sniHosts: [outbound] }] })],
    },
  },
  {
    rule: 'a host in the form of AUTO_PASSTHROUGH is on a gateway with TLS that matches no SNI',
    broken: {
      hosts: [outbound],
      gateways: ['edge'],
      http: [],
      tls: [tlsRoute({ match: [{ sniHosts: [] }] })],
    },
    finds: ['error spec.hosts[0]', 'error spec.tls[0].match[0].sniHosts'],
    fine: {
      hosts: [outbound],
      gateways: ['edge'],
      http: [],
      tls: [tlsRoute({ match: [{ sniHosts: [outbound] }] })],
    },
  },
  {
    rule: 'a host has half of the form of AUTO_PASSTHROUGH',
    broken: {
      hosts: ['outbound_.http_._.api', 'outbound_.80_.api'],
      gateways: ['edge'],
      http: [],
      tls: [tlsRoute({ match: [{ sniHosts: ['10.0.0.1'] }] })],
    },
    finds: ['error spec.hosts[0]', 'error spec.hosts[1]', 'warning spec.tls[0].match[0].sniHosts[0]'],
    says: 'outbound_.<port>_._.<host>',
    fine: {
      hosts: [outbound],
      gateways: ['edge'],
      http: [],
      tls: [tlsRoute({ match: [{ sniHosts: [outbound] }] })],
    },
  },
  {
    rule: 'exportTo is for nobody',
    broken: { exportTo: ['~'] },
    finds: ['error spec.exportTo[0]'],
    says: 'for a ServiceEntry only',
    fine: { exportTo: ['.'] },
  },

  {
    rule: 'the name of a gateway is not a domain',
    broken: { gateways: ['edge_1'] },
    finds: ['error spec.gateways[0]'],
    fine: { gateways: ['edge-1'] },
  },
  {
    rule: 'the namespace of a gateway is empty',
    broken: { gateways: ['/edge', 'infra/edge_1'] },
    finds: ['error spec.gateways[0]', 'error spec.gateways[1]'],
    fine: { gateways: ['infra/edge'] },
  },
  {
    rule: 'the name of a gateway has a slash',
    broken: { gateways: ['infra/edge/a'] },
    finds: ['error spec.gateways[0]'],
    fine: { gateways: ['infra/edge'] },
  },
  {
    rule: 'a gateway is named by its domain',
    broken: { gateways: ['edge.infra.svc.cluster.local'] },
    finds: ['warning spec.gateways[0]'],
    says: '"infra/edge"',
    fine: { gateways: ['infra/edge'] },
  },
  {
    rule: 'a gateway before the first without a namespace is wrong',
    broken: { gateways: ['infra/edge_1', 'mesh', 'infra/edge_2'] },
    finds: ['error spec.gateways[0]'],
    fine: { gateways: ['mesh', 'infra/edge_2'] },
  },

  {
    rule: 'a delegate has gateways',
    broken: { hosts: [], gateways: ['edge'] },
    finds: ['error spec.gateways'],
    fine: { hosts: [] },
  },
  {
    rule: 'a delegate has TCP routes',
    broken: { hosts: [], tcp: [{ route }] },
    finds: ['error spec.tcp'],
    fine: { hosts: [] },
  },
  {
    rule: 'a delegate has TLS routes',
    broken: { hosts: [], tls: [tlsRoute({ match: [{ sniHosts: ['10.0.0.1'] }] })] },
    finds: ['error spec.tls', 'warning spec.tls[0].match[0].sniHosts[0]'],
    fine: { hosts: [] },
  },
  {
    rule: 'a delegate delegates',
    broken: { hosts: [], http: [{ delegate: { name: 'a' }, route }] },
    finds: ['error spec.http[0].delegate'],
    fine: { http: [{ delegate: { name: 'a' } }] },
  },

  {
    rule: 'the mesh matches claims',
    broken: matching({
      headers: { '@request.auth.claims.group': { exact: 'a' } },
      withoutHeaders: { '@request.auth.claims[group]': { exact: 'b' } },
    }),
    finds: [
      'error spec.http[0].match[0].headers[@request.auth.claims.group]',
      'error spec.http[0].match[0].withoutHeaders[@request.auth.claims[group]]',
    ],
    fine: matching(
      {
        headers: { '@request.auth.claims.group': { exact: 'a' } },
        withoutHeaders: { '@request.auth.claims[group]': { exact: 'b' } },
      },
      { gateways: ['edge'] },
    ),
  },
  {
    rule: 'the mesh beside a gateway matches claims',
    broken: matching(
      { headers: { '@Request.Auth.Claims.group': { exact: 'a' } } },
      { gateways: ['infra/edge', 'mesh'] },
    ),
    finds: ['error spec.http[0].match[0].headers[@Request.Auth.Claims.group]'],
    fine: matching(
      { headers: { '@request.auth.claims.group': { exact: 'a' } } },
      { gateways: ['infra/edge'] },
    ),
  },

  {
    rule: 'a TLS route matches nothing',
    broken: { http: [], tls: [tlsRoute({ match: [] })] },
    finds: ['error spec.tls[0].match'],
    fine: tls({}),
  },
  {
    rule: 'a TLS match has no SNI',
    broken: tls({ sniHosts: [] }),
    finds: ['error spec.tls[0].match[0].sniHosts'],
    fine: tls({}),
  },
  {
    rule: 'an SNI host is not a domain',
    broken: tls({ sniHosts: ['a_b'] }),
    finds: ['error spec.tls[0].match[0].sniHosts[0]'],
    fine: tls({ sniHosts: ['api'] }),
  },
  {
    rule: 'the mesh has an SNI host in the form of AUTO_PASSTHROUGH',
    broken: tls({ sniHosts: [outbound] }, { gateways: ['infra/edge', 'mesh'], hosts: ['*.local'] }),
    finds: ['error spec.tls[0].match[0].sniHosts[0]'],
    fine: tls({ sniHosts: [outbound] }, { gateways: ['infra/edge'], hosts: ['*.local'] }),
  },
  {
    rule: 'an SNI host is an address',
    broken: tls({ sniHosts: ['10.0.0.1'] }),
    finds: ['warning spec.tls[0].match[0].sniHosts[0]'],
    fine: tls({ sniHosts: ['api'] }),
  },
  {
    rule: 'an SNI host is not covered',
    broken: tls({ sniHosts: ['*.example.com'] }, { hosts: ['a.example.com', 'b.org'] }),
    finds: ['error spec.tls[0].match[0].sniHosts[0]'],
    says: 'a.example.com, b.org',
    fine: tls({ sniHosts: ['*.a.example.com'] }, { hosts: ['b.org', '*.example.com'] }),
  },
  {
    rule: 'a TLS route goes nowhere',
    broken: { http: [], tls: [tlsRoute({ route: [] })] },
    finds: ['error spec.tls[0].route'],
    fine: tls({}),
  },
  {
    rule: 'a TLS route goes to no host',
    broken: { http: [], tls: [tlsRoute({ route: [{ destination: { host: '' } }] })] },
    finds: ['error spec.tls[0].route[0].destination.host'],
    fine: tls({}),
  },
  {
    rule: 'a subnet is none',
    broken: tls({ destinationSubnets: ['10.0.0.0/8', 'a'] }),
    finds: ['error spec.tls[0].match[0].destinationSubnets[1]'],
    fine: tls({ destinationSubnets: ['10.0.0.0/8', '::1'] }),
  },
  {
    rule: 'a matched port is out of range',
    broken: tls({ port: 65536 }),
    finds: ['error spec.tls[0].match[0].port'],
    fine: tls({ port: 0 }),
  },
  {
    rule: 'labels of a source are none',
    broken: tls({ sourceLabels: { app: '*' } }),
    finds: ['error spec.tls[0].match[0].sourceLabels.app'],
    fine: tls({ sourceLabels: { app: 'a' } }),
  },
  {
    rule: 'a gateway of a TLS match is named by its domain',
    broken: tls({ gateways: ['edge.infra'] }),
    finds: ['warning spec.tls[0].match[0].gateways[0]'],
    fine: tls({ gateways: ['infra/edge'] }),
  },
  {
    rule: 'a gateway of a TCP match is wrong',
    broken: tcp({ gateways: ['edge_1'] }),
    finds: ['error spec.tcp[0].match[0].gateways[0]'],
    fine: tcp({ gateways: ['edge.infra'] }),
  },
  {
    rule: 'a TCP match is wrong',
    broken: tcp({ destinationSubnets: ['a'], port: 65536, sourceLabels: { '-': 'a' } }),
    finds: [
      'error spec.tcp[0].match[0].destinationSubnets[0]',
      'error spec.tcp[0].match[0].port',
      'error spec.tcp[0].match[0].sourceLabels.-',
    ],
    fine: tcp({ destinationSubnets: ['10.0.0.1'], port: 65535, sourceLabels: { a: 'a' } }),
  },
  {
    rule: 'a TCP route goes nowhere',
    broken: tcpTo(),
    finds: ['error spec.tcp[0].route'],
    fine: tcpTo({ destination: { host: 'api' } }),
  },
  {
    rule: 'a destination is "*"',
    broken: tcpTo({ destination: { host: '*' } }),
    finds: ['error spec.tcp[0].route[0].destination.host'],
    fine: tcpTo({ destination: { host: '*.com' } }),
  },
  {
    rule: 'the subset of a destination is not a label',
    broken: tcpTo({ destination: { host: 'api', subset: 'v.1' } }),
    finds: ['error spec.tcp[0].route[0].destination.subset'],
    fine: tcpTo({ destination: { host: 'api', subset: '' } }),
  },
  {
    rule: 'the port of a destination is out of range',
    broken: tcpTo({ destination: { host: 'api', port: { number: 0 } } }),
    finds: ['error spec.tcp[0].route[0].destination.port.number'],
    fine: tcpTo({ destination: { host: 'api', port: { number: 1 } } }),
  },
  {
    rule: 'a weight is negative',
    broken: tcpTo({ destination: { host: 'api' }, weight: -1 }, { destination: { host: 'b' }, weight: 2 }),
    finds: ['error spec.tcp[0].route[0].weight'],
    fine: tcpTo({ destination: { host: 'api' }, weight: 0 }, { destination: { host: 'b' }, weight: 2 }),
  },
  {
    rule: 'several destinations have no weight',
    broken: tcpTo({ destination: { host: 'api' } }, { destination: { host: 'b' }, weight: 0 }),
    finds: ['error spec.tcp[0].route'],
    fine: tcpTo({ destination: { host: 'api' } }),
  },
]);

describe('VirtualService rules that can never apply', () => {
  const prefix = (text: string, match: HttpMatchRequest = {}): HttpMatchRequest => ({
    ...match,
    uri: { prefix: text },
  });
  const found = (...http: readonly HttpRoute[]): readonly string[] =>
    shown(
      validateObject(objectOf('VirtualService', { ...base, http: http.map((rule) => ({ route, ...rule })) })),
    );

  it.each<[string, readonly HttpRoute[], readonly string[]]>([
    [
      'a rule behind one that matches everything',
      [{}, { match: [prefix('/a'), prefix('/b')] }],
      ['spec.http[1]'],
    ],
    ['each rule behind the first that matches everything', [{}, {}, {}], ['spec.http[1]', 'spec.http[2]']],
    [
      'a match that is repeated in its rule',
      [{ match: [prefix('/a'), prefix('/a')] }],
      ['spec.http[0].match[1]'],
    ],
    [
      'a rule all of whose matches are repeated',
      [{ match: [prefix('/a')] }, { match: [prefix('/a')] }],
      ['spec.http[1]', 'spec.http[1].match[0]'],
    ],
    [
      'a repeated match under another name, in another order, and with what goes without saying',
      [
        { match: [{ name: 'a', authority: { exact: 'a' }, headers: { x: undefined, y: { exact: '1' } } }] },
        {
          match: [
            {
              gateways: [],
              headers: { y: { exact: '1' }, x: undefined },
              authority: { exact: 'a' },
              port: 0,
              statPrefix: '',
              ignoreUriCase: false,
              name: 'b',
            },
            prefix('/'),
          ],
        },
      ],
      ['spec.http[1].match[0]'],
    ],
    [
      'a prefix behind a shorter one',
      [{ match: [prefix('/a')] }, { match: [prefix('/ab')] }],
      ['spec.http[1].match[0]'],
    ],
    [
      'a prefix for GET behind a shorter one for anything, which Istio takes for GET',
      [{ match: [prefix('/a')] }, { match: [prefix('/ab', { method: { exact: 'GET' } })] }],
      ['spec.http[1].match[0]'],
    ],
    [
      'a prefix behind a shorter one of its own rule',
      [{ match: [prefix('/'), prefix('/a')] }],
      ['spec.http[0].match[1]'],
    ],
    [
      'a prefix behind a shorter one with the same conditions',
      [
        {
          match: [
            prefix('/a', {
              port: 80,
              method: { exact: 'GET' },
              authority: { exact: 'a' },
              headers: { x: { prefix: 'y' } },
            }),
          ],
        },
        { match: [prefix('/ab', { port: 80, authority: { exact: 'a' }, headers: { x: { prefix: 'y' } } })] },
      ],
      ['spec.http[1].match[0]'],
    ],
    [
      'a prefix behind a shorter one whose conditions begin like its own',
      [
        { match: [prefix('/a', { authority: { exact: 'ab' } })] },
        { match: [prefix('/ab', { authority: { exact: 'a' } })] },
      ],
      ['spec.http[1].match[0]'],
    ],
    [
      'a repeated match but not again for its prefix',
      [{ match: [prefix('/a')] }, { match: [prefix('/ab'), prefix('/ab')] }],
      ['spec.http[1].match[0]', 'spec.http[1].match[1]'],
    ],
  ])('warns of %s', (_, http, paths) => {
    expect(found(...http)).toEqual(paths.map((path) => `warning ${path}`));
  });

  it.each<[string, readonly HttpRoute[]]>([
    ['one rule that matches everything, at the end', [{ match: [prefix('/a')] }, {}]],
    ['a shorter prefix behind a longer one', [{ match: [prefix('/ab')] }, { match: [prefix('/a')] }]],
    ['another prefix', [{ match: [prefix('/a')] }, { match: [prefix('/b')] }]],
    ['an exact path behind a prefix', [{ match: [prefix('/a')] }, { match: [{ uri: { exact: '/ab' } }] }]],
    ['an empty prefix, which matches every path', [{ match: [prefix('')] }, { match: [prefix('/a')] }]],
    ['another port', [{ match: [prefix('/a', { port: 80 })] }, { match: [prefix('/ab')] }]],
    [
      'another method',
      [{ match: [prefix('/a')] }, { match: [prefix('/ab', { method: { exact: 'POST' } })] }],
    ],
    [
      'another authority',
      [
        { match: [prefix('/a', { authority: { exact: 'a' } })] },
        { match: [prefix('/ab', { authority: { prefix: 'a' } })] },
      ],
    ],
    ['more headers', [{ match: [prefix('/a')] }, { match: [prefix('/ab', { headers: { x: undefined } })] }]],
    [
      'other headers',
      [
        { match: [prefix('/a', { headers: { x: undefined } })] },
        { match: [prefix('/ab', { headers: { y: undefined } })] },
      ],
    ],
    [
      'headers of other values',
      [
        { match: [prefix('/a', { headers: { x: { regex: 'a' } } })] },
        { match: [prefix('/ab', { headers: { x: { exact: 'a' } } })] },
      ],
    ],
    [
      'other query parameters',
      [
        { match: [prefix('/a', { queryParams: { x: { exact: '1' } } })] },
        { match: [prefix('/ab', { queryParams: { x: { exact: '2' } } })] },
      ],
    ],
    [
      'other absent headers',
      [
        { match: [prefix('/a', { withoutHeaders: { x: { exact: '1' } } })] },
        { match: [prefix('/ab', { withoutHeaders: { x: { exact: '2' } } })] },
      ],
    ],
    [
      'other values of one field',
      [{ match: [{ port: 80 }, { port: 81 }] }, { match: [{ statPrefix: 'a' }, { statPrefix: 'b' }] }],
    ],
    ['a field more', [{ match: [{ port: 80 }] }, { match: [{ port: 80, ignoreUriCase: true }] }]],
    ['other gateways', [{ match: [{ gateways: ['a'] }] }, { match: [{ gateways: ['b'] }] }]],
    [
      'another header with no value',
      [{ match: [{ headers: { x: undefined } }] }, { match: [{ headers: { y: undefined } }] }],
    ],
  ])('does not warn of %s', (_, http) => {
    expect(found(...http)).toEqual([]);
  });

  it('warns of repeated matches and unreachable rules of TCP and TLS', () => {
    const spec: VirtualService = {
      ...base,
      http: [],
      tcp: [{ route }, { match: [{ port: 80 }], route }],
      tls: [tlsRoute(), tlsRoute()],
    };
    expect(shown(validateObject(objectOf('VirtualService', spec)))).toEqual([
      'warning spec.tcp[1]',
      'warning spec.tls[1]',
      'warning spec.tls[1].match[0]',
    ]);
  });

  it('does not look at prefixes behind a rule that matches everything', () => {
    expect(found({ match: [prefix('/a')] }, {}, { match: [prefix('/ab')] })).toEqual([
      'warning spec.http[2]',
    ]);
  });
});
