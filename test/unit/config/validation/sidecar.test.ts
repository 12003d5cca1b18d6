import type {
  GatewayTls,
  IstioEgressListener,
  IstioIngressListener,
  OutboundTrafficPolicy,
  Sidecar,
  SidecarPort,
} from '../../../../src/config/kinds/networking.js';
import { describeRules } from './rules.js';

const base: Sidecar = { ingress: [], egress: [{ bind: '', captureMode: 'DEFAULT', hosts: ['./*'] }] };

function port(changes: Partial<SidecarPort> = {}): SidecarPort {
  return { number: 80, protocol: 'HTTP', name: 'http', ...changes };
}
function ingress(changes: Partial<IstioIngressListener> = {}): IstioIngressListener {
  return { port: port(), bind: '', captureMode: 'DEFAULT', defaultEndpoint: '', ...changes };
}
function inbound(changes: Partial<IstioIngressListener>): Partial<Sidecar> {
  return { ingress: [ingress(changes)] };
}
function egress(changes: Partial<IstioEgressListener> = {}): IstioEgressListener {
  return { bind: '', captureMode: 'DEFAULT', hosts: ['./*'], ...changes };
}
function outbound(changes: Partial<IstioEgressListener>): Partial<Sidecar> {
  return { egress: [egress(changes)] };
}
function hosts(...names: readonly string[]): Partial<Sidecar> {
  return outbound({ hosts: names });
}
function tls(settings: Partial<GatewayTls>): Partial<Sidecar> {
  const files = { serverCertificate: '/cert.pem', privateKey: '/key.pem' };
  return inbound({ port: port({ protocol: 'HTTPS' }), tls: { mode: 'SIMPLE', ...files, ...settings } });
}
function policy(outboundTrafficPolicy: OutboundTrafficPolicy): Partial<Sidecar> {
  return { outboundTrafficPolicy };
}

const socket = { port: port({ number: 0 }), bind: 'unix:///run/a' };
const proxy = { host: 'egress.infra.svc', port: 443 };

