/** Which TLS a client speaks to a service: what a rule says, or mutual TLS by itself (Istio reference 5.7). */
import type { ClientTlsSettings } from '../../config/kinds/traffic-policy.js';
import type { MutualTlsMode } from '../../config/kinds/networking.js';
import type { FileCertificates } from './cluster-view.js';

/** What decides about TLS. */
export interface TlsInput {
  /** What the policy says. */
  readonly tls: ClientTlsSettings | undefined;
  /** Accounts that the service runs under, as names in certificates. */
  readonly accounts: readonly string[];
  /** The server name by which mutual TLS asks for the cluster; empty where requests name the server. */
  readonly clusterSni: string;
  readonly clusterName: string;
  readonly mode: MutualTlsMode | 'unknown';
  readonly autoMtls: boolean;
  /** Whether the service is outside the mesh; a rule for it counts as it stands. */
  readonly meshExternal: boolean;
  /** Certificates that the proxy's metadata names, in the place of those that an agent serves. */
  readonly fileCertificates: FileCertificates | undefined;
}

/** What was decided. */
export type TlsDecision =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'mesh';
      readonly sni: string;
      readonly subjectAltNames: readonly string[];
      /** Whether servers are checked by the names that requests give, where these name them. */
      readonly verifies: boolean;
      /** Nobody asked for it, so endpoints that cannot speak it are spoken to in plain text. */
      readonly automatic: boolean;
    }
  | { readonly kind: 'origination'; readonly settings: ClientTlsSettings };

type MeshTls = Extract<TlsDecision, { kind: 'mesh' }>;

/** Decides about TLS. */
export function decideTls(input: TlsInput): TlsDecision {
  const { tls } = input;
  if (tls === undefined) return automaticTls(input);
  if (tls.mode === 'DISABLE') return { kind: 'none' };
  if (tls.mode === 'SIMPLE') return { kind: 'origination', settings: tls };
  const { sni = '', subjectAltNames = [], insecureSkipVerify = false } = tls;
  const verifies = !insecureSkipVerify;
  if (input.fileCertificates !== undefined) {
    if (!input.meshExternal)
      return byFiles(input.fileCertificates, { sni, subjectAltNames, insecureSkipVerify });
    if (tls.mode === 'ISTIO_MUTUAL') return asGiven(input, { sni, subjectAltNames, verifies });
  }
  if (tls.mode === 'MUTUAL') return { kind: 'origination', settings: tls };
  return {
    kind: 'mesh',
    sni: sni === '' ? input.clusterSni : sni,
    subjectAltNames: subjectAltNames.length > 0 ? subjectAltNames : input.accounts,
    verifies,
    automatic: false,
  };
}

/** A rule whose settings are not completed: a server without a name is called by that of the cluster. */
function asGiven(
  { clusterName, clusterSni }: TlsInput,
  given: Pick<MeshTls, 'sni' | 'subjectAltNames' | 'verifies'>,
): TlsDecision {
  const sni = given.sni === '' && clusterSni !== '' ? clusterName : given.sni;
  return { kind: 'mesh', ...given, sni, automatic: false };
}

function automaticTls({ autoMtls, mode, accounts, clusterSni, fileCertificates }: TlsInput): TlsDecision {
  if (!autoMtls || mode === 'unknown' || mode === 'DISABLE') return { kind: 'none' };
  const named = { sni: clusterSni, subjectAltNames: accounts };
  if (fileCertificates !== undefined) return byFiles(fileCertificates, named);
  return { kind: 'mesh', ...named, verifies: true, automatic: true };
}

function byFiles(
  { chain, key, root }: FileCertificates,
  given: Pick<ClientTlsSettings, 'sni' | 'subjectAltNames' | 'insecureSkipVerify'>,
): TlsDecision {
  return {
    kind: 'origination',
    settings: {
      mode: 'MUTUAL',
      clientCertificate: chain,
      privateKey: key,
      caCertificates: root,
      ...given,
    },
  };
}
