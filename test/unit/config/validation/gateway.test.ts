import type { Gateway, GatewayServer, GatewayTls } from '../../../../src/config/kinds/networking.js';
import { describeRules } from './rules.js';

const port = { number: 80, protocol: 'HTTP', name: 'http' };
const base: Gateway = {
  servers: [{ port, bind: '', hosts: ['*'], defaultEndpoint: '', name: '' }],
  selector: {},
};

function server(changes: Partial<GatewayServer> = {}): GatewayServer {
  return { port, bind: '', hosts: ['*'], defaultEndpoint: '', name: '', ...changes };
}
function one(changes: Partial<GatewayServer>): Partial<Gateway> {
  return { servers: [server(changes)] };
}
function hosts(...names: readonly string[]): Partial<Gateway> {
  return one({ hosts: names });
}
/** One server of HTTPS with TLS settings. */
function tls(settings: GatewayTls): Partial<Gateway> {
  return one({ port: { number: 443, protocol: 'HTTPS', name: 'https' }, tls: settings });
}

const at = 'spec.servers[0]';
const knownCipherSuites = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
];
const files = { serverCertificate: '/cert.pem', privateKey: '/key.pem' };

describeRules('Gateway', base, [
  { rule: 'there are no servers', broken: { servers: [] }, finds: ['error spec.servers'], fine: {} },
  {
    rule: 'two ports have one name',
    broken: { servers: [server(), server({ port: { ...port, number: 81 } })] },
    finds: ['error spec.servers[1].port.name'],
    fine: { servers: [server(), server({ port: { ...port, number: 81, name: 'alt' } })] },
  },
  { rule: 'there are no hosts', broken: one({ hosts: [] }), finds: [`error ${at}.hosts`], fine: hosts('*') },
  {
    rule: 'a host is a short name',
    broken: hosts('./api'),
    finds: [`error ${at}.hosts[0]`],
    says: 'short name',
    fine: hosts('./api.com'),
  },
  {
    rule: 'a host is not a domain',
    broken: hosts('a.com', 'a_b.com'),
    finds: [`error ${at}.hosts[1]`],
    fine: hosts('a.com', '10.0.0.1'),
  },
  {
    rule: 'a host has a wildcard in a label',
    broken: hosts('*/*a.com'),
    finds: [`error ${at}.hosts[0]`],
    fine: hosts('*/*.com'),
  },
  {
    rule: 'the namespace of a host is none',
    broken: hosts('a.b/c.com', '/d.com', '~/e.com'),
    finds: [`error ${at}.hosts[0]`, `error ${at}.hosts[1]`, `error ${at}.hosts[2]`],
    fine: hosts('ab/c.com', './d.com'),
  },
  {
    rule: 'a protocol does not exist',
    broken: one({ port: { ...port, protocol: '' } }),
    finds: [`error ${at}.port.protocol`],
    fine: one({ port: { ...port, protocol: 'tcp' } }),
  },
  {
    rule: 'a port has no name',
    broken: one({ port: { ...port, name: '' } }),
    finds: [`error ${at}.port.name`],
    fine: one({ port: { ...port, name: 'any name' } }),
  },
  {
    rule: 'a port is out of range',
    broken: one({ port: { ...port, number: 65536 } }),
    finds: [`error ${at}.port.number`],
    fine: one({ port: { ...port, number: 65535 } }),
  },
  {
    rule: 'a port is 0 without a socket',
    broken: one({ port: { ...port, number: 0 } }),
    finds: [`error ${at}.port.number`],
    fine: one({ port: { ...port, number: 0 }, bind: 'unix:///run/a' }),
  },
  {
    rule: 'a socket has a port',
    broken: one({ bind: 'unix:///run/a' }),
    finds: [`error ${at}.port.number`],
    fine: one({ bind: '::1' }),
  },
  {
    rule: 'a socket is a directory',
    broken: one({ port: { ...port, number: 0 }, bind: 'unix:///run/' }),
    finds: [`error ${at}.bind`],
    fine: one({ port: { ...port, number: 0 }, bind: 'unix:///run' }),
  },
  {
    rule: 'a server is bound to a name',
    broken: one({ bind: 'localhost' }),
    finds: [`error ${at}.bind`],
    fine: one({ bind: '127.0.0.1' }),
  },
  {
    rule: 'a port has a target',
    broken: one({ port: { ...port, targetPort: 8080 } }),
    finds: [`error ${at}.port.targetPort`],
    fine: one({ port: { ...port, targetPort: 0 } }),
  },

  {
    rule: 'HTTPS has no TLS settings',
    broken: one({ port: { ...port, protocol: 'https' } }),
    finds: [`error ${at}.tls`],
    fine: one({ port: { ...port, protocol: 'https' }, tls: { mode: 'PASSTHROUGH' } }),
  },
  {
    rule: 'TCP has TLS settings',
    broken: one({ port: { ...port, protocol: 'TCP' }, tls: { mode: 'PASSTHROUGH' } }),
    finds: [`error ${at}.tls`],
    fine: one({ port: { ...port, protocol: 'TLS' }, tls: { mode: 'AUTO_PASSTHROUGH' } }),
  },
  {
    rule: 'HTTP terminates TLS',
    broken: one({ tls: { mode: 'SIMPLE', credentialName: 'c' } }),
    finds: [`error ${at}.tls`],
    says: 'httpsRedirect',
    fine: one({ tls: { mode: 'PASSTHROUGH', httpsRedirect: true } }),
  },
  {
    rule: 'HTTP has certificates',
    broken: one({ tls: { mode: 'PASSTHROUGH', privateKey: '/key.pem' } }),
    finds: [`error ${at}.tls`, `warning ${at}.tls`],
    fine: one({ tls: { mode: 'AUTO_PASSTHROUGH' } }),
  },
  {
    rule: 'HTTPS redirects to itself',
    broken: tls({ mode: 'PASSTHROUGH', httpsRedirect: true }),
    finds: [`warning ${at}.tls.httpsRedirect`],
    fine: tls({ mode: 'PASSTHROUGH', httpsRedirect: false }),
  },

  {
    rule: 'an old version has no cipher suites',
    broken: tls({ mode: 'SIMPLE', credentialName: 'c', minProtocolVersion: 'TLSV1_1' }),
    finds: [`warning ${at}.tls.minProtocolVersion`],
    fine: tls({
      mode: 'SIMPLE',
      credentialName: 'c',
      minProtocolVersion: 'TLSV1_0',
      cipherSuites: ['AES128-SHA'],
    }),
  },
  {
    rule: 'a cipher suite does not exist',
    broken: tls({ mode: 'SIMPLE', credentialName: 'c', cipherSuites: ['aes128-sha'] }),
    finds: [`warning ${at}.tls.cipherSuites[0]`],
    says: '"aes128-sha"',
    fine: tls({ mode: 'SIMPLE', credentialName: 'c', cipherSuites: ['ALL', '-PSK', ''] }),
  },
  {
    rule: 'a cipher suite is named twice',
    broken: tls({
      mode: 'SIMPLE',
      credentialName: 'c',
      cipherSuites: ['AES128-SHA', 'AES256-SHA', 'AES128-SHA'],
    }),
    finds: [`warning ${at}.tls.cipherSuites[2]`],
    fine: tls({ mode: 'SIMPLE', credentialName: 'c', cipherSuites: knownCipherSuites }),
  },
  {
    rule: 'mutual TLS of Istio has certificates',
    broken: tls({
      mode: 'ISTIO_MUTUAL',
      ...files,
      caCertificates: '/ca.pem',
      credentialName: 'c',
      credentialNames: ['d'],
      tlsCertificates: [files],
    }),
    finds: [
      'caCertificates',
      'credentialName',
      'credentialNames',
      'privateKey',
      'serverCertificate',
      'tlsCertificates',
    ].map((field) => `error ${at}.tls.${field}`),
    fine: tls({ mode: 'ISTIO_MUTUAL', caCrl: '/crl.pem' }),
  },
  {
    rule: 'a passed-through server has a revocation list',
    broken: tls({ mode: 'PASSTHROUGH', caCrl: '/crl.pem' }),
    finds: [`warning ${at}.tls`],
    fine: tls({ mode: 'PASSTHROUGH' }),
  },
  {
    rule: 'a passed-through server has a revocation list and a credential',
    broken: tls({ mode: 'AUTO_PASSTHROUGH', caCrl: '/crl.pem', credentialName: 'c' }),
    finds: [`error ${at}.tls.caCrl`, `warning ${at}.tls`],
    fine: tls({ mode: 'AUTO_PASSTHROUGH' }),
  },
  {
    rule: 'certificates come from two places',
    broken: tls({ mode: 'SIMPLE', credentialName: 'c', credentialNames: ['d'] }),
    finds: [`error ${at}.tls`],
    says: 'credentialName, credentialNames',
    fine: tls({ mode: 'SIMPLE', credentialNames: ['c', 'd'] }),
  },
  {
    rule: 'certificates come from files and from lists of them',
    broken: tls({ mode: 'SIMPLE', ...files, tlsCertificates: [files] }),
    finds: [`error ${at}.tls`],
    fine: tls({ mode: 'SIMPLE', serverCertificate: '/cert.pem', tlsCertificates: [files, files] }),
  },
  {
    rule: 'a server has no certificate',
    broken: tls({ mode: 'SIMPLE' }),
    finds: [`error ${at}.tls.privateKey`, `error ${at}.tls.serverCertificate`],
    fine: tls({ mode: 'SIMPLE', ...files }),
  },
  {
    rule: 'one of several certificates has no key',
    broken: tls({ mode: 'SIMPLE', tlsCertificates: [files, { serverCertificate: '/cert.pem' }] }),
    finds: [`error ${at}.tls.tlsCertificates[1].privateKey`],
    fine: tls({ mode: 'SIMPLE', tlsCertificates: [files] }),
  },
  {
    rule: 'there are three certificates',
    broken: tls({ mode: 'SIMPLE', tlsCertificates: [files, files, files] }),
    finds: [`warning ${at}.tls.tlsCertificates`],
    fine: tls({ mode: 'SIMPLE', tlsCertificates: [files, files] }),
  },
  {
    rule: 'clients are checked with nothing',
    broken: tls({ mode: 'OPTIONAL_MUTUAL', ...files }),
    finds: [`error ${at}.tls.caCertificates`],
    fine: tls({ mode: 'OPTIONAL_MUTUAL', ...files, caCertificates: '/ca.pem' }),
  },
  {
    rule: 'clients are checked with nothing at all',
    broken: tls({ mode: 'MUTUAL' }),
    finds: [
      `error ${at}.tls.caCertificates`,
      `error ${at}.tls.privateKey`,
      `error ${at}.tls.serverCertificate`,
    ],
    fine: tls({ mode: 'MUTUAL', credentialName: 'c', caCrl: '/crl.pem' }),
  },
  {
    rule: 'no client is checked for revocation',
    broken: tls({ mode: 'SIMPLE', ...files, caCrl: '/crl.pem' }),
    finds: [`error ${at}.tls.caCrl`],
    fine: tls({ mode: 'MUTUAL', ...files, caCertificates: '/ca.pem', caCrl: '/crl.pem' }),
  },
]);
