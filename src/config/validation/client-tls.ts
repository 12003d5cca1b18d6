/** The rules of a client's TLS settings (Istio reference 10.5). */
import type { ClientTlsSettings } from '../kinds/traffic-policy.js';
import { type FindingSink, quote } from './finding.js';

const configMapPrefix = 'configmap://';

/** Checks the TLS settings of a traffic policy of an object in a namespace (Istio reference 10.5). */
export function validateClientTls(
  tls: ClientTlsSettings,
  namespace: string,
  path: string,
  sink: FindingSink,
): void {
  const { mode, credentialName = '' } = tls;
  if (credentialName.startsWith(configMapPrefix)) {
    sink.error(`${path}.credentialName`, configMapProblem(credentialName, namespace));
  }
  if (tls.insecureSkipVerify === true) validateSkipVerify(tls, path, sink);
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && credentialName !== '') {
    for (const field of ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const) {
      if (isSet(tls[field])) {
        sink.error(`${path}.${field}`, `${field} and credentialName exclude each other; keep one of them`);
      }
    }
  } else if (mode === 'MUTUAL') {
    for (const field of ['clientCertificate', 'privateKey'] as const) {
      if (!isSet(tls[field])) {
        sink.error(`${path}.${field}`, `${field} is missing; mode MUTUAL needs it, or a credentialName`);
      }
    }
  }
}

/** Skipping the check of the server's certificate leaves nothing to check it with. */
function validateSkipVerify(tls: ClientTlsSettings, path: string, sink: FindingSink): void {
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return;
  const excluded = {
    caCertificates: isSet(tls.caCertificates),
    subjectAltNames: (tls.subjectAltNames ?? []).length > 0,
    credentialName: tls.mode === 'SIMPLE' && isSet(tls.credentialName),
  };
  for (const [field, set] of Object.entries(excluded)) {
    if (set) {
      sink.error(
        `${path}.${field}`,
        `${field} has no effect when insecureSkipVerify is true; keep one of them`,
      );
    }
  }
}

/** A ConfigMap is named with its namespace, which must be the object's own. */
function configMapProblem(credentialName: string, namespace: string): string | undefined {
  const [mapNamespace = '', name = ''] = credentialName.slice(configMapPrefix.length).split('/');
  if (mapNamespace === '' || name === '') {
    return `credential ${quote(credentialName)} must have the form ${configMapPrefix}<namespace>/<name>`;
  }
  if (mapNamespace === namespace) return undefined;
  return `credential ${quote(credentialName)} is in namespace ${quote(mapNamespace)}; it must be in ${quote(namespace)}`;
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}
