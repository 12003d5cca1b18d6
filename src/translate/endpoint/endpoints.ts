/**
 * EDS: the endpoints of each cluster that a proxy asks for (Istio reference 6). Proxies that see the same endpoints
 * in the same way get the same bytes.
 */
import { errorMessage } from '../../base/errors.js';
import type { Piecewise } from '../../base/piecewise.js';
import { placeholder, type EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { portByNumber } from '../../model/service.js';
import type { Memo } from '../memo.js';
import { parseClusterName } from '../names.js';
import type { Translation, TranslationProblem } from '../translation.js';
import {
  assignmentAction,
  buildAssignment,
  emptyAssignment,
  type Assignment,
  type AssignmentInput,
} from './assignment.js';
import type { ClusterEndpoints } from './build-endpoints.js';
import { endpointsInput } from './endpoints-input.js';
import { anyProxy, viewKey } from './proxy-view.js';

/** The cluster of a proxy's own siblings, for zone-aware routing (Istio reference 6.1). */
export const selfCluster = 'local_cluster';

/**
 * The assignments of clusters, in the order of their names as asked. A cluster that is not known has an empty one,
 * marked as a placeholder. One that cannot be translated is a problem and has none, so that a client keeps what it
 * has.
 */
export function* translateEndpoints(
  context: ProxyContext,
  clusterNames: Iterable<string>,
  memo: Memo,
): Piecewise<Translation> {
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  for (const name of clusterNames) {
    const translation = translateAssignment(context, name, memo);
    if (translation.resource !== undefined) resources.push(translation.resource);
    problems.push(...translation.problems);
    yield;
  }
  return { resources, problems };
}

/** The assignment of one cluster; none if it cannot be translated. */
export function translateAssignment(
  context: ProxyContext,
  clusterName: string,
  memo: Memo,
): { readonly resource: EncodedResource | undefined; readonly problems: readonly TranslationProblem[] } {
  try {
    return translateCluster(context, clusterName, memo.group('endpoints'));
  } catch (error) {
    const message = `its endpoints cannot be translated: ${errorMessage(error)}`;
    return { resource: undefined, problems: [{ subject: clusterName, message }] };
  }
}

function translateCluster(context: ProxyContext, clusterName: string, memo: Memo): Assignment {
  const cluster = clusterName === selfCluster ? ownCluster(context) : namedCluster(context, clusterName);
  // Clients may ask for any number of names that do not exist: nothing is kept of them.
  if (cluster === undefined) {
    const { resource, problems } = emptyAssignment({ clusterName });
    return { resource: placeholder(resource), problems };
  }
  const input = assignmentInput(context, clusterName, cluster);
  const view = viewKey(input.proxy);
  const proxy = view === '' ? anyProxy : memo.intern(input.proxy);
  return memo.compute(`${clusterName} ${view}`, { ...input, proxy }, buildAssignment);
}

/** All that the assignment of a cluster depends on for a proxy. */
export function assignmentInput(
  context: ProxyContext,
  clusterName: string,
  cluster: ClusterEndpoints,
): AssignmentInput {
  const { mesh } = context.snapshot;
  return { ...endpointsInput(context, cluster, assignmentAction(cluster, mesh)), clusterName, mesh };
}

/** What a cluster's name stands for in the scope of a proxy, or undefined if it does not know such a service or port. */
export function namedCluster(context: ProxyContext, clusterName: string): ClusterEndpoints | undefined {
  const name = parseClusterName(clusterName);
  if (name === undefined) return undefined;
  const service = context.scope.service(name.hostname);
  const port = service && portByNumber(service, name.port);
  if (service === undefined || port === undefined) return undefined;
  const { snapshot, proxy, labels } = context;
  const rule = snapshot.destinationRules.forOutbound(service, proxy.namespace, labels);
  return { use: 'eds', service, port, subset: name.subset, rule, mutualTlsOnly: name.sniForm, self: false };
}

/** The first service of the workload beside the proxy, without what rules say of it. */
function ownCluster({ serviceTargets, scope }: ProxyContext): ClusterEndpoints | undefined {
  const [target] = serviceTargets;
  if (target === undefined) return undefined;
  const service = scope.service(target.service.hostname);
  const port = service && portByNumber(service, target.port.port);
  if (service === undefined || port === undefined) return undefined;
  return { use: 'eds', service, port, subset: '', rule: undefined, mutualTlsOnly: false, self: true };
}
