/** What decides about endpoints that stand in a cluster itself, because Envoy looks up their names (Istio reference 6.8). */
import type { MeshConfig } from '../../config/mesh-config.js';
import type { MergedDestinationRule, ProxyContext } from '../../mesh/snapshot.js';
import {
  effectiveTrafficPolicy,
  subsetTrafficPolicy,
  type ResolvedTrafficPolicy,
} from '../../mesh/traffic-policy.js';
import type { Service } from '../../model/service.js';
import { embeddedAction } from '../endpoint/embedded.js';
import {
  effectiveLocalityLb,
  localityLbAction,
  type LocalityLbAction,
} from '../endpoint/locality-lb/settings.js';
import { proxyView, type ProxyView } from '../endpoint/proxy-view.js';

/** One of the clusters that hold their endpoints. */
export interface EmbeddingCluster {
  readonly service: Service;
  /** Empty for the whole service. */
  readonly subset: string;
  readonly mutualTlsOnly: boolean;
  readonly policy: ResolvedTrafficPolicy | undefined;
  readonly mesh: MeshConfig;
}

/** What locality load balancing does to the endpoints of a cluster, which follows the mesh's default policy too. */
export function embeddingAction({
  policy,
  service,
  mesh,
  ...cluster
}: EmbeddingCluster): LocalityLbAction | undefined {
  const lb = effectiveLocalityLb(policy?.loadBalancer, service, mesh);
  return embeddedAction(localityLbAction(lb, policy?.outlierDetection !== undefined), cluster);
}

/** What the view of a service's clusters depends on. */
export interface EmbeddedViewInput {
  readonly service: Service;
  readonly rule: MergedDestinationRule | undefined;
  readonly clusterLocal: boolean;
  readonly mutualTlsOnly: boolean;
}

/**
 * The view that a proxy has of all endpoints that a service's clusters hold: what matters to any of its ports and
 * subsets.
 */
export function embeddedView(context: ProxyContext, input: EmbeddedViewInput): ProxyView {
  const { mesh, networks } = context.snapshot;
  const { service, rule, clusterLocal, mutualTlsOnly } = input;
  const of = { service, clusterLocal, networks, use: 'dns', self: false } as const;
  let view = proxyView(context, { ...of, action: undefined });
  for (const { subset, policy } of policiesOf(service, rule, mesh)) {
    const action = embeddingAction({ service, subset, mutualTlsOnly, policy, mesh });
    if (action === undefined) continue;
    const { labels, ...added } = proxyView(context, { ...of, action });
    view = { ...view, ...added, ...(labels !== undefined && { labels: { ...view.labels, ...labels } }) };
  }
  return view;
}

interface ClusterPolicy {
  readonly subset: string;
  readonly policy: ResolvedTrafficPolicy | undefined;
}

function* policiesOf(
  service: Service,
  rule: MergedDestinationRule | undefined,
  mesh: MeshConfig,
): Generator<ClusterPolicy> {
  for (const { port } of service.ports) {
    const policy = effectiveTrafficPolicy(rule, port, mesh);
    yield { subset: '', policy };
    for (const subset of rule?.subsets ?? []) {
      yield { subset: subset.name, policy: subsetTrafficPolicy(policy, subset, port) };
    }
  }
}
