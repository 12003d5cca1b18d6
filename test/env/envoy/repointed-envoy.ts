/**
 * One real Envoy that is given the configuration of one proxy after another, over ADS and SDS, from the translation that
 * `serve` uses; and what it refuses of each.
 */
import { EventEmitter, once } from 'node:events';
import type { Piecewise } from '../../../src/base/piecewise.js';
import { bootstrap } from '../../../src/bootstrap/bootstrap.js';
import { fromJson } from '../../../src/envoy/json.js';
import type { MessageType } from '../../../src/envoy/message-type.js';
import {
  Cluster,
  ClusterLoadAssignment,
  Listener,
  Node,
  RouteConfiguration,
  Secret,
} from '../../../src/envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../../src/envoy/resource.js';
import { typeNameOf, typeUrls } from '../../../src/envoy/type-urls.js';
import type { NodeDescription } from '../../../src/mesh/node.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import { PilotSource } from '../../../src/pilot-source.js';
import type { SecretSource } from '../../../src/translate/secret/secret-source.js';
import { sdsExternalCluster, sdsFilesCluster } from '../../../src/translate/names.js';
import type { StreamIdentity, XdsObserver } from '../../../src/xds/observer.js';
import { AdsServer } from '../../../src/xds/server.js';
import type { ResourceClient, ResourceSet, ResourceSource, Subscription } from '../../../src/xds/source.js';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { CertificateAuthority, spiffe } from '../../certificate-authority.js';

/** What Envoy said no to. */
export interface Refusal {
  /** `cds`, `lds` and so on. */
  readonly type: string;
  readonly message: string;
}

/** Only a defect waits this long: Envoy has not even refused. */
const limitMs = 15_000;

const nodeId = 'sidecar~127.0.0.1~repointed.shop~shop.svc.cluster.local';

/** The types that Envoy is waited for. */
const marked: ReadonlySet<string> = new Set([typeUrls.cds, typeUrls.eds, typeUrls.lds, typeUrls.rds]);

/** A running Envoy and the server that it asks. */
export class RepointedEnvoy {
  readonly #source: RepointedSource;
  readonly #answers: Answers;
  readonly #server: AdsServer;
  #envoy: Envoy | undefined;

  private constructor(source: RepointedSource) {
    this.#source = source;
    this.#answers = new Answers();
    this.#server = new AdsServer({ source, observer: this.#answers.observer });
  }

  static async start(): Promise<RepointedEnvoy> {
    const made = new RepointedEnvoy(new RepointedSource(await anySecret()));
    const port = await made.#server.listen('127.0.0.1', 0);
    // What is removed is gone at once, so that it is not in the way of the next.
    made.#envoy = await Envoy.start(bootstrapOf(port), [
      '--drain-time-s',
      '0',
      '--drain-strategy',
      'immediate',
    ]);
    return made;
  }

  /** Envoy itself. */
  get envoy(): Envoy {
    if (this.#envoy === undefined) throw new Error('Envoy has not been started');
    return this.#envoy;
  }

  /**
   * Gives Envoy what a proxy is served, and waits for its answers.
   * @param isAll Whether these refusals are all that are expected. Secrets are asked for on streams of their own, and
   *   what Envoy says to them may come after everything else: this is waited for, within limits.
   */
  async give(
    snapshot: Snapshot,
    node: NodeDescription,
    isAll: (refusals: readonly Refusal[]) => boolean = () => true,
  ): Promise<readonly Refusal[]> {
    await this.#round(() => this.#source.clear());
    const round = await this.#round(() => this.#source.point(snapshot, node));
    await this.#answers.refusedAll(round, isAll);
    return this.#answers.refusals(round);
  }

  /** @returns its name */
  async #round(begin: () => string): Promise<string> {
    const round = begin();
    const answered = this.#answers.of(round);
    this.#server.push({ reason: round, version: round });
    await answered;
    return round;
  }

  async stop(): Promise<void> {
    await this.#envoy?.stop();
    await this.#server.close(0);
  }
}

