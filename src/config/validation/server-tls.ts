/** The rules of a server's TLS settings, in Gateways and Sidecars (Istio reference 10.5). */
import type { GatewayTls } from '../kinds/networking.js';
import { type FindingSink, quote } from './finding.js';

const cipherSuites: ReadonlySet<string> = new Set([
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
]);

/** Fields that name certificates in any way. */
const certificateFields = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'tlsCertificates',
  'credentialName',
  'credentialNames',
] as const;

/** A certificate and its key, by their files. */
type Certificate = Pick<GatewayTls, 'serverCertificate' | 'privateKey'>;

/** Checks the TLS settings of a server (Istio reference 10.5). */
export function validateServerTls(tls: GatewayTls, path: string, sink: FindingSink): void {
  validateCiphers(tls, path, sink);
  if (tls.mode === 'ISTIO_MUTUAL') {
    for (const field of certificateFields) {
      if (isSet(tls[field])) {
        sink.error(
          `${path}.${field}`,
          `${field} does not go with mode ISTIO_MUTUAL, which uses the workload's own`,
        );
      }
    }
    return;
  }
  const passesThrough = tls.mode === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
  if (passesThrough && [...certificateFields, 'caCrl' as const].some((field) => isSet(tls[field]))) {
    sink.warn(path, `mode ${tls.mode} does not use certificates; those that are given have no effect`);
  }
  validateCertificateSources(tls, path, sink);
  if (!passesThrough) {
    if (isSet(tls.credentialName) || isSet(tls.credentialNames)) return;
    validateCertificates(tls, path, sink);
  }
  validateRevocationList(tls, path, sink);
}

function validateCiphers(tls: GatewayTls, path: string, sink: FindingSink): void {
  const { minProtocolVersion, cipherSuites: suites = [] } = tls;
  if ((minProtocolVersion === 'TLSV1_0' || minProtocolVersion === 'TLSV1_1') && suites.length === 0) {
    sink.warn(
      `${path}.minProtocolVersion`,
      `${minProtocolVersion} needs cipherSuites, since none of the default ones goes with it`,
    );
  }
  const seen = new Set<string>();
  for (const [index, suite] of suites.entries()) {
    const at = `${path}.cipherSuites[${index}]`;
    if (!isKnownCipherSuite(suite)) {
      sink.warn(at, `cipher suite ${quote(suite)} is not known and has no effect`);
    } else if (seen.has(suite)) {
      sink.warn(at, `cipher suite ${quote(suite)} is named twice`);
    }
    seen.add(suite);
  }
}

/** Whether Envoy knows a suite. What does not begin with a letter or digit is an operator on suites, such as `-` or `+`, and is not looked into. */
export function isKnownCipherSuite(suite: string): boolean {
  return suite === '' || suite === 'ALL' || !/^[\p{L}\p{N}]/u.test(suite) || cipherSuites.has(suite);
}

function validateCertificateSources(tls: GatewayTls, path: string, sink: FindingSink): void {
  const sources = [
    ...(isSet(tls.serverCertificate) && isSet(tls.privateKey) ? ['serverCertificate with privateKey'] : []),
    ...(['credentialName', 'credentialNames', 'tlsCertificates'] as const).filter((field) =>
      isSet(tls[field]),
    ),
  ];
  if (sources.length > 1) {
    sink.error(path, `certificates come from more than one place: ${sources.join(', ')}; keep one of them`);
  }
}

function validateCertificates(tls: GatewayTls, path: string, sink: FindingSink): void {
  if (tls.mode !== 'SIMPLE' && !isSet(tls.caCertificates)) {
    sink.error(
      `${path}.caCertificates`,
      `caCertificates is missing; mode ${tls.mode} needs it, or a credentialName`,
    );
  }
  const { tlsCertificates = [] } = tls;
  if (tlsCertificates.length > 2) {
    sink.warn(
      `${path}.tlsCertificates`,
      `there are ${tlsCertificates.length} certificates, but only two are used`,
    );
  }
  if (tlsCertificates.length === 0) validateCertificate(tls, tls.mode, path, sink);
  for (const [index, certificate] of tlsCertificates.entries()) {
    validateCertificate(certificate, tls.mode, `${path}.tlsCertificates[${index}]`, sink);
  }
}

function validateCertificate(
  certificate: Certificate,
  mode: GatewayTls['mode'],
  path: string,
  sink: FindingSink,
): void {
  for (const field of ['serverCertificate', 'privateKey'] as const) {
    if (!isSet(certificate[field])) {
      sink.error(`${path}.${field}`, `${field} is missing; mode ${mode} needs it, or a credentialName`);
    }
  }
}

function validateRevocationList(tls: GatewayTls, path: string, sink: FindingSink): void {
  if (!isSet(tls.caCrl)) return;
  if (isSet(tls.credentialName)) {
    sink.error(`${path}.caCrl`, 'caCrl does not go with credentialName; put the list into the credential');
  }
  if (tls.mode === 'SIMPLE') {
    sink.error(`${path}.caCrl`, 'caCrl does not go with mode SIMPLE, which asks clients for no certificate');
  }
}

function isSet(value: string | readonly unknown[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}
