/** A mesh of which every kind of route can be asked of a real Envoy: a client without interception, and a gateway. */
import type { SecretSource } from '../../../src/translate/secret/secret-source.js';
import { fromJson } from '../../../src/envoy/json.js';
import { Secret } from '../../../src/envoy/messages.js';
import { encodedResource } from '../../../src/envoy/resource.js';
import { CertificateAuthority } from '../../certificate-authority.js';
import { service, type MeshFolder } from '../mesh-folder.js';
import type { Backend } from './fixture.js';
import { accessLog } from './served-envoy.js';

/** Ports of the mesh's services and of the gateway. */
export interface MeshPorts {
  readonly http: number;
  readonly tcp: number;
  /** Of a service that does not say what it speaks. */
  readonly unknown: number;
  readonly edge: number;
  readonly edgeTls: number;
  readonly edgeTcp: number;
}

/** Backends by the names of what they serve. */
export type MeshBackends = Readonly<
  Record<'catalogV1' | 'catalogV2' | 'orders' | 'ledger' | 'mixed' | 'wild', Backend>
>;

/** The address of the gateway. */
export const edgeAddress = '127.0.3.1';

/** Writes the mesh. */
export async function putRouteMesh(
  mesh: MeshFolder,
  log: string,
  ports: MeshPorts,
  backends: MeshBackends,
): Promise<void> {
  await mesh.put('mesh.yaml', [{ ...accessLog(log), outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }]);
  await mesh.put('proxies.yaml', [proxies]);
  await mesh.put('services.yaml', [...services(ports, backends), ...entries(ports, backends)]);
  await mesh.put('rules.yaml', [catalogRule, catalogRoutes(ports), wildRoutes, ledgerRoutes]);
  await mesh.put('gateway.yaml', [
    gateway(ports),
    edgeRoutes,
    edgeWildRoutes,
    tlsRoutes(ports),
    tcpRoutes(ports),
  ]);
}

const own = { NAMESPACE: 'shop', CLUSTER_ID: 'Kubernetes' };

const proxies = [
  {
    name: 'client',
    id: 'sidecar~127.0.0.1~client.shop~shop.svc.cluster.local',
    metadata: { ...own, INTERCEPTION_MODE: 'NONE', LABELS: { app: 'client' } },
  },
  {
    name: 'edge',
    id: `router~${edgeAddress}~edge.shop~shop.svc.cluster.local`,
    metadata: { ...own, PILOTLIGHT_SDS: 'true', LABELS: { app: 'edge' } },
  },
];

function services(
  ports: MeshPorts,
  { catalogV1, catalogV2, orders, ledger, mixed }: MeshBackends,
): unknown[] {
  const versions = [{ backend: catalogV1 }, { backend: catalogV2, version: 'v2' }];
  return [
    ...onPort(service('catalog', versions), ports.http, '10.96.0.1', 'http'),
    ...onPort(service('orders', [{ backend: orders }]), ports.http, '10.96.0.2', 'http'),
    ...onPort(service('idle', []), ports.http, '10.96.0.3', 'http'),
    ...onPort(service('ledger', [{ backend: ledger }]), ports.tcp, '10.96.0.4', 'tcp'),
    ...onPort(service('mixed', [{ backend: mixed }]), ports.unknown, '10.96.0.5', 'any'),
  ];
}

/** A service with another port, name of the port, and address. */
function onPort(documents: readonly unknown[], port: number, clusterIP: string, name: string): unknown[] {
  return documents.map((document) => {
    const { kind, spec, ports } = document as { kind: string; spec: object; ports: readonly object[] };
    if (kind === 'Service')
      return { ...(document as object), spec: { ...spec, clusterIP, ports: [{ name, port }] } };
    if (kind === 'EndpointSlice')
      return { ...(document as object), ports: ports.map((each) => ({ ...each, name })) };
    return document;
  });
}

function entries({ http }: MeshPorts, { wild }: MeshBackends): unknown[] {
  return [
    entry('wild', ['*.wild.example.com', 'a.wild.example.com'], http, wild),
    entry('wilder', ['*.b.wild.example.com'], http, wild),
  ];
}

function entry(name: string, hosts: readonly string[], number: number, { address, port }: Backend): object {
  return object('ServiceEntry', name, {
    hosts,
    location: 'MESH_EXTERNAL',
    resolution: 'STATIC',
    ports: [{ number, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address, ports: { http: port } }],
  });
}

function object(kind: string, name: string, spec: object): object {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace: 'shop' }, spec };
}

