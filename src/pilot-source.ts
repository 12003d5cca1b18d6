/**
 * The resources that connected proxies are given: the seam between the mesh's snapshot, translation and the ADS
 * server. It holds the newest snapshot, one memo for all proxies, and for each proxy nothing but its context.
 */
import { done, type Piecewise } from './base/piecewise.js';
import type { NodeShape } from './envoy/messages.js';
import { typeUrls } from './envoy/type-urls.js';
import type { Registration } from './mesh/auto-registration/auto-registration.js';
import { proxyFromNode } from './mesh/node.js';
import { resolveProxy } from './mesh/proxy-context.js';
import type { ProxyContext, Snapshot } from './mesh/snapshot.js';
import type { Proxy } from './model/proxy.js';
import { nodeDescription } from './node-description.js';
import { sameButEndpoints } from './serving/changed-hosts.js';
import { sameButSecrets } from './mesh/snapshot-parts.js';
import { groupOf, proxyGroup, type ProxyGroup } from './serving/proxy-group.js';
import { resourceSet } from './serving/resource-sets.js';
import { SharedAnswers } from './serving/shared-answers.js';
import { SharedAssignments } from './serving/shared-assignments.js';
import { SharedClusters } from './serving/shared-clusters.js';
import { SharedListeners } from './serving/shared-listeners.js';
import { translateClusters } from './translate/cluster/clusters.js';
import { extensionConfigs } from './translate/envoy-filter/patched-resources.js';
import { translateGrpcListeners } from './translate/grpc/listeners.js';
import { translateGrpcRoutes } from './translate/grpc/routes.js';
import { Memo } from './translate/memo.js';
import { nameClient, translateNameTable } from './translate/name-table/name-table.js';
import { routeGroup } from './translate/route/route-group.js';
import { translateRoutes } from './translate/route/routes.js';
import type { SecretSource } from './translate/secret/secret-source.js';
import { translateSecrets } from './translate/secret/secrets.js';
import type { Translation, TranslationProblem } from './translate/translation.js';
import { proxyConnection } from './proxy-connection.js';
import type { ClientPeer, ResourceClient, ResourceSet, ResourceSource, Subscription } from './xds/source.js';

/** What a source says of problems that translation found; each is said once as long as it lasts. */
export type ProblemReporter = (problem: TranslationProblem) => void;

/**
 * What a snapshot is served for: everything, or endpoints only, while everything else is served from the last
 * snapshot that was for everything.
 */
export type UpdateScope = 'all' | 'endpoints';

/** Serves the newest snapshot to every proxy. */
export class PilotSource implements ResourceSource {
  readonly #memo = new Memo();
  readonly #reportProblem: ProblemReporter;
  readonly #state: ServedState;
  #reported = new Set<string>();

