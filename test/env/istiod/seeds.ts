/** Changes of the example mesh, each with every field that a comparison with the unchanged mesh must report. */

/** A change of one file of the mesh directory. */
export interface Seed {
  readonly what: string;
  readonly file: string;
  /** A text that the file has once, and what takes its place. */
  readonly replace: readonly [string, string];
  /** `KIND TYPE RESOURCE PATH`, in any order. */
  readonly reported: readonly string[];
}

const host = (name: string, subset = ''): string => `outbound|80|${subset}|${name}.shop.svc.cluster.local`;
const rates = 'outbound|80||rates.example.com';
const locality = 'endpoints[locality=home/desk/,priority=]';
const validation =
  'common_tls_context.combined_validation_context.default_validation_context.match_subject_alt_names[0].exact';
const mutualTls = 'transport_socket_matches[name=tlsMode-istio].transport_socket.typed_config';

/** The same field of the catalog's cluster and of those of its two subsets. */
function inCatalog(kind: string, path: string): string[] {
  return ['', 'v1', 'v2'].map((subset) => `${kind} cds ${host('catalog', subset)} ${path}`);
}

export const seeds: readonly Seed[] = [
  {
    what: 'a timeout',
    file: 'destination-rules.yaml',
    replace: ['connectTimeout: 1s', 'connectTimeout: 2s'],
    reported: inCatalog('changed', 'connect_timeout'),
  },
  {
    what: 'a limit',
    file: 'destination-rules.yaml',
    replace: ['connectTimeout: 1s', 'connectTimeout: 1s, maxConnections: 7'],
    reported: inCatalog('changed', 'circuit_breakers.thresholds[0].max_connections'),
  },
  {
    what: 'outlier detection',
    file: 'destination-rules.yaml',
    replace: ['consecutive5xxErrors: 5', 'consecutive5xxErrors: 7'],
    reported: inCatalog('changed', 'outlier_detection.consecutive_5xx'),
  },
  {
    what: 'a TLS setting',
    file: 'destination-rules.yaml',
    replace: ['  trafficPolicy:\n', '  trafficPolicy:\n    tls: { mode: DISABLE }\n'],
    reported: inCatalog('only-right', 'transport_socket_matches'),
  },
  {
    what: 'a missing subset',
    file: 'destination-rules.yaml',
    replace: ['    - name: v2\n      labels: { version: v2 }\n', ''],
    reported: [`only-right cds ${host('catalog', 'v2')}`, `only-right eds ${host('catalog', 'v2')}`],
  },
  {
    what: 'a weight',
    file: 'rates.yaml',
    replace: ['- address: ', '- weight: 5\n      address: '],
    reported: [
      `changed eds ${rates} endpoints[locality=//,priority=].lb_endpoints[address=127.0.1.51:8080].load_balancing_weight`,
      `changed eds ${rates} endpoints[locality=//,priority=].load_balancing_weight`,
    ],
  },
  {
    what: 'a locality',
    file: 'rates.yaml',
    replace: ['- address: ', '- locality: home/shelf\n      address: '],
    reported: [
      `only-left eds ${rates} endpoints[locality=home/shelf/,priority=]`,
      `only-right eds ${rates} endpoints[locality=//,priority=]`,
    ],
  },
  {
    what: 'a label',
    file: 'catalog.yaml',
    replace: [
      'name: catalog-v1-2\n  namespace: shop\n  labels: { app: catalog, version: v1 }',
      'name: catalog-v1-2\n  namespace: shop\n  labels: { app: catalog, version: v2 }',
    ],
    reported: [
      `changed eds ${host('catalog')} ${locality}.lb_endpoints[address=127.0.1.22:8080].metadata.filter_metadata.istio.workload`,
      `only-right eds ${host('catalog', 'v1')} ${locality}.lb_endpoints[address=127.0.1.22:8080]`,
      `changed eds ${host('catalog', 'v1')} ${locality}.load_balancing_weight`,
      `only-left eds ${host('catalog', 'v2')} ${locality}.lb_endpoints[address=127.0.1.22:8080]`,
      `changed eds ${host('catalog', 'v2')} ${locality}.load_balancing_weight`,
    ],
  },
  {
    what: 'a missing endpoint',
    file: 'cart.yaml',
    replace: [
      `  - addresses: [127.0.1.32]
    conditions: { ready: true }
    nodeName: laptop
    targetRef: { kind: Pod, name: cart-v1-2, namespace: shop }
`,
      '',
    ],
    reported: [
      `only-right eds ${host('cart')} ${locality}.lb_endpoints[address=127.0.1.32:8080]`,
      `changed eds ${host('cart')} ${locality}.load_balancing_weight`,
    ],
  },
  {
    what: 'an endpoint that is not ready',
    file: 'web.yaml',
    replace: ['conditions: { ready: true }', 'conditions: { ready: false }'],
    reported: [`only-right eds ${host('web')} endpoints`],
  },
  {
    what: 'a port',
    file: 'web.yaml',
    replace: ['port: 8080, protocol', 'port: 8081, protocol'],
    reported: [
      `only-left eds ${host('web')} ${locality}.lb_endpoints[address=127.0.1.11:8081]`,
      `only-right eds ${host('web')} ${locality}.lb_endpoints[address=127.0.1.11:8080]`,
    ],
  },
  {
    what: 'a protocol',
    file: 'orders.yaml',
    replace: ['targetPort: http }', 'targetPort: http, appProtocol: http2 }'],
    reported: [
      `only-left cds ${host('orders')} ${mutualTls}.common_tls_context.alpn_protocols[2]`,
      `only-left cds ${host('orders')} typed_extension_protocol_options`,
    ],
  },
  {
    what: 'a service account',
    file: 'orders.yaml',
    replace: ['serviceAccountName: orders', 'serviceAccountName: clerk'],
    reported: [`changed cds ${host('orders')} ${mutualTls}.${validation}`],
  },
];
