/**
 * Whether a client may be the node that it says it is: the seam between its certificate, which the xDS server knows,
 * and what the mesh reads from a node.
 */
import { status } from '@grpc/grpc-js';
import { PilotError } from './base/errors.js';
import type { NodeShape } from './envoy/messages.js';
import { proxyFromNode } from './mesh/node.js';
import { nodeDescription } from './node-description.js';
import { checkPeerIdentity, peerIdentityOf, type AuthContext } from './xds/peer-identity.js';

/** Why a stream is refused, as gRPC says it. */
export interface IdentityRefusal {
  readonly code: status;
  readonly message: string;
}

/** Why the client of a call may not be a node; undefined when it may. */
export type IdentityCheck = (
  call: { getAuthContext(): AuthContext },
  node: NodeShape,
) => IdentityRefusal | undefined;

/**
 * The check of Istiod (PILOT_ENABLE_XDS_IDENTITY_CHECK): the node's namespace and service account against the SPIFFE
 * identities of the client's certificate. A client without a verified certificate is UNAUTHENTICATED, one with
 * another identity PERMISSION_DENIED.
 *
 * @param trustDomain the trust domain that the identity must be of; any when absent.
 */
export function identityCheck(trustDomain?: string): IdentityCheck {
  return (call, node) => {
    const peer = peerIdentityOf(call.getAuthContext());
    if (peer === undefined)
      return { code: status.UNAUTHENTICATED, message: 'the client has shown no certificate that is trusted' };
    try {
      const { namespace, metadata } = proxyFromNode(nodeDescription(node));
      const account = metadata['SERVICE_ACCOUNT'];
      const serviceAccount = typeof account === 'string' ? account : '';
      const reason = checkPeerIdentity(peer, { namespace, serviceAccount }, trustDomain);
      return reason === undefined
        ? undefined
        : { code: status.PERMISSION_DENIED, message: `authorization failed: ${reason}` };
    } catch (error) {
      if (!(error instanceof PilotError) || error.code !== 'NODE_INVALID') throw error;
      return { code: status.INVALID_ARGUMENT, message: `${error.message}. ${error.hint ?? ''}`.trim() };
    }
  };
}