  /** @param secrets what SDS is answered from; the first one that knows a name counts. */
  constructor(
    reportProblem: ProblemReporter,
    secrets: readonly SecretSource[] = [],
    onSecretsAsked: () => void = () => undefined,
  ) {
    this.#reportProblem = reportProblem;
    const report = (problem: TranslationProblem): void => this.#report(problem);
    this.#state = {
      full: undefined,
      newest: undefined,
      memo: this.#memo,
      report,
      clusters: new SharedClusters(this.#memo, report),
      assignments: new SharedAssignments(this.#memo, report),
      listeners: new SharedListeners(this.#memo, report),
      routes: new SharedAnswers(report),
      nameTables: new SharedAnswers(report),
      secrets,
      onSecretsAsked,
    };
  }

  /** The newest snapshot that is served, once there is one. */
  get snapshot(): Snapshot | undefined {
    return this.#state.newest;
  }

  /** How often something was made already, and how often it had to be made. */
  get cacheUse(): Memo['use'] & { readonly entries: number } {
    return { ...this.#memo.use, entries: this.#memo.size };
  }

  /** From now on this snapshot is served. With `endpoints` it differs from the one before in endpoints only. */
  update(snapshot: Snapshot, scope: UpdateScope = 'all'): void {
    const before = this.#state.full;
    this.#state.newest = snapshot;
    if (scope === 'endpoints' && before !== undefined) {
      this.#memo.tick();
      return;
    }
    this.#state.full = snapshot;
    this.#reported = new Set();
    const little =
      before !== undefined && (sameButEndpoints(before, snapshot) || sameButSecrets(before, snapshot));
    if (little) this.#memo.tick();
    else this.#memo.sweep();
  }

  ready(): boolean {
    return this.#state.newest !== undefined;
  }

  attach(node: NodeShape, peer?: ClientPeer): PilotClient {
    const connection = proxyConnection(peer);
    const proxy = proxyFromNode(nodeDescription(node));
    return new PilotClient({ ...proxy, ...(connection !== undefined && { connection }) }, this.#state);
  }

  #report(problem: TranslationProblem): void {
    const key = `${problem.subject}\n${problem.message}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#reportProblem(problem);
  }
}

const envoyTypes: ReadonlySet<string> = new Set([
  typeUrls.cds,
  typeUrls.eds,
  typeUrls.lds,
  typeUrls.rds,
  typeUrls.nds,
  typeUrls.ecds,
  typeUrls.sds,
]);
const grpcTypes: ReadonlySet<string> = new Set([typeUrls.cds, typeUrls.eds, typeUrls.lds, typeUrls.rds]);

/** What all clients of a source share. */
export interface ServedState {
  /** What everything but endpoints is served from. */
  full: Snapshot | undefined;
  /** What endpoints are served from. */
  newest: Snapshot | undefined;
  readonly memo: Memo;
  readonly report: ProblemReporter;
  readonly clusters: SharedClusters;
  readonly assignments: SharedAssignments;
  readonly listeners: SharedListeners;
  readonly routes: SharedAnswers;
  readonly nameTables: SharedAnswers;
  /** Where secrets come from. */
  readonly secrets: readonly SecretSource[];
  /** A proxy asks for other secrets than before. */
  readonly onSecretsAsked: () => void;
}

/** What a snapshot says of a proxy, and the proxies that are served alike. */
interface Resolved {
  readonly context: ProxyContext;
  readonly group: ProxyGroup;
}

/** One proxy as the source sees it. */
export class PilotClient implements ResourceClient {
  readonly proxy: Proxy;
  /** What the proxy is registered as, where its node names a WorkloadGroup. */
  registration: Registration | undefined;
  readonly #state: ServedState;
  #resolved: Resolved | undefined;
  #newest: ProxyContext | undefined;
  #groupBefore: ProxyGroup | undefined;
  #secretNames: ReadonlySet<string> = new Set();
  #routeGroup: ProxyGroup | undefined;
  #nameGroup: ProxyGroup | undefined;
  /** What was given last, by type: given again as long as it is the same. */
  readonly #given = new Map<string, ResourceSet>();

  constructor(proxy: Proxy, state: ServedState) {
    this.proxy = proxy;
    this.#state = state;
  }

  get label(): string {
    return this.proxy.name;
  }

  get description(): Readonly<Record<string, unknown>> {
    const { nodeId, type, dialect, namespace, clusterId, istioVersion } = this.proxy;
    return { nodeId, type, dialect, namespace, clusterId, istioVersion };
  }

  /** The proxy in the snapshot that everything but endpoints is served from. */
  get context(): ProxyContext {
    return this.#inForce().context;
  }

  #inForce(): Resolved {
    const { full } = this.#state;
    if (full === undefined) throw new Error('asked for resources before the first snapshot');
    if (this.#resolved?.context.snapshot === full) return this.#resolved;
    const context = resolveProxy(full, this.proxy);
    this.#groupBefore = this.#resolved?.group;
    this.#resolved = { context, group: proxyGroup(context) };
    this.#routeGroup = undefined;
    this.#nameGroup = undefined;
    return this.#resolved;
  }

  /** The same with the newest endpoints. */
  get #newestContext(): ProxyContext {
    const { context } = this;
    const { newest } = this.#state;
    if (newest === undefined || newest === context.snapshot) return context;
    if (this.#newest?.snapshot !== newest || this.#newest.scope !== context.scope)
      this.#newest = { ...context, snapshot: newest };
    return this.#newest;
  }

  serves(typeUrl: string): boolean {
    return (this.#speaksGrpc ? grpcTypes : envoyTypes).has(typeUrl);
  }

  isWildcardType(typeUrl: string): boolean {
    return typeUrl === typeUrls.cds || typeUrl === typeUrls.lds || typeUrl === typeUrls.nds;
  }

  reportHealth(problem: string | undefined): void {
    this.registration?.reportHealth(problem);
  }

  detached(): void {
    this.registration?.end();
  }

  get #speaksGrpc(): boolean {
    return this.proxy.dialect === 'grpc';
  }

  current(typeUrl: string, { names, placeholders }: Subscription): ResourceSet | undefined {
    const { context, group } = this.#inForce();
    if (typeUrl !== typeUrls.eds) return undefined;
    const { assignments, newest } = this.#state;
    const set = assignments.known(newest ?? context.snapshot, group, names, placeholders);
    if (set !== undefined) this.#given.set(typeUrl, set);
    return set;
  }

  *resources(typeUrl: string, subscription: Subscription): Piecewise<ResourceSet> {
    const set = yield* this.#make(typeUrl, subscription, this.#given.get(typeUrl));
    this.#given.set(typeUrl, set);
    return set;
  }

  #make(
    typeUrl: string,
    subscription: Subscription,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    const { context, group } = this.#inForce();
    const { memo, clusters, assignments, listeners, nameTables } = this.#state;
    const { names } = subscription;
    switch (typeUrl) {
      case typeUrls.cds:
        return this.#speaksGrpc
          ? this.#alone(translateClusters(context, memo, subscription.names), before)
          : clusters.clusters(context, group, subscription, before);
      case typeUrls.eds:
        return assignments.assignments(
          this.#newestContext,
          { group, groupBefore: this.#groupBefore },
          subscription,
          before,
        );
      case typeUrls.lds:
        return this.#speaksGrpc
          ? this.#alone(translateGrpcListeners(context, memo, names), before)
          : listeners.listeners(context, group, subscription, before);
      case typeUrls.rds:
        return this.#speaksGrpc
          ? this.#alone(translateGrpcRoutes(context, memo, names), before)
          : this.#routes(names, before);
      case typeUrls.nds: {
        const asked = (this.#nameGroup ??= groupOf(context.scope, JSON.stringify(nameClient(context))));
        return nameTables.answer(
          { context, group: asked, names },
          () => translateNameTable(context, memo),
          before,
        );
      }
      case typeUrls.ecds:
        return done(resourceSet(extensionConfigs(context, names, memo), before));
      case typeUrls.sds:
        return done(this.#secrets(names, before));
      default:
        return done(resourceSet([], before));
    }
  }

  #routes(names: ReadonlySet<string>, before: ResourceSet | undefined): Piecewise<ResourceSet> {
    const { context } = this;
    const { memo, routes } = this.#state;
    const group = (this.#routeGroup ??= groupOf(context.scope, routeGroup(context)));
    return routes.answer({ context, group, names }, () => translateRoutes(context, memo, names), before);
  }

  /** The names of the secrets that it asks for. */
  get secretNames(): ReadonlySet<string> {
    return this.#secretNames;
  }

  #secrets(names: ReadonlySet<string>, before: ResourceSet | undefined): ResourceSet {
    if (names !== this.#secretNames) {
      this.#secretNames = names;
      this.#state.onSecretsAsked();
    }
    const { memo, report, secrets } = this.#state;
    const { resources, problems } = translateSecrets(this.context, memo, names, secrets);
    for (const problem of problems) report(problem);
    return resourceSet(resources, before);
  }

  /** Resources that are made for this proxy alone. */
  *#alone(work: Piecewise<Translation>, before: ResourceSet | undefined): Piecewise<ResourceSet> {
    const { resources, problems } = yield* work;
    for (const problem of problems) this.#state.report(problem);
    return resourceSet(resources, before);
  }
}