/** A plain Envoy's bootstrap, with what the platform beside Istio's would add to it. */
function bootstrapOf(port: number): Readonly<Record<string, unknown>> {
  const made = bootstrap({
    nodeId,
    nodeCluster: 'repointed.shop',
    metadata: {},
    server: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: 0 },
    listeners: [],
  }) as { static_resources: { clusters: readonly { name: string }[] } };
  const { clusters } = made.static_resources;
  const [server] = clusters;
  const further = [sdsExternalCluster, sdsFilesCluster].map((name) => ({ ...server, name }));
  return { ...made, static_resources: { ...made.static_resources, clusters: [...clusters, ...further] } };
}

/**
 * A source of which the node's configuration is that of another proxy at each round. Each round has a cluster, an
 * assignment, a listener and a route of its own, its marks: once Envoy has answered what holds these, it has seen all.
 */
class RepointedSource implements ResourceSource {
  readonly #pilot: PilotSource;
  #client: ResourceClient | undefined;
  #round = 0;

  constructor(secrets: SecretSource) {
    this.#pilot = new PilotSource(() => undefined, [secrets]);
  }

  /** @returns the name of the round */
  point(snapshot: Snapshot, node: NodeDescription): string {
    this.#round += 1;
    this.#pilot.update(snapshot);
    this.#client = this.#pilot.attach(fromJson(Node, node));
    return this.#name;
  }

  /** A round of nothing but its marks. */
  clear(): string {
    this.#round += 1;
    this.#client = undefined;
    return this.#name;
  }

  get #name(): string {
    return `round-${this.#round}`;
  }

  ready(): boolean {
    return true;
  }

  attach(): ResourceClient {
    return {
      label: nodeId,
      description: {},
      serves: (typeUrl) => this.#client?.serves(typeUrl) ?? marked.has(typeUrl),
      isWildcardType: (typeUrl) => typeUrl === typeUrls.cds || typeUrl === typeUrls.lds,
      resources: (typeUrl, subscription) => this.#resources(typeUrl, subscription),
    };
  }

  *#resources(typeUrl: string, subscription: Subscription): Piecewise<ResourceSet> {
    const name = this.#name;
    const found =
      this.#client === undefined ? [] : (yield* this.#client.resources(typeUrl, subscription)).resources;
    if (!marked.has(typeUrl)) return { version: name, resources: found };
    const byName = typeUrl === typeUrls.eds || typeUrl === typeUrls.rds;
    if (byName && !subscription.names.has(name)) return { version: `before ${name}`, resources: found };
    return { version: name, resources: [...found, mark(typeUrl, name)] };
  }
}

/** What marks a round. */
function mark(typeUrl: string, round: string): EncodedResource {
  switch (typeUrl) {
    case typeUrls.cds:
      return encoded(Cluster, round, {
        name: round,
        type: 'EDS',
        connect_timeout: '1s',
        eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
      });
    case typeUrls.eds:
      return encoded(ClusterLoadAssignment, round, { cluster_name: round });
    case typeUrls.lds:
      return encoded(Listener, round, markListener(round));
    default:
      return encoded(RouteConfiguration, round, { name: round });
  }
}

function markListener(round: string): object {
  const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  const router = 'envoy.extensions.filters.http.router.v3.Router';
  return {
    name: round,
    bind_to_port: false,
    // Each round's own: a listener that goes away keeps its address for a moment.
    address: {
      socket_address: { address: '127.255.255.254', port_value: 1 + (Number(round.slice(6)) % 60_000) },
    },
    filter_chains: [
      {
        filters: [
          {
            name: 'manager',
            typed_config: {
              '@type': `type.googleapis.com/${manager}`,
              stat_prefix: 'mark',
              rds: { route_config_name: round, config_source: { ads: {}, resource_api_version: 'V3' } },
              http_filters: [{ name: 'router', typed_config: { '@type': `type.googleapis.com/${router}` } }],
            },
          },
        ],
      },
    ],
  };
}

