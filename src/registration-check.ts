/**
 * Whether a proxy may be registered by the WorkloadGroup that it names: the seam between its connection, which the xDS
 * server knows, and the mesh's groups. A proxy that may not is refused as a whole, as Istiod does, so that it comes again.
 */
import { status } from '@grpc/grpc-js';
import { PilotError } from './base/errors.js';
import type { NodeShape } from './envoy/messages.js';
import type { IdentityRefusal } from './identity-check.js';
import type { AutoRegistration } from './mesh/auto-registration/auto-registration.js';
import { registrantOf, type Registrant } from './mesh/auto-registration/registrant.js';
import type { ProxyConnection } from './model/proxy.js';
import { nodeDescription } from './node-description.js';
import { proxyConnection } from './proxy-connection.js';
import { peerIdentityOf, type AuthContext } from './xds/peer-identity.js';

/** The part of a gRPC call that is read here. */
export interface RegistrationCall {
  getPeer(): string;
  getAuthContext(): AuthContext;
}

/** Why a proxy may not be registered; undefined when it may, and for a proxy that does not ask for it. */
export type RegistrationCheck = (call: RegistrationCall, node: NodeShape) => IdentityRefusal | undefined;

/**
 * The check of Istiod (ISTIO_WORKLOAD_ENTRY_VALIDATE_IDENTITY): the group exists, and one of the identities of the
 * proxy's certificate is of the group's namespace and of the service account of its template, if it has one. In
 * difference to Istiod a proxy without a certificate may be registered from this machine.
 *
 * @param checksIdentity without it everyone may be registered by any group.
 */
export function registrationCheck(
  registration: AutoRegistration,
  checksIdentity: boolean,
): RegistrationCheck {
  return (call, node) => {
    const registrant = knownRegistrant(node);
    if (registrant === undefined) return undefined;
    const refusal = refusalOf(registration, registrant, checksIdentity ? call : undefined);
    if (refusal !== undefined) registration.refused();
    return refusal;
  };
}

/** @param call the connection, where identities are checked */
function refusalOf(
  registration: AutoRegistration,
  registrant: Registrant,
  call: RegistrationCall | undefined,
): IdentityRefusal | undefined {
  const entry = `registering the proxy by its WorkloadGroup ${registrant.namespace}/${registrant.group} failed`;
  const group = registration.groupOf(registrant);
  if (group === undefined)
    return { code: status.FAILED_PRECONDITION, message: `${entry}: there is no such group` };
  if (call !== undefined) {
    const account = group.spec.template?.serviceAccount ?? '';
    const reason = identityProblem(connectionOf(call), registrant.namespace, account);
    if (reason !== undefined) return { code: status.PERMISSION_DENIED, message: `${entry}: ${reason}` };
  }
  const problems = registration.problems(registrant);
  return problems.length === 0
    ? undefined
    : { code: status.INVALID_ARGUMENT, message: `${entry}: ${problems.join('; ')}` };
}

/** A node that cannot be understood is refused where it is attached. */
function knownRegistrant(node: NodeShape): Registrant | undefined {
  try {
    return registrantOf(nodeDescription(node));
  } catch (error) {
    if (error instanceof PilotError && error.code === 'NODE_INVALID') return undefined;
    throw error;
  }
}

function connectionOf(call: RegistrationCall): ProxyConnection | undefined {
  const identity = peerIdentityOf(call.getAuthContext());
  return proxyConnection({ address: call.getPeer(), ...(identity !== undefined && { identity }) });
}

function identityProblem(
  connection: ProxyConnection | undefined,
  namespace: string,
  serviceAccount: string,
): string | undefined {
  if (connection === undefined)
    return 'a proxy on another machine needs a certificate with a SPIFFE identity (docs/security.md)';
  if (connection.kind === 'local') return undefined;
  const fits = connection.identities.some(
    (identity) =>
      identity.namespace === namespace &&
      (serviceAccount === '' || identity.serviceAccount === serviceAccount),
  );
  if (fits) return undefined;
  const account = serviceAccount === '' ? '' : `, service account "${serviceAccount}"`;
  return `it is for workloads of namespace "${namespace}"${account}, and the client's certificate is for others`;
}