const catalogRule = object('DestinationRule', 'catalog', {
  host: 'catalog',
  subsets: ['v1', 'v2', 'v3'].map((version) => ({ name: version, labels: { version } })),
});

interface HttpRule {
  readonly name: string;
  readonly match?: readonly object[];
  readonly [field: string]: unknown;
}

const v1 = [{ destination: { host: 'catalog', subset: 'v1' } }];
const v2 = [{ destination: { host: 'catalog', subset: 'v2' } }];

function at(name: string, match: object, rest: object = { route: v2 }): HttpRule {
  return { name, match: [match], ...rest };
}

/** Rules of every kind; each is named, and what each matches is only its own, but for the last one. */
function catalogRules(): readonly HttpRule[] {
  return [
    at('exact', { uri: { exact: '/exact' } }),
    at('folded', { uri: { exact: '/Folded' }, ignoreUriCase: true }),
    at('folded-prefix', { uri: { prefix: '/Fold/' }, ignoreUriCase: true }),
    at('prefix', { uri: { prefix: '/api/' } }, { rewrite: { uri: '/v1/' }, route: v2 }),
    at('segment', { uri: { prefix: '/segment' } }, { rewrite: { uri: '/', authority: 'other' }, route: v1 }),
    at('regex', { uri: { regex: '/items/[0-9]+' } }),
    at(
      'regex-rewrite',
      { uri: { prefix: '/deep' } },
      {
        rewrite: { uriRegexRewrite: { match: '^/deep/([^/]+)/(.*)$', rewrite: '/\\2/\\1' } },
        route: v1,
      },
    ),
    at('user', { headers: { 'x-user': { exact: 'ann' } } }),
    at('stage', { headers: { 'x-stage': { prefix: 'can' } } }),
    at('trace', { headers: { 'x-trace': { regex: 'a+b?' } } }),
    at('joined', { headers: { 'x-joined': { exact: 'a,b' } } }),
    at('flag', { headers: { 'x-flag': {} } }),
    at('without', { uri: { exact: '/without' }, withoutHeaders: { 'x-old': { exact: 'sure' } } }),
    at('absent', { uri: { exact: '/absent' }, withoutHeaders: { 'x-old': {} } }),
    at('query', { queryParams: { v: { exact: '2' } } }),
    at('query-regex', { queryParams: { page: { regex: '[0-9]+' } } }),
    at('query-prefix', { queryParams: { sort: { prefix: 'by' } } }),
    at('post', { method: { exact: 'POST' } }),
    at('put-regex', { method: { regex: 'PUT|PATCH' } }),
    at('authority', { uri: { exact: '/authority' }, authority: { prefix: 'catalog.shop' } }),
    at('scheme', { uri: { exact: '/scheme' }, scheme: { exact: 'https' } }),
    {
      name: 'several',
      match: [
        { uri: { exact: '/one' } },
        { name: 'two', uri: { exact: '/two' }, headers: { 'x-two': { exact: 'sure' } } },
      ],
      route: v2,
    },
    at(
      'split',
      { uri: { prefix: '/split' } },
      {
        route: [
          { ...v1[0], weight: 80 },
          { ...v2[0], weight: 20 },
        ],
      },
    ),
    at('moved', { uri: { exact: '/moved' } }, { redirect: { uri: '/new', authority: 'other.example.com' } }),
    at(
      'moved-302',
      { uri: { exact: '/moved-302' } },
      { redirect: { redirectCode: 302, port: 8443, scheme: 'https' } },
    ),
    at(
      'moved-prefix',
      { uri: { prefix: '/old/' } },
      { redirect: { uri: '%PREFIX()%/new/', redirectCode: 307 } },
    ),
    at(
      'moved-host',
      { uri: { prefix: '/gone' } },
      { redirect: { authority: 'gone.example.com', redirectCode: 308 } },
    ),
    at(
      'moved-derived',
      { uri: { exact: '/derived' } },
      { redirect: { scheme: 'https', derivePort: 'FROM_PROTOCOL_DEFAULT' } },
    ),
    at(
      'moved-request-port',
      { uri: { exact: '/request-port' } },
      { redirect: { uri: '/x', derivePort: 'FROM_REQUEST_PORT' } },
    ),
    at(
      'teapot',
      { uri: { exact: '/teapot' } },
      { directResponse: { status: 418, body: { string: 'short' } } },
    ),
    at(
      'faulty',
      { uri: { exact: '/faulty' } },
      {
        fault: { abort: { httpStatus: 555, percentage: { value: 100 } } },
        route: v1,
      },
    ),
    at(
      'empty',
      { uri: { exact: '/empty' } },
      { route: [{ destination: { host: 'catalog', subset: 'v3' } }] },
    ),
    at('unknown', { uri: { exact: '/unknown' } }, { route: [{ destination: { host: 'nowhere' } }] }),
    at('escaped', { uri: { prefix: '/esc/a b' } }),
    { name: 'all', route: v1 },
  ];
}

