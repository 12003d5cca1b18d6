import { describe, expect, it } from 'vitest';
import type {
  ClientTlsSettings,
  ConnectionPoolSettings,
  ConsistentHashLb,
  DestinationRule,
  LoadBalancerSettings,
  LocalityLbSetting,
  OutlierDetection,
  TrafficPolicy,
  TunnelSettings,
  ZoneAwareLbSetting,
} from '../../../../src/config/kinds/traffic-policy.js';
import { validateObject } from '../../../../src/config/validation/index.js';
import { describeRules, objectOf, shown } from './rules.js';

const base: DestinationRule = { host: 'api', subsets: [], exportTo: [] };

function policy(trafficPolicy: TrafficPolicy): Partial<DestinationRule> {
  return { trafficPolicy };
}
function outlier(outlierDetection: OutlierDetection): Partial<DestinationRule> {
  return policy({ outlierDetection });
}
function pool(connectionPool: ConnectionPoolSettings): Partial<DestinationRule> {
  return policy({ connectionPool });
}
function balancer(loadBalancer: LoadBalancerSettings): Partial<DestinationRule> {
  return policy({ loadBalancer });
}
function hash(consistentHash: ConsistentHashLb): Partial<DestinationRule> {
  return balancer({ consistentHash });
}
function locality(localityLbSetting: LocalityLbSetting): Partial<DestinationRule> {
  return policy({ loadBalancer: { localityLbSetting }, outlierDetection: {} });
}
function zoneAware(zoneAwareLbSetting: ZoneAwareLbSetting): Partial<DestinationRule> {
  return policy({ loadBalancer: { zoneAwareLbSetting }, outlierDetection: {} });
}
function tls(settings: ClientTlsSettings): Partial<DestinationRule> {
  return policy({ tls: settings });
}
function tunnel(changes: Partial<TunnelSettings>): Partial<DestinationRule> {
  return policy({ tunnel: { targetHost: 'proxy.example.com', targetPort: 3128, ...changes } });
}
/** Distribution from several places to one. */
function fromEach(...places: readonly string[]): Partial<DestinationRule> {
  return locality({ distribute: places.map((from) => ({ from, to: { us: 100 } })) });
}

const at = 'spec.trafficPolicy';
const files = { clientCertificate: '/cert.pem', privateKey: '/key.pem' };

