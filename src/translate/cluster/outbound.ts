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
import { clusterKind, namesItsHost, type ClusterKind } from './discovery.js';
import type { OutboundInput } from './outbound-input.js';
import { buildServiceCluster, finalKind, type ServiceCluster } from './service-cluster.js';

/** Builds and encodes the clusters of a service. What fails is a problem; the other ports are not disturbed. */
export function buildOutboundClusters(input: OutboundInput): Translation {
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  if (input.service.resolution === 'Alias') return { resources, problems };
  for (const port of input.service.ports) {
    if (port.protocol === 'UDP') continue;
    try {
      for (const { name, cluster, problem } of clustersOfPort(input, port)) {
        resources.push(encodedResource(name, Cluster.typeUrl, Cluster.encode(cluster)));
        if (problem !== undefined) problems.push({ subject: name, message: problem });
      }
    } catch (error) {
      const subject = outboundClusterName(port.port, '', input.service.hostname);
      problems.push({ subject, message: `the clusters of this port cannot be translated: ${errorMessage(error)}` });
    }
  }
  return { resources, problems };
}

function* clustersOfPort(input: OutboundInput, port: ServicePort): Generator<ServiceCluster> {
  const { service, rule, mesh } = input;
  const kind = initialKind(input);
  if (looksUpRequests(service) && !namesItsHost(port.protocol)) return;
  const policy = effectiveTrafficPolicy(rule, port.port, mesh);
  const whole = buildServiceCluster({ input, port, subset: undefined, kind, policy });
  if (whole === undefined) return;
  yield whole;
  if (looksUpRequests(service)) return;
  const wholeKind = finalKind(kind, policy);
  for (const subset of rule?.subsets ?? []) {
    const passesThrough = subset.trafficPolicy?.loadBalancer?.simple === 'PASSTHROUGH';
    const cluster = buildServiceCluster({
      input,
      port,
      subset,
      kind: passesThrough ? 'original-dst' : wholeKind,
      policy: subsetTrafficPolicy(policy, subset, port.port),
    });
    if (cluster !== undefined) yield cluster;
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

