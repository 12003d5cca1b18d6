/**
 * The resources that connected proxies are given: the seam between the mesh's snapshot, translation and the ADS
 * server. It holds the newest snapshot, one memo for all proxies, and for each proxy nothing but its context.
 */
import { createHash } from 'node:crypto';
import { toJson } from './envoy/json.js';
import { Node, type NodeShape } from './envoy/messages.js';
import type { EncodedResource } from './envoy/resource.js';
import { typeUrls } from './envoy/type-urls.js';
import { proxyFromNode, type NodeDescription } from './mesh/node.js';
import { resolveProxy } from './mesh/proxy-context.js';
import type { ProxyContext, Snapshot } from './mesh/snapshot.js';
import type { Proxy } from './model/proxy.js';
import { translateClusters } from './translate/cluster/clusters.js';
import { translateEndpoints } from './translate/endpoint/endpoints.js';
import { Memo } from './translate/memo.js';
import type { Translation, TranslationProblem } from './translate/translation.js';
import type { ResourceClient, ResourceSet, ResourceSource, Subscription } from './xds/source.js';

/** What a source says of problems that translation found; each is said once as long as it lasts. */
export type ProblemReporter = (problem: TranslationProblem) => void;

/** Serves the newest snapshot to every proxy. */
export class PilotSource implements ResourceSource {
  readonly #memo = new Memo();
  readonly #reportProblem: ProblemReporter;
  #reported = new Set<string>();
  #snapshot: Snapshot | undefined;

  constructor(reportProblem: ProblemReporter) {
    this.#reportProblem = reportProblem;
  }

  /** The snapshot that is served, once there is one. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** From now on this snapshot is served. */
  update(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#reported = new Set();
    this.#memo.sweep();
  }

  ready(): boolean {
    return this.#snapshot !== undefined;
  }

  attach(node: NodeShape): PilotClient {
    const proxy = proxyFromNode(nodeDescription(node));
    return new PilotClient(
      proxy,
      () => this.#current(),
      this.#memo,
      (problem) => this.#report(problem),
    );
  }

  #current(): Snapshot {
    if (this.#snapshot === undefined) throw new Error('asked for resources before the first snapshot');
    return this.#snapshot;
  }

  #report(problem: TranslationProblem): void {
    const key = `${problem.subject}\n${problem.message}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#reportProblem(problem);
  }
}

/** One proxy as the source sees it. */
export class PilotClient implements ResourceClient {
  readonly proxy: Proxy;
  readonly #snapshot: () => Snapshot;
  readonly #memo: Memo;
  readonly #report: ProblemReporter;
  #context: ProxyContext | undefined;

  constructor(proxy: Proxy, snapshot: () => Snapshot, memo: Memo, report: ProblemReporter) {
    this.proxy = proxy;
    this.#snapshot = snapshot;
    this.#memo = memo;
    this.#report = report;
  }

  get label(): string {
    return this.proxy.name;
  }

  get description(): Readonly<Record<string, unknown>> {
    const { nodeId, type, dialect, namespace, clusterId, istioVersion } = this.proxy;
    return { nodeId, type, dialect, namespace, clusterId, istioVersion };
  }

  /** The proxy in the newest snapshot. */
  get context(): ProxyContext {
    const snapshot = this.#snapshot();
    if (this.#context?.snapshot !== snapshot) this.#context = resolveProxy(snapshot, this.proxy);
    return this.#context;
  }

  isWildcardType(typeUrl: string): boolean {
    return typeUrl === typeUrls.cds;
  }

  resources(typeUrl: string, subscription: Subscription): ResourceSet | undefined {
    const translation = this.#translate(typeUrl, subscription);
    if (translation === undefined) return undefined;
    for (const problem of translation.problems) this.#report(problem);
    return resourceSet(translation.resources);
  }

  #translate(typeUrl: string, subscription: Subscription): Translation | undefined {
    switch (typeUrl) {
      case typeUrls.cds:
        return translateClusters(
          this.context,
          this.#memo,
          subscription.wildcard ? undefined : subscription.names,
        );
      case typeUrls.eds:
        return translateEndpoints(this.context, subscription.names, this.#memo);
      default:
        return undefined;
    }
  }
}

/** A node of the wire as plain JSON values. */
export function nodeDescription(node: NodeShape): NodeDescription {
  return { id: '', ...(toJson(Node, node) as Partial<NodeDescription>) };
}

/** A set whose version depends on the content alone. */
function resourceSet(resources: readonly EncodedResource[]): ResourceSet {
  const hash = createHash('sha256');
  for (const { name, version } of resources) hash.update(`${name}\0${version}\0`);
  return { version: hash.digest('base64url').slice(0, 16), resources };
}
