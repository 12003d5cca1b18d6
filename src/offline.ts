/**
 * What proxies would be served from a mesh directory, without a server: the path of `pilotlight xds`, of
 * `compare` and of the golden cases. It is the path of `serve` with one state instead of a stream of them.
 */
import { of } from 'rxjs';
import { compareStrings } from './base/compare.js';
import { finish } from './base/piecewise.js';
import { assignmentNames, clusterNames, routeNames, secretNames } from './compare/references.js';
import { resourceName, type Answer } from './compare/resources.js';
import { primaryClusterId, type MeshDirectoryState } from './config/mesh-directory/state.js';
import { decodeToJson } from './envoy/json.js';
import type { JsonObject } from './envoy/json-value.js';
import type { EncodedResource } from './envoy/resource.js';
import { connectDirectory } from './mesh/connect-directory.js';
import { MeshState } from './mesh/mesh-state.js';
import { proxyFromNode, type NodeDescription } from './mesh/node.js';
import { resolveProxy } from './mesh/proxy-context.js';
import type { ProxyContext, Snapshot } from './mesh/snapshot.js';
import type { Proxy } from './model/proxy.js';
import { translateClusters } from './translate/cluster/clusters.js';
import { translateEndpoints } from './translate/endpoint/endpoints.js';
import { translateGrpcListeners } from './translate/grpc/listeners.js';
import { translateGrpcRoutes } from './translate/grpc/routes.js';
import { translateListeners } from './translate/listener/listeners.js';
import { Memo } from './translate/memo.js';
import { translateNameTable } from './translate/name-table/name-table.js';
import { translateRoutes } from './translate/route/routes.js';
import { fileSecrets } from './translate/secret/file-secrets.js';
import { KubernetesSecrets } from './translate/secret/kubernetes-secrets.js';
import { translateSecrets } from './translate/secret/secrets.js';
import type { Translation, TranslationProblem } from './translate/translation.js';

/** Types that clients can be asked about, by short name, in the order in which an Envoy asks. */
export const answerTypes = ['cds', 'eds', 'lds', 'rds', 'nds'] as const;

/** The same with secrets, of which an answer has none unless they are asked for: they hold private keys. */
export const askableTypes = [...answerTypes, 'sds'] as const;

export type AnswerType = (typeof askableTypes)[number];

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

/** The resources of a translation as JSON, sorted by name. */
type Ask = (translation: Translation) => readonly JsonObject[];

/** Resources by type; a type that was not asked for is absent. */
type Asked = { readonly [Type in AnswerType]?: readonly JsonObject[] };

/**
 * The key of a gRPC client's metadata that lists the listeners that it asks for; it means nothing to a server. A
 * client without it asks for all of them.
 */
const listenersAskedFor = 'ORACLE_LDS_NAMES';

/** Answers proxies from one snapshot; what several proxies share is made once. */
export class OfflineSource {
  readonly #snapshot: Snapshot;
  readonly #memo = new Memo();
  readonly #secrets = [new KubernetesSecrets(() => primaryClusterId), fileSecrets];
  readonly #decoded = new WeakMap<EncodedResource, JsonObject>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /**
   * Asks as a proxy: as an Envoy does, for every cluster and then the assignment of each EDS cluster, and as its agent
   * does for the name table if it captures DNS; or as a gRPC client does, for its listeners and then for what each type
   * leads to. Lists are sorted by name; a type for which there is nothing to ask is absent.
   * @param types those that are wanted; all but secrets without it. Secrets are given with their keys.
   * @throws PilotError NODE_INVALID.
   */
  answer(node: NodeDescription, types?: readonly AnswerType[]): ProxyAnswer {
    const problems: TranslationProblem[] = [];
    const proxy: Proxy = { ...proxyFromNode(node), connection: { kind: 'local' } };
    const context = resolveProxy(this.#snapshot, proxy);
    const { dialect } = context.proxy;
    const ask = (translation: Translation): readonly JsonObject[] => {
      problems.push(...translation.problems);
      return this.#json(translation.resources);
    };
    const wanted = types ?? answerTypes;
    const asked =
      dialect === 'grpc'
        ? this.#askAsGrpc(context, ask)
        : this.#askAsEnvoy(
            context,
            ask,
            wanted.filter((type) => type !== 'nds' || capturesDns(context)),
          );
    const answer = Object.fromEntries(
      wanted.flatMap((type) => {
        const resources = asked[type];
        return resources === undefined ? [] : [[type, resources]];
      }),
    );
    return { answer, problems };
  }

  #askAsEnvoy(context: ProxyContext, ask: Ask, wanted: readonly AnswerType[]): Asked {
    const cds = ask(finish(translateClusters(context, this.#memo)));
    const names = assignmentNames(cds);
    return {
      cds,
      ...(names.size > 0 &&
        wanted.includes('eds') && { eds: ask(finish(translateEndpoints(context, names, this.#memo))) }),
      ...(wanted.some((type) => typesByListeners.has(type)) &&
        this.#askForListeners(context, ask, cds, wanted)),
      ...(wanted.includes('nds') && { nds: ask(finish(translateNameTable(context, this.#memo))) }),
    };
  }

  #askForListeners(
    context: ProxyContext,
    ask: Ask,
    cds: readonly JsonObject[],
    wanted: readonly AnswerType[],
  ): Asked {
    const lds = ask(finish(translateListeners(context, this.#memo)));
    const names = routeNames(lds);
    const secrets = wanted.includes('sds') ? secretNames([...lds, ...cds]) : noNames;
    return {
      lds,
      ...(names.size > 0 && { rds: ask(finish(translateRoutes(context, this.#memo, names))) }),
      ...(secrets.size > 0 && { sds: ask(translateSecrets(context, this.#memo, secrets, this.#secrets)) }),
    };
  }

  #askAsGrpc(context: ProxyContext, ask: Ask): Asked {
    const lds = ask(finish(translateGrpcListeners(context, this.#memo, listenerNames(context))));
    const routes = routeNames(lds);
    if (routes.size === 0) return { lds };
    const rds = ask(finish(translateGrpcRoutes(context, this.#memo, routes)));
    const clusters = clusterNames(rds);
    if (clusters.size === 0) return { lds, rds };
    const cds = ask(finish(translateClusters(context, this.#memo, clusters)));
    const names = assignmentNames(cds);
    if (names.size === 0) return { lds, rds, cds };
    return { lds, rds, cds, eds: ask(finish(translateEndpoints(context, names, this.#memo))) };
  }

  #json(resources: readonly EncodedResource[]): readonly JsonObject[] {
    return resources
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

const noNames: ReadonlySet<string> = new Set();
/** Types that are asked for by what listeners name, and listeners themselves. */
const typesByListeners: ReadonlySet<AnswerType> = new Set<AnswerType>(['lds', 'rds', 'sds']);

/** Whether a proxy's agent asks for names. */
function capturesDns({ proxy }: ProxyContext): boolean {
  return proxy.metadata['DNS_CAPTURE'] !== undefined;
}

function listenerNames({ proxy }: ProxyContext): ReadonlySet<string> | undefined {
  const listed = proxy.metadata[listenersAskedFor];
  const list: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const names = new Set(list.filter((name) => typeof name === 'string'));
  return names.size === 0 ? undefined : names;
}
