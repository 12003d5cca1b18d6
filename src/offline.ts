/**
 * What proxies would be served from a mesh directory, without a server: the path of `pilotlight xds`, of
 * `compare` and of the golden cases. It is the path of `serve` with one state instead of a stream of them.
 */
import { of } from 'rxjs';
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import type { JsonObject } from './envoy/json-value.js';
import type { Answer } from './compare/resources.js';
import { assignmentNames } from './compare/references.js';
import { resourceName } from './compare/resources.js';
import { compareStrings } from './base/compare.js';
import { decodeToJson } from './envoy/json.js';
import type { EncodedResource } from './envoy/resource.js';
import { typeUrls } from './envoy/type-urls.js';
import { MeshState } from './mesh/mesh-state.js';
import { connectDirectory } from './mesh/connect-directory.js';
import { proxyFromNode, type NodeDescription } from './mesh/node.js';
import { PilotClient } from './pilot-source.js';
import { Memo } from './translate/memo.js';
import type { Snapshot } from './mesh/snapshot.js';
import type { TranslationProblem } from './translate/translation.js';
import type { ResourceClient } from './xds/source.js';

/** Types that can be asked for, by short name, in the order in which they are asked. */
export const answerTypes = ['cds', 'eds'] as const;

export type AnswerType = (typeof answerTypes)[number];

/** The snapshot of a directory's state. */
export function snapshotOf(state: MeshDirectoryState): Snapshot {
  const mesh = new MeshState();
  const connection = connectDirectory(mesh, of(state), { autoAllocate: 'status' });
  const snapshot = mesh.snapshot();
  connection.unsubscribe();
  mesh.dispose();
  return snapshot;
}

/** What one proxy is served, and what went wrong in making it. */
export interface ProxyAnswer {
  readonly answer: Answer;
  readonly problems: readonly TranslationProblem[];
}

const asksByName: TranslationProblem = {
  subject: 'gRPC',
  message: 'a gRPC client asks for what its listeners lead to, and listeners are not served yet',
};

/** Answers proxies from one snapshot; what several proxies share is made once. */
export class OfflineSource {
  readonly #snapshot: Snapshot;
  readonly #memo = new Memo();
  readonly #decoded = new WeakMap<EncodedResource, JsonObject>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /**
   * Asks as a proxy, as an Envoy does: every cluster, then the assignment of each EDS cluster. Lists are sorted by
   * name; a type for which there is nothing to ask is absent.
   * @throws PilotError NODE_INVALID.
   */
  answer(node: NodeDescription, types: readonly AnswerType[] = answerTypes): ProxyAnswer {
    const problems: TranslationProblem[] = [];
    const client = new PilotClient(
      proxyFromNode(node),
      () => this.#snapshot,
      this.#memo,
      (problem) => problems.push(problem),
    );
    if (client.proxy.dialect === 'grpc') return { answer: {}, problems: [asksByName] };
    const clusters = this.#ask(client, typeUrls.cds, undefined);
    const answer: Record<string, readonly JsonObject[]> = {};
    if (types.includes('cds')) answer['cds'] = clusters;
    const names = assignmentNames(clusters);
    if (types.includes('eds') && names.size > 0) answer['eds'] = this.#ask(client, typeUrls.eds, names);
    return { answer, problems };
  }

  #ask(client: ResourceClient, typeUrl: string, names: ReadonlySet<string> | undefined): JsonObject[] {
    const set = client.resources(typeUrl, { wildcard: names === undefined, names: names ?? new Set() });
    return (set?.resources ?? [])
      .map((resource) => this.#decode(resource))
      .sort((a, b) => compareStrings(resourceName(a), resourceName(b)));
  }

  #decode(resource: EncodedResource): JsonObject {
    const known = this.#decoded.get(resource);
    if (known !== undefined) return known;
    const json = decodeToJson(resource.typeUrl, resource.body);
    this.#decoded.set(resource, json);
    return json;
  }
}