describeRules('DestinationRule', base, [
  { rule: 'the host is empty', broken: { host: '' }, finds: ['error spec.host'], fine: { host: '*' } },
  {
    rule: 'the host is not a domain',
    broken: { host: 'api.default_svc' },
    finds: ['error spec.host'],
    fine: { host: '*.default.svc' },
  },
  {
    rule: 'a subset has no name',
    broken: { subsets: [{ name: '', labels: {} }] },
    finds: ['error spec.subsets[0].name'],
    fine: { subsets: [{ name: 'v1', labels: {} }] },
  },
  {
    rule: 'the name of a subset is not a label',
    broken: { subsets: [{ name: 'v1.2', labels: {} }] },
    finds: ['error spec.subsets[0].name'],
    says: '"v1.2"',
    fine: { subsets: [{ name: 'v1-2', labels: {} }] },
  },
  {
    rule: 'two subsets have one name',
    broken: {
      subsets: [
        { name: 'v1', labels: {} },
        { name: 'v1', labels: { a: 'b' } },
      ],
    },
    finds: ['error spec.subsets[1].name'],
    fine: {
      subsets: [
        { name: 'v1', labels: {} },
        { name: 'v2', labels: { a: 'b' } },
      ],
    },
  },
  {
    rule: 'the labels of a subset are none',
    broken: { subsets: [{ name: 'v1', labels: { version: 'v 1' } }] },
    finds: ['error spec.subsets[0].labels.version'],
    fine: { subsets: [{ name: 'v1', labels: { version: 'v1' } }] },
  },
  {
    rule: 'the policy of a subset sets nothing',
    broken: { subsets: [{ name: 'v1', labels: {}, trafficPolicy: {} }] },
    finds: ['error spec.subsets[0].trafficPolicy'],
    fine: { subsets: [{ name: 'v1', labels: {}, trafficPolicy: { loadBalancer: {} } }] },
  },
  {
    rule: 'exportTo is for nobody',
    broken: { exportTo: ['~'] },
    finds: ['error spec.exportTo[0]'],
    fine: { exportTo: ['.'] },
  },
  {
    rule: 'with a workload selector exportTo goes beyond the namespace',
    broken: { workloadSelector: { matchLabels: { app: 'a' } }, exportTo: ['*'] },
    finds: ['error spec.exportTo'],
    fine: { workloadSelector: { matchLabels: { app: 'a' } }, exportTo: ['default'] },
  },
  {
    rule: 'with a workload selector exportTo has a second entry',
    broken: { workloadSelector: { matchLabels: { app: 'a' } }, exportTo: ['.', 'media'] },
    finds: ['error spec.exportTo'],
    fine: { exportTo: ['.', 'media'] },
  },
  {
    rule: 'the workload selector has a wildcard',
    broken: { workloadSelector: { matchLabels: { app: '*' } } },
    finds: ['error spec.workloadSelector.matchLabels.app'],
    fine: { workloadSelector: { matchLabels: { app: 'a' } } },
  },

  {
    rule: 'the policy sets nothing',
    broken: policy({}),
    finds: [`error ${at}`],
    fine: policy({ retryBudget: {} }),
  },
  {
    rule: 'the policy has an empty list of ports only',
    broken: policy({ portLevelSettings: [] }),
    finds: [`error ${at}`],
    fine: policy({ proxyProtocol: { version: 'V1' } }),
  },
  {
    rule: 'there are both a tunnel and the proxy protocol',
    broken: policy({ tunnel: { targetHost: 'a', targetPort: 80 }, proxyProtocol: { version: 'V2' } }),
    finds: [`error ${at}`],
    fine: policy({ tunnel: { targetHost: 'a', targetPort: 80 } }),
  },
  {
    rule: 'the protocol of a tunnel does not exist',
    broken: tunnel({ protocol: 'GET' }),
    finds: [`error ${at}.tunnel.protocol`],
    says: '"GET"',
    fine: tunnel({ protocol: 'POST' }),
  },
  {
    rule: 'a tunnel goes to a wildcard',
    broken: tunnel({ targetHost: '*.example.com' }),
    finds: [`error ${at}.tunnel.targetHost`],
    fine: tunnel({ targetHost: '10.0.0.1' }),
  },
  {
    rule: 'a tunnel goes to no port',
    broken: tunnel({ targetPort: 0 }),
    finds: [`error ${at}.tunnel.targetPort`],
    fine: tunnel({ targetPort: 1 }),
  },

  {
    rule: 'an ejection is shorter than 1 ms',
    broken: outlier({ baseEjectionTime: 0.5 }),
    finds: [`error ${at}.outlierDetection.baseEjectionTime`],
    says: '0.5ms',
    fine: outlier({ baseEjectionTime: 1 }),
  },
  {
    rule: 'an interval is not in whole milliseconds',
    broken: outlier({ interval: 1.5 }),
    finds: [`error ${at}.outlierDetection.interval`],
    says: 'whole number',
    fine: outlier({ interval: 2 }),
  },
  {
    rule: 'consecutiveErrors is used',
    broken: outlier({ consecutiveErrors: 1 }),
    finds: [`warning ${at}.outlierDetection.consecutiveErrors`],
    fine: outlier({ consecutive5xxErrors: 1 }),
  },
  {
    rule: 'local failures are counted without being told apart',
    broken: outlier({ consecutiveLocalOriginFailures: 1 }),
    finds: [`error ${at}.outlierDetection.consecutiveLocalOriginFailures`],
    fine: outlier({ consecutiveLocalOriginFailures: 1, splitExternalLocalOriginErrors: true }),
  },
  {
    rule: 'more than all are ejected',
    broken: outlier({ maxEjectionPercent: 101 }),
    finds: [`error ${at}.outlierDetection.maxEjectionPercent`],
    says: 'percentage 101 is not in 0..100',
    fine: outlier({ maxEjectionPercent: 100 }),
  },
  {
    rule: 'fewer than none are healthy',
    broken: outlier({ minHealthPercent: -1 }),
    finds: [`error ${at}.outlierDetection.minHealthPercent`],
    fine: outlier({ minHealthPercent: 0 }),
  },

  {
    rule: 'a connection pool sets nothing',
    broken: pool({}),
    finds: [`error ${at}.connectionPool`],
    fine: pool({ tcp: {} }),
  },
  {
    rule: 'limits are negative',
    broken: pool({
      tcp: { maxConnections: -1 },
      http: {
        http1MaxPendingRequests: -1,
        http2MaxRequests: -1,
        maxRequestsPerConnection: -1,
        maxRetries: -1,
        maxConcurrentStreams: -1,
      },
    }),
    finds: [
      `error ${at}.connectionPool.http.http1MaxPendingRequests`,
      `error ${at}.connectionPool.http.http2MaxRequests`,
      `error ${at}.connectionPool.http.maxConcurrentStreams`,
      `error ${at}.connectionPool.http.maxRequestsPerConnection`,
      `error ${at}.connectionPool.http.maxRetries`,
      `error ${at}.connectionPool.tcp.maxConnections`,
    ],
    fine: pool({ tcp: { maxConnections: 0 }, http: { maxRetries: 0, maxConcurrentStreams: 1 } }),
  },
  {
    rule: 'times of a connection pool are too short',
    broken: pool({
      tcp: {
        connectTimeout: 0,
        maxConnectionDuration: -1,
        idleTimeout: 1.5,
        tcpKeepalive: { time: 0, interval: 0 },
      },
      http: { idleTimeout: 0 },
    }),
    finds: [
      `error ${at}.connectionPool.http.idleTimeout`,
      `error ${at}.connectionPool.tcp.connectTimeout`,
      `error ${at}.connectionPool.tcp.idleTimeout`,
      `error ${at}.connectionPool.tcp.maxConnectionDuration`,
      `error ${at}.connectionPool.tcp.tcpKeepalive.interval`,
      `error ${at}.connectionPool.tcp.tcpKeepalive.time`,
    ],
    fine: pool({
      tcp: {
        connectTimeout: 1,
        maxConnectionDuration: 1,
        idleTimeout: 0,
        tcpKeepalive: { time: 1, interval: 1 },
      },
      http: { idleTimeout: 1 },
    }),
  },
  {
    rule: 'the protocol of the client is kept and upgraded',
    broken: pool({ http: { h2UpgradePolicy: 'UPGRADE', useClientProtocol: true } }),
    finds: [`error ${at}.connectionPool.http.useClientProtocol`],
    fine: pool({ http: { h2UpgradePolicy: 'DO_NOT_UPGRADE', useClientProtocol: true } }),
  },
  {
    rule: 'HTTP/2 keepalive has no times',
    broken: pool({ http: { http2KeepAlive: {} } }),
    finds: [
      `error ${at}.connectionPool.http.http2KeepAlive.interval`,
      `error ${at}.connectionPool.http.http2KeepAlive.timeout`,
    ],
    fine: pool({ http: { http2KeepAlive: { interval: 1, timeout: 1 } } }),
  },
  {
    rule: 'times of HTTP/2 keepalive are too short',
    broken: pool({ http: { http2KeepAlive: { interval: 0, timeout: 0.5 } } }),
    finds: [
      `error ${at}.connectionPool.http.http2KeepAlive.interval`,
      `error ${at}.connectionPool.http.http2KeepAlive.timeout`,
    ],
    fine: pool({ http: { http2KeepAlive: { interval: 1, timeout: 1 } } }),
  },

  {
    rule: 'a cookie has no name',
    broken: hash({ httpCookie: { name: '' } }),
    finds: [`error ${at}.loadBalancer.consistentHash.httpCookie.name`],
    fine: hash({ httpCookie: { name: 'c' } }),
  },
  {
    rule: 'an attribute of a cookie has no name',
    broken: hash({ httpCookie: { name: 'c', attributes: [{ name: '', value: '' }] } }),
    finds: [`error ${at}.loadBalancer.consistentHash.httpCookie.attributes[0].name`],
    fine: hash({ httpCookie: { name: 'c', attributes: [{ name: 'a', value: '' }] } }),
  },
  {
    rule: 'an attribute of a cookie is set twice',
    broken: hash({
      httpCookie: {
        name: 'c',
        attributes: [
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
      },
    }),
    finds: [`error ${at}.loadBalancer.consistentHash.httpCookie.attributes[1].name`],
    fine: hash({
      httpCookie: {
        name: 'c',
        attributes: [
          { name: 'a', value: '1' },
          { name: 'b', value: '1' },
        ],
      },
    }),
  },
  {
    rule: 'the old minimumRingSize is used',
    broken: hash({ useSourceIp: true, minimumRingSize: 1 }),
    finds: [`warning ${at}.loadBalancer.consistentHash.minimumRingSize`],
    fine: hash({ useSourceIp: true, ringHash: { minimumRingSize: 1 } }),
  },
  {
    rule: 'the old minimumRingSize is beside ringHash',
    broken: hash({ minimumRingSize: 1, ringHash: {} }),
    finds: [
      `error ${at}.loadBalancer.consistentHash.minimumRingSize`,
      `warning ${at}.loadBalancer.consistentHash.minimumRingSize`,
    ],
    fine: hash({ minimumRingSize: 0, ringHash: {} }),
  },
  {
    rule: 'a Maglev table has no size',
    broken: hash({ maglev: {} }),
    finds: [`error ${at}.loadBalancer.consistentHash.maglev.tableSize`],
    fine: hash({ maglev: { tableSize: 65537 } }),
  },
  {
    rule: 'the size of a Maglev table is even',
    broken: hash({ maglev: { tableSize: 4 } }),
    finds: [`error ${at}.loadBalancer.consistentHash.maglev.tableSize`],
    fine: hash({ maglev: { tableSize: 2 } }),
  },
  {
    rule: 'the size of a Maglev table is a square',
    broken: hash({ maglev: { tableSize: 49 } }),
    finds: [`error ${at}.loadBalancer.consistentHash.maglev.tableSize`],
    says: 'prime',
    fine: hash({ maglev: { tableSize: 47 } }),
  },
  {
    rule: 'a Maglev table is too large',
    broken: hash({ maglev: { tableSize: 5_000_011 } }),
    finds: [`error ${at}.loadBalancer.consistentHash.maglev.tableSize`],
    says: '5000011',
    fine: hash({ maglev: { tableSize: 4_999_999 } }),
  },
  {
    rule: 'warmup has no duration',
    broken: balancer({ warmup: { duration: 0 } }),
    finds: [`error ${at}.loadBalancer.warmup.duration`],
    fine: balancer({ warmup: { duration: 1 } }),
  },
  {
    rule: 'warmup begins above all',
    broken: balancer({ warmup: { duration: 1, minimumPercent: 100.5 } }),
    finds: [`error ${at}.loadBalancer.warmup.minimumPercent`],
    fine: balancer({ warmup: { duration: 1, minimumPercent: 100 } }),
  },
  {
    rule: 'warmup has no aggression',
    broken: balancer({ warmup: { duration: 1, aggression: 0 } }),
    finds: [`error ${at}.loadBalancer.warmup.aggression`],
    fine: balancer({ warmup: { duration: 1, aggression: 0.1 } }),
  },
  {
    rule: 'balancing is by locality and by zone',
    broken: balancer({ localityLbSetting: {}, zoneAwareLbSetting: {} }),
    finds: [`error ${at}.loadBalancer`],
    fine: balancer({ zoneAwareLbSetting: {} }),
  },
  {
    rule: 'traffic is both distributed and failed over',
    broken: locality({ distribute: [{ from: 'us', to: { eu: 100 } }], failover: [{ from: 'us', to: 'eu' }] }),
    finds: [`error ${at}.loadBalancer.localityLbSetting`],
    fine: locality({
      distribute: [{ from: 'us', to: { eu: 100 } }],
      failoverPriority: ['topology.kubernetes.io/zone'],
    }),
  },
  {
    rule: 'failover is beside topology labels',
    broken: locality({
      failover: [{ from: 'us', to: 'eu' }],
      failoverPriority: ['network', 'topology.istio.io/subzone'],
    }),
    finds: [`error ${at}.loadBalancer.localityLbSetting.failoverPriority[1]`],
    fine: locality({ failover: [{ from: 'us', to: 'eu' }], failoverPriority: ['network'] }),
  },
  {
    rule: 'zone aware failover orders by topology labels',
    broken: zoneAware({ failoverPriority: ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] }),
    finds: [
      `error ${at}.loadBalancer.zoneAwareLbSetting.failoverPriority[0]`,
      `error ${at}.loadBalancer.zoneAwareLbSetting.failoverPriority[1]`,
    ],
    fine: zoneAware({ failoverPriority: ['network'], failover: [{ from: 'us', to: 'eu' }] }),
  },
  {
    rule: 'failover has no outlier detection',
    broken: balancer({ localityLbSetting: { failoverPriority: ['network'] } }),
    finds: [`warning ${at}.loadBalancer.localityLbSetting`],
    fine: balancer({ localityLbSetting: { enabled: false } }),
  },
  {
    rule: 'zone aware failover has no outlier detection',
    broken: balancer({ zoneAwareLbSetting: { failover: [{ from: 'us', to: 'eu' }] } }),
    finds: [`warning ${at}.loadBalancer.zoneAwareLbSetting`],
    fine: balancer({ zoneAwareLbSetting: { enabled: true } }),
  },
  {
    rule: 'failover is to itself',
    broken: locality({ failover: [{ from: 'us', to: 'us' }] }),
    finds: [`error ${at}.loadBalancer.localityLbSetting.failover[0]`],
    fine: locality({ failover: [{ from: 'us', to: 'eu' }] }),
  },
  {
    rule: 'failover names a zone or a wildcard',
    broken: locality({ failover: [{ from: 'us/a', to: 'e*' }] }),
    finds: [
      `error ${at}.loadBalancer.localityLbSetting.failover[0].from`,
      `error ${at}.loadBalancer.localityLbSetting.failover[0].to`,
    ],
    fine: locality({ failover: [{ from: 'us', to: 'eu' }] }),
  },
  {
    rule: 'a weight of a locality is out of range',
    broken: locality({ distribute: [{ from: 'us', to: { eu: 0, us: 100 } }] }),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute[0].to.eu`],
    fine: locality({ distribute: [{ from: 'us', to: { eu: 1, us: 99 } }] }),
  },
  {
    rule: 'weights of localities do not add up',
    broken: locality({ distribute: [{ from: 'us', to: { eu: 50, us: 49 } }] }),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute[0].to`],
    says: 'add up to 99',
    fine: locality({ distribute: [{ from: 'us', to: { eu: 50, us: 50 } }] }),
  },
  {
    rule: 'destinations overlap, in whatever order',
    broken: locality({ distribute: [{ from: 'us', to: { 'eu/a': 50, 'eu/*': 50 } }] }),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute[0].to`],
    fine: locality({ distribute: [{ from: 'us', to: { 'eu/a': 50, 'eu/b': 50 } }] }),
  },
  {
    rule: 'one place is named twice',
    broken: fromEach('us', 'us'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us', 'eu'),
  },
  {
    rule: 'a zone lies in a region before it',
    broken: fromEach('us', 'us/a'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us/b', 'us/a'),
  },
  {
    rule: 'a region holds a zone before it',
    broken: fromEach('us/a', 'us'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us/a', 'eu'),
  },
  {
    rule: 'a zone holds a subzone before it',
    broken: fromEach('us/a/x', 'us/a'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us/a/x', 'us/a/y'),
  },
  {
    rule: 'a subzone lies in a wildcard before it',
    broken: fromEach('us/*', 'us/a/x'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us/a/x', 'us/*'),
  },
  {
    rule: 'everything comes first',
    broken: fromEach('*', 'us'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us', '*'),
  },
  {
    rule: 'a wildcard is not last',
    broken: fromEach('*/a'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('a/*'),
  },
  {
    rule: 'a part of a locality is empty',
    broken: fromEach('us//x'),
    finds: [`error ${at}.loadBalancer.localityLbSetting.distribute`],
    fine: fromEach('us/a/x/y'),
  },

  {
    rule: 'a ConfigMap is in another namespace',
    broken: tls({ mode: 'SIMPLE', credentialName: 'configmap://media/ca' }),
    finds: [`error ${at}.tls.credentialName`],
    says: 'it must be in "default"',
    fine: tls({ mode: 'SIMPLE', credentialName: 'configmap://default/ca' }),
  },
  {
    rule: 'a ConfigMap has no name',
    broken: tls({ mode: 'SIMPLE', credentialName: 'configmap://default/' }),
    finds: [`error ${at}.tls.credentialName`],
    fine: tls({ mode: 'SIMPLE', credentialName: 'configmap://default/a/b' }),
  },
  {
    rule: 'a ConfigMap has no namespace',
    broken: tls({ mode: 'SIMPLE', credentialName: 'configmap://ca' }),
    finds: [`error ${at}.tls.credentialName`],
    fine: tls({ mode: 'SIMPLE', credentialName: 'kubernetes://ca' }),
  },
  {
    rule: 'a server is checked although it is not',
    broken: tls({
      mode: 'SIMPLE',
      insecureSkipVerify: true,
      caCertificates: '/ca.pem',
      subjectAltNames: ['a'],
    }),
    finds: [`error ${at}.tls.caCertificates`, `error ${at}.tls.subjectAltNames`],
    fine: tls({
      mode: 'SIMPLE',
      insecureSkipVerify: false,
      caCertificates: '/ca.pem',
      subjectAltNames: ['a'],
    }),
  },
  {
    rule: 'a credential is of no use to a client that checks nothing and shows nothing',
    broken: tls({ mode: 'SIMPLE', insecureSkipVerify: true, credentialName: 'c' }),
    finds: [`error ${at}.tls.credentialName`],
    fine: tls({ mode: 'MUTUAL', insecureSkipVerify: true, credentialName: 'c' }),
  },
  {
    rule: 'a server is checked although it is not, with mutual TLS',
    broken: tls({ mode: 'MUTUAL', insecureSkipVerify: true, caCertificates: '/ca.pem', ...files }),
    finds: [`error ${at}.tls.caCertificates`],
    fine: tls({ mode: 'MUTUAL', insecureSkipVerify: true, ...files }),
  },
  {
    rule: 'there are both a credential and files',
    broken: tls({
      mode: 'MUTUAL',
      credentialName: 'c',
      caCertificates: '/ca.pem',
      caCrl: '/crl.pem',
      ...files,
    }),
    finds: [
      `error ${at}.tls.caCertificates`,
      `error ${at}.tls.caCrl`,
      `error ${at}.tls.clientCertificate`,
      `error ${at}.tls.privateKey`,
    ],
    fine: tls({
      mode: 'ISTIO_MUTUAL',
      credentialName: 'c',
      caCertificates: '/ca.pem',
      caCrl: '/crl.pem',
      ...files,
    }),
  },
  {
    rule: 'mutual TLS has no certificate',
    broken: tls({ mode: 'MUTUAL', caCertificates: '/ca.pem' }),
    finds: [`error ${at}.tls.clientCertificate`, `error ${at}.tls.privateKey`],
    fine: tls({ mode: 'MUTUAL', ...files }),
  },

  {
    rule: 'settings of a port name no port',
    broken: policy({ portLevelSettings: [{ tls: { mode: 'DISABLE' } }] }),
    finds: [`error ${at}.portLevelSettings[0].port`],
    fine: policy({ portLevelSettings: [{ port: 70000, tls: { mode: 'DISABLE' } }] }),
  },
  {
    rule: 'settings of a port set nothing',
    broken: policy({ portLevelSettings: [{ port: 80 }] }),
    finds: [`error ${at}.portLevelSettings[0]`],
    fine: policy({ portLevelSettings: [{ port: 80, loadBalancer: {} }] }),
  },
  {
    rule: 'settings of a port are wrong',
    broken: policy({
      portLevelSettings: [
        {
          port: 80,
          connectionPool: {},
          outlierDetection: { interval: 0 },
          loadBalancer: { warmup: { duration: 0 } },
          tls: { mode: 'MUTUAL', clientCertificate: '/c' },
        },
      ],
    }),
    finds: [
      `error ${at}.portLevelSettings[0].connectionPool`,
      `error ${at}.portLevelSettings[0].loadBalancer.warmup.duration`,
      `error ${at}.portLevelSettings[0].outlierDetection.interval`,
      `error ${at}.portLevelSettings[0].tls.privateKey`,
    ],
    fine: policy({
      portLevelSettings: [
        {
          port: 80,
          connectionPool: { http: {} },
          outlierDetection: { interval: 1 },
          loadBalancer: { warmup: { duration: 1 } },
          tls: { mode: 'MUTUAL', ...files },
        },
      ],
    }),
  },
]);

describe('DestinationRule', () => {
  it('warns of what is deprecated for a host, but like Istio not for a subset or a port', () => {
    const outlierDetection = { consecutiveErrors: 1 };
    const rule: DestinationRule = {
      ...base,
      trafficPolicy: { outlierDetection, portLevelSettings: [{ port: 80, outlierDetection }] },
      subsets: [{ name: 'v1', labels: {}, trafficPolicy: { outlierDetection } }],
    };
    expect(shown(validateObject(objectOf('DestinationRule', rule)))).toEqual([
      'warning spec.trafficPolicy.outlierDetection.consecutiveErrors',
    ]);
  });
});
