/**
 * CDS: all clusters of a proxy, in Istiod's order (Istio reference 5.2). Clusters that several proxies share are
 * made and encoded once.
 */
import type { Piecewise } from '../../base/piecewise.js';
import { Cluster } from '../../envoy/messages.js';
import type { PatchContext } from '../../config/kinds/envoy-filter.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { clientContext, clustersOfPatches, patchClusters } from '../envoy-filter/patched-resources.js';
import type { Memo } from '../memo.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { clusterView, type ClusterView } from './cluster-view.js';
import {
  buildAllowAnyDynamicDns,
  buildBlackHole,
  buildInboundPassthrough,
  buildPassthrough,
  buildSdsExternal,
  type FixedCluster,
} from './fixed.js';
import { translateGrpcClusters } from './grpc.js';
import { hostLookup } from './host-lookup.js';
import { buildInboundCluster } from './inbound.js';
import { inboundInputs } from './inbound-inputs.js';
import { buildOutboundClusters } from './outbound.js';
import { outboundInput, type OutboundMode } from './outbound-input.js';

/**
 * Translates the clusters of a proxy, a service at a time.
 *
 * @param names the clusters that are asked for; absent for all of them. A gRPC client asks by name.
 */
export function* translateClusters(
  context: ProxyContext,
  memo: Memo,
  names?: ReadonlySet<string>,
): Piecewise<Translation> {
  if (context.proxy.dialect === 'grpc') return translateGrpcClusters(context, memo, names ?? new Set());
  const all = new Collector();
  all.add(yield* translateOutboundClusters(context, memo));
  all.add(yield* translateOwnClusters(context, memo));
  const { resources, problems } = all;
  return names === undefined ? all : { resources: resources.filter(({ name }) => names.has(name)), problems };
}

/** The clusters that proxies send requests to: all that see the same services in the same way have the same ones. */
export function* translateOutboundClusters(context: ProxyContext, memo: Memo): Piecewise<Translation> {
  const view = memo.intern(clusterView(context));
  const collected = new Collector();
  for (const service of context.scope.services) {
    const clusters = outbound(context, service, view, 'default', memo);
    collected.add(patchClusters(context, clusters, clientContext(context), memo));
    yield;
  }
  return collected;
}

/** The clusters of a proxy that depend on the proxy itself: inbound ones, those of gateways, and fixed ones. */
export function* translateOwnClusters(context: ProxyContext, memo: Memo): Piecewise<Translation> {
  const view = memo.intern(clusterView(context));
  const collected = new Collector();
  const toClients = clientContext(context);
  collected.addNew(patchClusters(context, fixedClusters(context, view, memo), toClients, memo));
  if (context.proxy.type === 'router' && passesTlsThrough(context)) {
    for (const part of sniDnat(context, view, memo)) {
      collected.addNew(patchClusters(context, part, toClients, memo));
      yield;
    }
  }
  collected.addNew(ofPatches(context, toClients, memo));
  if (context.proxy.type !== 'router') {
    const inbound = inboundClusters(context, view, memo);
    collected.addNew(patchClusters(context, inbound, 'SIDECAR_INBOUND', memo));
    collected.addNew(ofPatches(context, 'SIDECAR_INBOUND', memo));
  }
  if (view.credentialSocket)
    collected.addNew(fixed(memo, { mesh: context.snapshot.mesh, view }, buildSdsExternal));
  return collected;
}

/** Clusters that EnvoyFilters add. */
function ofPatches(context: ProxyContext, patchContext: PatchContext, memo: Memo): Translation {
  return { resources: clustersOfPatches(context, patchContext, memo), problems: [] };
}

/** Resources and problems as they come. */
class Collector implements Translation {
  readonly resources: EncodedResource[] = [];
  readonly problems: TranslationProblem[] = [];
  readonly #seen = new Set<string>();

  /** Adds what has names of its own. */
  add({ resources, problems }: Translation): void {
    for (const resource of resources) this.resources.push(resource);
    for (const problem of problems) this.problems.push(problem);
  }

  /** Adds what may repeat a name; the first one counts. */
  addNew({ resources, problems }: Translation): void {
    this.add({
      resources: resources.filter(({ name }) => !this.#seen.has(name) && this.#seen.add(name)),
      problems,
    });
  }
}

type Service = ProxyContext['scope']['services'][number];

function outbound(
  context: ProxyContext,
  service: Service,
  view: ClusterView,
  mode: OutboundMode,
  memo: Memo,
): Translation {
  const input = outboundInput(context, service, view, mode, memo);
  return memo.group('outbound clusters').compute(service.hostname, input, buildOutboundClusters);
}

function* sniDnat(context: ProxyContext, view: ClusterView, memo: Memo): Generator<Translation> {
  for (const service of context.scope.services) {
    if (!service.meshExternal) yield outbound(context, service, view, 'sni-dnat', memo);
  }
}

/** Whether a gateway server takes TLS for any service of the mesh and passes it through. */
export function passesTlsThrough({ gateways }: ProxyContext): boolean {
  return gateways.some(({ spec }) => spec.servers.some(({ tls }) => tls?.mode === 'AUTO_PASSTHROUGH'));
}

/** Routers do not send on what they know no cluster for. */
function fixedClusters({ proxy, scope, snapshot }: ProxyContext, view: ClusterView, memo: Memo): Translation {
  const input = { mesh: snapshot.mesh, view };
  const collected = new Collector();
  collected.add(fixed(memo, input, buildBlackHole));
  if (proxy.type === 'router') return collected;
  collected.add(fixed(memo, input, buildPassthrough));
  const policy = scope.outboundTrafficPolicy;
  if (policy.mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    const lookup = memo.intern(hostLookup(proxy));
    collected.add(fixed(memo, { ...input, outbound: policy, lookup }, buildAllowAnyDynamicDns));
  }
  return collected;
}

function inboundClusters(context: ProxyContext, view: ClusterView, memo: Memo): Translation {
  const { inputs, problems } = inboundInputs(context, view, memo);
  const collected = new Collector();
  collected.add({ resources: [], problems });
  for (const input of inputs) {
    collected.add(single(memo, `${input.targetPort} ${input.service.hostname}`, input, buildInboundCluster));
  }
  collected.add(fixed(memo, { mesh: context.snapshot.mesh, view }, buildInboundPassthrough));
  return collected;
}

function fixed<Input extends object>(
  memo: Memo,
  input: Input,
  build: (input: Input) => FixedCluster,
): Translation {
  return single(memo, '', input, build);
}

/** A single cluster, made and encoded once for equal inputs. */
function single<Input extends object>(
  memo: Memo,
  key: string,
  input: Input,
  build: (input: Input) => FixedCluster,
): Translation {
  return memo.group(build.name).compute(key, input, (made) => encoded(build(made)));
}

function encoded({ name, cluster, problem }: FixedCluster): Translation {
  const problems = problem === undefined ? [] : [{ subject: name, message: problem }];
  return { resources: [encodedResource(name, Cluster.typeUrl, Cluster.encode(cluster))], problems };
}