function encoded<S extends object, D extends S>(
  type: MessageType<S, D>,
  name: string,
  json: object,
): EncodedResource {
  return encodedResource(name, type.typeUrl, type.encode(fromJson(type, json)));
}

/** A certificate, or roots, under every name that is asked for: whether there are such is not the question here. */
async function anySecret(): Promise<SecretSource> {
  const authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue({ uris: [spiffe('shop', 'repointed')] });
  const made = new Map<string, EncodedResource>();
  return {
    secret: (_, name) => {
      const isRoots = name === 'ROOTCA' || name.startsWith('file-root:') || name.endsWith('-cacert');
      const content = isRoots
        ? { validation_context: { trusted_ca: { inline_string: authority.cert } } }
        : {
            tls_certificate: {
              certificate_chain: { inline_string: cert },
              private_key: { inline_string: key },
            },
          };
      const resource = made.get(name) ?? encoded(Secret, name, { name, ...content });
      made.set(name, resource);
      return { resource };
    },
  };
}

/** What Envoy answered to each round. */
class Answers {
  /** What each response was, by its nonce. */
  readonly #sent = new Map<string, { readonly typeUrl: string; readonly version: string }>();
  readonly #refusals = new Map<string, Refusal[]>();
  readonly #refused = new EventEmitter();
  readonly #answered = new Map<string, Set<string>>();
  #waiting: { readonly round: string; readonly answer: () => void } | undefined;

  readonly observer: XdsObserver = {
    connected: () => undefined,
    disconnected: () => undefined,
    refused: () => undefined,
    pushed: (stream, { typeUrl, version, nonce }) => {
      this.#sent.set(key(stream, nonce), { typeUrl, version });
    },
    sent: () => undefined,
    sendTimedOut: () => undefined,
    acked: (stream, typeUrl, nonce) => this.#done(key(stream, nonce), typeUrl, undefined),
    nacked: (stream, { typeUrl, nonce, message }) => this.#done(key(stream, nonce), typeUrl, message),
    changePushed: () => undefined,
    converged: () => undefined,
    staleNonce: () => undefined,
    unsupportedType: () => undefined,
  };

  /** Resolves when Envoy has answered every type of a round. */
  of(round: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const answered = [...(this.#answered.get(round) ?? [])].map(typeNameOf).join(', ');
        const refusals = JSON.stringify(this.refusals(round)).slice(0, 5000);
        reject(
          new Error(`no answer but to ${answered || 'nothing'} within ${limitMs} ms; refused: ${refusals}`),
        );
      }, limitMs);
      this.#waiting = {
        round,
        answer: () => {
          clearTimeout(timer);
          resolve();
        },
      };
    });
  }

  /** Resolves when what was refused of a round is all that is expected, or when no more has come for too long. */
  async refusedAll(round: string, isAll: (refusals: readonly Refusal[]) => boolean): Promise<void> {
    const limit = AbortSignal.timeout(limitMs);
    while (!isAll(this.refusals(round)) && !limit.aborted) {
      // An end by the limit is no failure: whoever expected more sees what there is.
      await once(this.#refused, 'refused', { signal: limit }).catch(() => undefined);
    }
  }

  refusals(round: string): readonly Refusal[] {
    return this.#refusals.get(round) ?? [];
  }

  #done(sent: string, typeUrl: string, refusal: string | undefined): void {
    const version = this.#sent.get(sent)?.version;
    if (version === undefined) return;
    const round = version.replace('before ', '');
    if (refusal !== undefined) {
      const refusals = this.#refusals.get(round) ?? [];
      refusals.push({ type: typeNameOf(typeUrl) ?? typeUrl, message: refusal });
      this.#refusals.set(round, refusals);
      this.#refused.emit('refused');
    }
    if (version !== round) return;
    const answered = this.#answered.get(round) ?? new Set();
    answered.add(typeUrl);
    this.#answered.set(round, answered);
    if (this.#waiting?.round === round && [...marked].every((each) => answered.has(each)))
      this.#waiting.answer();
  }
}

function key({ connectionId }: StreamIdentity, nonce: string): string {
  return `${connectionId} ${nonce}`;
}
