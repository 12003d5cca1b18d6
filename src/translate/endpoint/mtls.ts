/** Whether clients use Istio's mutual TLS towards an endpoint (Istio reference 6.4). */
import type { ClientTlsMode, TrafficPolicy } from '../../config/kinds/traffic-policy.js';
import type { MergedDestinationRule, PeerAuthenticationIndex } from '../../mesh/snapshot.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { EndpointFilter } from './filters.js';
import { findSubset } from './subset.js';

/** What decides about mutual TLS. */
export interface MutualTlsInput {
  readonly rule: MergedDestinationRule | undefined;
  /** Name of the subset; empty for the whole service. */
  readonly subset: string;
  /** Number of the service port. */
  readonly port: number;
  readonly peerAuthentications: PeerAuthenticationIndex;
}

/**
 * A rule's TLS mode decides for all endpoints. Otherwise those have mutual TLS whose workload can do it and whose
 * PeerAuthentications do not turn it off for the port that they listen on.
 */
export function hasMutualTls(input: MutualTlsInput): EndpointFilter {
  const fault = mutualTlsFault(input);
  return (endpoint) => fault(endpoint) === undefined;
}

/** Why an endpoint has no mutual TLS: the rule asks for something else, the workload cannot, or a policy turns it off. */
export type MutualTlsFault = 'rule' | 'workload' | 'peer-authentication';

/** Says of endpoints why they have no mutual TLS; undefined for those that have. */
export function mutualTlsFault(input: MutualTlsInput): (endpoint: Endpoint) => MutualTlsFault | undefined {
  const { peerAuthentications } = input;
  const mode = ruleTlsMode(input.rule, input.subset, input.port);
  if (mode !== undefined) return () => (mode === 'ISTIO_MUTUAL' ? undefined : 'rule');
  return ({ tlsMode, namespace, labels, port }) => {
    if (tlsMode !== 'istio') return 'workload';
    return peerAuthentications.workloadMode(namespace, labels, port) === 'DISABLE'
      ? 'peer-authentication'
      : undefined;
  };
}

/** The mode that a rule gives: the subset's own, else the rule's; none for a subset that the rule does not have. */
export function ruleTlsMode(
  rule: MergedDestinationRule | undefined,
  subset: string,
  port: number,
): ClientTlsMode | undefined {
  if (subset === '') return policyTlsMode(rule?.trafficPolicy, port);
  const found = findSubset(rule, subset);
  if (found === undefined) return undefined;
  return policyTlsMode(found.trafficPolicy, port) ?? policyTlsMode(rule?.trafficPolicy, port);
}

/** Port-level TLS before the policy's own; port-level settings without TLS do not count here. */
function policyTlsMode(policy: TrafficPolicy | undefined, port: number): ClientTlsMode | undefined {
  const ofPort = policy?.portLevelSettings?.find(
    (settings) => settings.port === port && settings.tls !== undefined,
  );
  return (ofPort ?? policy)?.tls?.mode;
}
