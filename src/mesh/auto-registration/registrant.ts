/** What a proxy that asks to be registered says of itself (Istio reference 3.10). */
import { isRecord } from '../../base/is-record.js';
import type { Labels } from '../../model/labels.js';
import { formatLocality } from '../../model/locality.js';
import { proxyFromNode, type NodeDescription } from '../node.js';

/** A proxy that is to become a WorkloadEntry of a group. */
export interface Registrant {
  /** The name of the WorkloadGroup, in the namespace of the proxy. */
  readonly group: string;
  readonly namespace: string;
  /** The first address of the proxy. */
  readonly address: string;
  /** Empty when the node names none. */
  readonly network: string;
  /** LABELS of the metadata. */
  readonly labels: Labels;
  /** `region/zone/subzone` of the node, which may be empty; undefined when the node has none at all. */
  readonly locality: string | undefined;
  /** The proxy's agent probes the workload and reports its health. */
  readonly reportsHealth: boolean;
}

/**
 * Who is to be registered as a node connects: a proxy whose metadata names a group (AUTO_REGISTER_GROUP). Undefined for
 * every other one, and for one without a namespace, which Istiod does not register either.
 *
 * @throws PilotError NODE_INVALID.
 */
export function registrantOf(node: NodeDescription): Registrant | undefined {
  const group = node.metadata?.['AUTO_REGISTER_GROUP'];
  if (typeof group !== 'string' || group === '') return undefined;
  const { namespace, ipAddresses, network, labels, locality, metadata } = proxyFromNode(node);
  const [address] = ipAddresses;
  if (namespace === '' || address === undefined) return undefined;
  return {
    group,
    namespace,
    address,
    network,
    labels,
    locality: node.locality === undefined ? undefined : formatLocality(locality),
    reportsHealth: hasReadinessProbe(metadata['PROXY_CONFIG']),
  };
}

/** Whether a ProxyConfig in JSON, by either of the names that JSON of protobuf may use, has a probe. */
function hasReadinessProbe(proxyConfig: unknown): boolean {
  return isRecord(proxyConfig) && isRecord(proxyConfig['readinessProbe'] ?? proxyConfig['readiness_probe']);
}
