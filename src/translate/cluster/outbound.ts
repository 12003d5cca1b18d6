/**
 * The clusters of one service: for each port the whole service and then the subsets of its rule, in their order
 * (Istio reference 5.2). A pure function of one record, so that proxies that are alike share the result.
 */
import { errorMessage } from '../../base/errors.js';
import { Cluster } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { effectiveTrafficPolicy, subsetTrafficPolicy } from '../../mesh/traffic-policy.js';
import { isWildcard } from '../../model/host.js';
import type { Service, ServicePort } from '../../model/service.js';
import { outboundClusterName } from '../names.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { finalKind, type ClusterTarget } from './cluster-target.js';
import { clusterKind, namesItsHost, type ClusterKind } from './discovery.js';
import type { OutboundInput } from './outbound-input.js';
import { buildServiceCluster, type ServiceCluster } from './service-cluster.js';

/** Builds and encodes the clusters of a service. What fails is a problem; the other ports are not disturbed. */
export function buildOutboundClusters(input: OutboundInput): Translation {
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  for (const port of input.service.ports) {
    if (portFault(input.service, port) !== undefined) continue;
    try {
      for (const { name, cluster, problem } of clustersOfPort(input, port)) {
        resources.push(encodedResource(name, Cluster.typeUrl, Cluster.encode(cluster)));
        if (problem !== undefined) problems.push({ subject: name, message: problem });
      }
    } catch (error) {
      const subject = outboundClusterName(port.port, '', input.service.hostname);
      problems.push({
        subject,
        message: `the clusters of this port cannot be translated: ${errorMessage(error)}`,
      });
    }
  }
  return { resources, problems };
}

/** Without a cluster for the whole service there is none for its subsets. */
function* clustersOfPort(input: OutboundInput, port: ServicePort): Generator<ServiceCluster> {
  for (const target of clusterTargets(input, port)) {
    const cluster = buildServiceCluster(target);
    if (cluster !== undefined) yield cluster;
    else if (target.subset === undefined) return;
  }
}

/** Why a port has no clusters: the service is an alias, the port is UDP, or requests to it do not name their host. */
export type OutboundPortFault = 'alias' | 'udp' | 'unnamed-host';

/** Why a port of a service has no clusters; undefined for one that may have. */
export function portFault(service: Service, { protocol }: ServicePort): OutboundPortFault | undefined {
  if (service.resolution === 'Alias') return 'alias';
  if (protocol === 'UDP') return 'udp';
  return looksUpRequests(service) && !namesItsHost(protocol) ? 'unnamed-host' : undefined;
}

/** What the clusters of a port are for: the whole service first, then its subsets. */
export function* clusterTargets(input: OutboundInput, port: ServicePort): Generator<ClusterTarget> {
  const { service, rule, mesh } = input;
  const kind = initialKind(input);
  const policy = effectiveTrafficPolicy(rule, port.port, mesh);
  yield { input, port, subset: undefined, kind, policy };
  if (looksUpRequests(service)) return;
  const wholeKind = finalKind({ kind, policy });
  for (const subset of rule?.subsets ?? []) {
    const passesThrough = subset.trafficPolicy?.loadBalancer?.simple === 'PASSTHROUGH';
    yield {
      input,
      port,
      subset,
      kind: passesThrough ? 'original-dst' : wholeKind,
      policy: subsetTrafficPolicy(policy, subset, port.port),
    };
  }
}

/** What passes TLS through cannot see which host it is for, so it asks for endpoints. */
function initialKind({ service, view, mode }: OutboundInput): ClusterKind {
  const kind = clusterKind(service, view.type);
  return mode === 'sni-dnat' && kind === 'dynamic-forward-proxy' ? 'eds' : kind;
}

/** Whether the hosts of a service are only known when requests name them. */
function looksUpRequests({ resolution, hostname }: Service): boolean {
  return resolution === 'DynamicDNS' && isWildcard(hostname);
}