function catalogRoutes(_ports: MeshPorts): object {
  return object('VirtualService', 'catalog', { hosts: ['catalog'], http: catalogRules() });
}

const wildRoutes = object('VirtualService', 'wild', {
  hosts: ['*.wild.example.com'],
  http: [
    {
      name: 'wild-orders',
      match: [{ uri: { prefix: '/orders' } }],
      route: [{ destination: { host: 'orders' } }],
    },
    { name: 'wild-all', route: [{ destination: { host: 'catalog', subset: 'v2' } }] },
  ],
});

const ledgerRoutes = object('VirtualService', 'ledger', {
  hosts: ['ledger'],
  tcp: [{ route: [{ destination: { host: 'ledger' } }] }],
});

function gateway({ edge, edgeTls, edgeTcp }: MeshPorts): object {
  const server = (
    number: number,
    name: string,
    protocol: string,
    hosts: readonly string[],
    more: object = {},
  ) => ({
    port: { number, name, protocol },
    bind: edgeAddress,
    hosts,
    ...more,
  });
  const terminated = (credentialName: string) => ({ tls: { mode: 'SIMPLE', credentialName } });
  return object('Gateway', 'edge', {
    selector: { app: 'edge' },
    servers: [
      server(edge, 'http', 'HTTP', ['*.example.com', 'shop.example.com']),
      server(edge, 'http-secure', 'HTTP', ['secure.test'], { tls: { httpsRedirect: true } }),
      server(edgeTls, 'https-a', 'HTTPS', ['a.tls.example.com'], terminated('a')),
      server(edgeTls, 'https-wild', 'HTTPS', ['*.tls.example.com'], terminated('wild')),
      server(edgeTls, 'tls', 'TLS', ['through.example.com'], { tls: { mode: 'PASSTHROUGH' } }),
      server(edgeTcp, 'tcp', 'TCP', ['*']),
    ],
  });
}

const edgeRoutes = object('VirtualService', 'edge', {
  hosts: ['shop.example.com'],
  gateways: ['edge'],
  http: [
    {
      name: 'edge-orders',
      match: [{ uri: { prefix: '/orders' } }],
      route: [{ destination: { host: 'orders' } }],
    },
    { name: 'edge-canary', match: [{ headers: { cookie: { regex: '.*canary=yes.*' } } }], route: v2 },
    { name: 'edge-strict', match: [{ uri: { exact: '/strict' }, method: { exact: 'GET' } }], route: v1 },
  ],
});

const edgeWildRoutes = object('VirtualService', 'edge-wild', {
  hosts: ['*.example.com'],
  gateways: ['edge'],
  http: [
    { name: 'edge-wild-home', match: [{ uri: { exact: '/' } }], redirect: { uri: '/home' } },
    { name: 'edge-wild-all', route: v1 },
  ],
});

function tlsRoutes({ edgeTls }: MeshPorts): object {
  return object('VirtualService', 'through', {
    hosts: ['through.example.com'],
    gateways: ['edge'],
    tls: [
      {
        match: [{ port: edgeTls, sniHosts: ['through.example.com'] }],
        route: [{ destination: { host: 'orders' } }],
      },
    ],
  });
}

function tcpRoutes({ edgeTcp }: MeshPorts): object {
  return object('VirtualService', 'through-tcp', {
    hosts: ['*'],
    gateways: ['edge'],
    tcp: [{ match: [{ port: edgeTcp }], route: [{ destination: { host: 'ledger' } }] }],
  });
}

/** A certificate for whatever a gateway asks for. */
export async function anyCertificate(): Promise<SecretSource> {
  const authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue({ dns: ['*.tls.example.com'] });
  const tls = { certificate_chain: { inline_string: cert }, private_key: { inline_string: key } };
  return {
    secret: (_, name) => ({
      resource: encodedResource(
        name,
        Secret.typeUrl,
        Secret.encode(fromJson(Secret, { name, tls_certificate: tls })),
      ),
    }),
  };
}