describeRules('Sidecar', base, [
  {
    rule: 'nothing is set',
    broken: { egress: [] },
    finds: ['error spec'],
    fine: { egress: [], inboundConnectionPool: { tcp: {} } },
  },
  {
    rule: 'a selector has no labels',
    broken: { workloadSelector: { labels: {} } },
    finds: ['warning spec.workloadSelector.labels'],
    fine: { workloadSelector: { labels: { app: 'a' } } },
  },
  {
    rule: 'a selector has a wildcard',
    broken: { workloadSelector: { labels: { app: '*' } } },
    finds: ['error spec.workloadSelector.labels.app'],
    fine: { workloadSelector: { labels: { app: 'a' } } },
  },
  {
    rule: 'the connection pool sets nothing',
    broken: { inboundConnectionPool: {} },
    finds: ['error spec.inboundConnectionPool'],
    fine: { inboundConnectionPool: { http: {} } },
  },

  {
    rule: 'an ingress port is out of range',
    broken: inbound({ port: port({ number: 0 }) }),
    finds: ['error spec.ingress[0].port.number'],
    fine: inbound({ port: port({ number: 1 }) }),
  },
  {
    rule: 'an ingress port has no label for a name',
    broken: inbound({ port: port({ name: 'a.b' }) }),
    finds: ['error spec.ingress[0].port.name'],
    fine: inbound({ port: port({ name: '' }) }),
  },
  {
    rule: 'an ingress protocol does not exist',
    broken: inbound({ port: port({ protocol: 'HTTP3' }) }),
    finds: ['error spec.ingress[0].port.protocol'],
    fine: inbound({ port: port({ protocol: '' }) }),
  },
  {
    rule: 'an ingress port has a target',
    broken: inbound({ port: port({ targetPort: 8080 }) }),
    finds: ['error spec.ingress[0].port.targetPort'],
    fine: inbound({ port: port({ targetPort: 0 }) }),
  },
  {
    rule: 'ingress is bound to a name',
    broken: inbound({ bind: 'localhost' }),
    finds: ['error spec.ingress[0].bind'],
    fine: inbound({ bind: '127.0.0.1' }),
  },
  {
    rule: 'two ingress listeners have one port',
    broken: { ingress: [ingress(), ingress({ bind: '127.0.0.1' })] },
    finds: ['error spec.ingress[1].port.number'],
    fine: { ingress: [ingress(), ingress({ port: port({ number: 81 }) })] },
  },
  {
    rule: 'the endpoint is on another host',
    broken: inbound({ defaultEndpoint: '10.0.0.1:80' }),
    finds: ['error spec.ingress[0].defaultEndpoint'],
    says: '"10.0.0.1:80"',
    fine: inbound({ defaultEndpoint: '127.0.0.1:80' }),
  },
  {
    rule: 'the endpoint has no port',
    broken: inbound({ defaultEndpoint: '127.0.0.1' }),
    finds: ['error spec.ingress[0].defaultEndpoint'],
    fine: inbound({ defaultEndpoint: ':80' }),
  },
  {
    rule: 'the endpoint has an IPv6 address without brackets',
    broken: inbound({ defaultEndpoint: '::1:80' }),
    finds: ['error spec.ingress[0].defaultEndpoint'],
    fine: inbound({ defaultEndpoint: '[::1]:80' }),
  },
  {
    rule: 'the port of the endpoint is a name',
    broken: inbound({ defaultEndpoint: '0.0.0.0:http' }),
    finds: ['error spec.ingress[0].defaultEndpoint'],
    says: '"http"',
    fine: inbound({ defaultEndpoint: '0.0.0.0:80' }),
  },
  {
    rule: 'the port of the endpoint is out of range',
    broken: inbound({ defaultEndpoint: '[::]:0' }),
    finds: ['error spec.ingress[0].defaultEndpoint'],
    says: '1..65535',
    fine: inbound({ defaultEndpoint: '[::]:1' }),
  },
  {
    rule: 'the endpoint is a directory',
    broken: inbound({ defaultEndpoint: 'unix:///run/' }),
    finds: ['error spec.ingress[0].defaultEndpoint'],
    fine: inbound({ defaultEndpoint: 'unix:///run/a' }),
  },
  {
    rule: 'an ingress connection pool sets nothing',
    broken: inbound({ connectionPool: {} }),
    finds: ['error spec.ingress[0].connectionPool'],
    fine: inbound({ connectionPool: { http: {} } }),
  },
  {
    rule: 'a TCP port has settings of HTTP',
    broken: inbound({ port: port({ protocol: 'TCP' }), connectionPool: { http: {} } }),
    finds: ['warning spec.ingress[0].connectionPool.http'],
    fine: inbound({ port: port({ protocol: 'TCP' }), connectionPool: { tcp: {} } }),
  },
  {
    rule: 'an HTTP port has TLS settings',
    broken: inbound({ tls: { mode: 'PASSTHROUGH' } }),
    finds: ['error spec.ingress[0].tls'],
    fine: tls({}),
  },
  {
    rule: 'TLS settings are those of a Gateway',
    broken: tls({ mode: 'PASSTHROUGH', subjectAltNames: ['a'], httpsRedirect: true }),
    finds: [
      'error spec.ingress[0].tls.httpsRedirect',
      'error spec.ingress[0].tls.subjectAltNames',
      'warning spec.ingress[0].tls',
    ],
    fine: tls({ subjectAltNames: [], httpsRedirect: false }),
  },
  {
    rule: 'a credential is named',
    broken: inbound({ port: port({ protocol: 'TLS' }), tls: { mode: 'SIMPLE', credentialName: 'c' } }),
    finds: ['error spec.ingress[0].tls.credentialName'],
    fine: tls({}),
  },
  {
    rule: 'credentials are named',
    broken: inbound({ port: port({ protocol: 'TLS' }), tls: { mode: 'SIMPLE', credentialNames: ['c'] } }),
    finds: ['error spec.ingress[0].tls.credentialNames'],
    fine: tls({}),
  },
  {
    rule: 'there is a list of certificates',
    broken: inbound({
      port: port({ protocol: 'TLS' }),
      tls: { mode: 'SIMPLE', tlsCertificates: [{ serverCertificate: '/a', privateKey: '/b' }] },
    }),
    finds: ['error spec.ingress[0].tls.tlsCertificates'],
    fine: tls({ tlsCertificates: [] }),
  },
  {
    rule: 'the mode of TLS is AUTO_PASSTHROUGH',
    broken: inbound({ port: port({ protocol: 'TLS' }), tls: { mode: 'AUTO_PASSTHROUGH' } }),
    finds: ['error spec.ingress[0].tls.mode'],
    fine: inbound({ port: port({ protocol: 'TLS' }), tls: { mode: 'PASSTHROUGH' } }),
  },
  {
    rule: 'the mode of TLS is ISTIO_MUTUAL',
    broken: inbound({ port: port({ protocol: 'TLS' }), tls: { mode: 'ISTIO_MUTUAL' } }),
    finds: ['error spec.ingress[0].tls.mode'],
    fine: tls({}),
  },
  {
    rule: 'TLS settings are wrong in themselves',
    broken: tls({ privateKey: '' }),
    finds: ['error spec.ingress[0].tls.privateKey'],
    fine: tls({}),
  },

  {
    rule: 'an egress port is out of range',
    broken: outbound({ port: port({ number: 65536 }) }),
    finds: ['error spec.egress[0].port.number'],
    fine: outbound({ port: port({ number: 65535 }) }),
  },
  {
    rule: 'an egress port has no label for a name',
    broken: outbound({ port: port({ name: 'a.b' }) }),
    finds: ['error spec.egress[0].port.name'],
    fine: outbound({ port: port({ name: '' }) }),
  },
  {
    rule: 'an egress protocol does not exist',
    broken: outbound({ port: port({ protocol: 'HTTP3' }) }),
    finds: ['error spec.egress[0].port.protocol'],
    fine: outbound({ port: port({ protocol: '' }) }),
  },
  {
    rule: 'an egress port has a target',
    broken: outbound({ port: port({ targetPort: 8080 }) }),
    finds: ['error spec.egress[0].port.targetPort'],
    fine: outbound({ port: port() }),
  },
  {
    rule: 'egress is bound to a name',
    broken: outbound({ port: port(), bind: 'localhost' }),
    finds: ['error spec.egress[0].bind'],
    fine: outbound({ port: port(), bind: '0.0.0.0' }),
  },
  {
    rule: 'port 0 has no socket',
    broken: outbound({ port: port({ number: 0 }), bind: '0.0.0.0' }),
    finds: ['error spec.egress[0].bind'],
    says: '"0.0.0.0"',
    fine: outbound(socket),
  },
  {
    rule: 'an egress socket is a directory',
    broken: outbound({ ...socket, bind: 'unix:///run/' }),
    finds: ['error spec.egress[0].bind'],
    fine: outbound(socket),
  },
  {
    rule: 'an egress socket is captured',
    broken: outbound({ ...socket, captureMode: 'IPTABLES' }),
    finds: ['error spec.egress[0].captureMode'],
    fine: outbound({ ...socket, captureMode: 'NONE' }),
  },
  {
    rule: 'two egress listeners have one port',
    broken: { egress: [egress({ port: port() }), egress({ port: port() })] },
    finds: ['error spec.egress[1].port.number'],
    fine: { egress: [egress({ port: port() }), egress({ port: port({ number: 81 }) })] },
  },
  {
    rule: 'two egress listeners have one socket',
    broken: { egress: [egress(socket), egress(socket)] },
    finds: ['error spec.egress[1].bind'],
    fine: { egress: [egress(socket), egress({ ...socket, bind: 'unix:///run/b' })] },
  },
  {
    rule: 'the listener without a port is not the last',
    broken: { egress: [egress(), egress({ port: port() })] },
    finds: ['error spec.egress[0]'],
    fine: { egress: [egress({ port: port() }), egress()] },
  },
  {
    rule: 'there are no egress hosts',
    broken: hosts(),
    finds: ['error spec.egress[0].hosts'],
    fine: hosts('*/*'),
  },
  {
    rule: 'an egress host has no namespace',
    broken: hosts('a.com'),
    finds: ['error spec.egress[0].hosts[0]'],
    says: '"./a.com" or "*/a.com"',
    fine: hosts('~/a.com'),
  },
  {
    rule: 'the namespace of an egress host is empty',
    broken: hosts('/a.com'),
    finds: ['error spec.egress[0].hosts[0]'],
    fine: hosts('./a.com'),
  },
  {
    rule: 'the namespace of an egress host is none',
    broken: hosts('a.b/a.com', '~a_b/a.com'),
    finds: ['error spec.egress[0].hosts[0]', 'error spec.egress[0].hosts[1]'],
    fine: hosts('ab/a.com', '~ab/a.com'),
  },
  {
    rule: 'an egress host is a short name',
    broken: hosts('./api'),
    finds: ['error spec.egress[0].hosts[0]'],
    fine: hosts('./api.default.svc'),
  },
  {
    rule: 'an egress host is an address',
    broken: hosts('./10.0.0.1'),
    finds: ['error spec.egress[0].hosts[0]'],
    fine: hosts('./a.10.com'),
  },
  {
    rule: 'an egress host has a wildcard in a label',
    broken: hosts('./*a.com'),
    finds: ['error spec.egress[0].hosts[0]'],
    fine: hosts('./*.a.com'),
  },
  {
    rule: 'an egress host is named twice',
    broken: hosts('./a.com', 'default/a.com'),
    finds: ['warning spec.egress[0].hosts[1]'],
    fine: hosts('./a.com', 'media/a.com'),
  },
  {
    rule: 'an egress host is behind all of its namespace',
    broken: hosts('./*', 'default/a.com'),
    finds: ['warning spec.egress[0].hosts[1]'],
    fine: hosts('./*', '~default/a.com'),
  },
  {
    rule: 'all of a namespace is behind an egress host',
    broken: hosts('./a.com', './*'),
    finds: ['warning spec.egress[0].hosts[1]'],
    fine: hosts('./*', 'media/*'),
  },
  {
    rule: 'everything is among other hosts',
    broken: hosts('./a.com', '*/*'),
    finds: ['warning spec.egress[0].hosts'],
    fine: hosts('*/*', '~default/a.com'),
  },

  {
    rule: 'the mode is for the mesh',
    broken: policy({ mode: 'ALLOW_ANY_DYNAMIC_DNS' }),
    finds: ['error spec.outboundTrafficPolicy.mode'],
    fine: policy({ mode: 'REGISTRY_ONLY' }),
  },
  {
    rule: 'a proxy stands before what is not allowed',
    broken: policy({ mode: 'REGISTRY_ONLY', egressProxy: proxy }),
    finds: ['error spec.outboundTrafficPolicy.egressProxy'],
    says: 'not REGISTRY_ONLY',
    fine: policy({ mode: 'ALLOW_ANY', egressProxy: proxy }),
  },
  {
    rule: 'a proxy has no port',
    broken: policy({ mode: 'ALLOW_ANY', egressProxy: { host: 'a' } }),
    finds: ['error spec.outboundTrafficPolicy.egressProxy.port'],
    fine: policy({ mode: 'ALLOW_ANY', egressProxy: { host: 'a', port: 1 } }),
  },
  {
    rule: 'the host, the subset and the port of a proxy are none',
    broken: policy({ mode: 'ALLOW_ANY', egressProxy: { host: '*.infra', subset: 'a.b', port: 0 } }),
    finds: ['host', 'port.number', 'subset'].map(
      (field) => `error spec.outboundTrafficPolicy.egressProxy.${field}`,
    ),
    fine: policy({ mode: 'ALLOW_ANY', egressProxy: { ...proxy, subset: 'a' } }),
  },
]);
