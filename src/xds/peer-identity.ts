/**
 * Who a client is by its certificate, and whether it may ask as the node that it says it is. The check is Istiod's
 * (pilot/pkg/xds/auth.go): one of the certificate's SPIFFE identities has the node's namespace and, where the node's
 * metadata names one, its service account. Istiod does not compare trust domains there; here a setting can ask for it.
 */
import type { PeerCertificate } from 'node:tls';

/** A client whose certificate the transport has verified. */
export interface PeerIdentity {
  /** The URIs that the certificate is for, in its order. */
  readonly uris: readonly string[];
}

/** What of a node the check compares. */
export interface NodeIdentity {
  /** The namespace whose configuration the node gets; empty when it has none. */
  readonly namespace: string;
  /** SERVICE_ACCOUNT of the metadata; empty when there is none. */
  readonly serviceAccount: string;
}

/** The parts of `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. */
export interface SpiffeIdentity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The part of gRPC's authentication context that is read here. */
export interface AuthContext {
  /** Only there when it was asked for and verified. */
  readonly sslPeerCertificate?: Pick<PeerCertificate, 'subjectaltname'>;
}

/** Who the client of a call is; undefined without a verified certificate. */
export function peerIdentityOf({ sslPeerCertificate }: AuthContext): PeerIdentity | undefined {
  if (sslPeerCertificate === undefined) return undefined;
  return { uris: uriNames(sslPeerCertificate.subjectaltname ?? '') };
}

/**
 * Why this client may not ask as this node; undefined when it may.
 *
 * @param peer undefined for a client without a certificate, who is nobody (UNAUTHENTICATED; any other reason is
 * PERMISSION_DENIED).
 * @param trustDomain the trust domain that the identity must be of; any when absent.
 */
export function checkPeerIdentity(
  peer: PeerIdentity | undefined,
  node: NodeIdentity,
  trustDomain?: string,
): string | undefined {
  if (peer === undefined) return 'the client has shown no certificate';
  const identities = peer.uris.flatMap((uri) => parseSpiffe(uri) ?? []);
  if (identities.length === 0)
    return `the client's certificate names no SPIFFE identity spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, but ${listOf(peer.uris)}`;
  const isFitting = identities.some(
    (identity) =>
      (node.namespace === '' || identity.namespace === node.namespace) &&
      (node.serviceAccount === '' || identity.serviceAccount === node.serviceAccount) &&
      (trustDomain === undefined || identity.trustDomain === trustDomain),
  );
  if (isFitting) return undefined;
  const account = node.serviceAccount === '' ? '' : `, service account "${node.serviceAccount}"`;
  const domain = trustDomain === undefined ? '' : `, trust domain "${trustDomain}"`;
  return `the node is of namespace "${node.namespace}"${account}${domain}, but the client's certificate is for ${listOf(peer.uris)}`;
}

/** The parts of a SPIFFE name of a service account; undefined for any other text. */
export function parseSpiffe(uri: string): SpiffeIdentity | undefined {
  const match = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(uri);
  if (match === null) return undefined;
  const [, trustDomain = '', namespace = '', serviceAccount = ''] = match;
  return { trustDomain, namespace, serviceAccount };
}

/** One name of a `subjectaltname`: its kind, and its value, which Node quotes when it could be taken for several. */
const alternativeName = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?=, |$)/gy;

/**
 * The URIs of a certificate's alternative names, in the form in which Node gives these. A URI that Node had to quote
 * holds characters that no identity has, and is left out; a text of another form gives none at all.
 */
function uriNames(text: string): readonly string[] {
  const names = [...text.matchAll(alternativeName)];
  const last = names.at(-1);
  if (last === undefined || last.index + last[0].length !== text.length) return [];
  return names.flatMap(([, kind, value]) =>
    kind === 'URI' && value !== undefined && !value.startsWith('"') ? [value] : [],
  );
}

function listOf(uris: readonly string[]): string {
  return uris.length === 0 ? 'no URI' : uris.join(', ');
}
