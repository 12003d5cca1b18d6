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
import { sdsExternalCluster, sdsFilesCluster, sdsGrpcCluster } from '../../../src/translate/names.js';
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

/** The types of which each round has a mark. */
const marked: ReadonlySet<string> = new Set([typeUrls.cds, typeUrls.eds, typeUrls.lds, typeUrls.rds]);

/** Where Envoy asks for secrets: over ADS, or on a stream for each, on a connection for each of these clusters. */
const secretServers = ['ads', sdsGrpcCluster, sdsExternalCluster, sdsFilesCluster];

/** What a round's mark of a type asks for secrets by, at each of their servers. */
const secretMarks = (round: string, of: 'cds' | 'lds'): readonly string[] =>
  secretServers.map((server) => `${round}/${of}/${server}`);

/** What Envoy has to have answered. */
const awaited = (round: string): readonly string[] => [
  ...marked,
  ...secretMarks(round, 'cds'),
  ...secretMarks(round, 'lds'),
];

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
   * @param isAll Whether these refusals are all that are expected. Secrets of clusters that are looked up in DNS are
   *   asked for after that, and so may come after everything else: this is waited for, within limits.
   */
  async give(
    snapshot: Snapshot,
    node: NodeDescription,
    isAll: (refusals: readonly Refusal[]) => boolean,
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
 * assignment, a listener and a route of its own, and secrets that these ask for, its marks: once Envoy has answered
 * what holds these, it has seen all. Secrets are asked for one after the other, those of the marks last.
 */
class RepointedSource implements ResourceSource {
  readonly #pilot = new PilotSource(() => undefined);
  readonly #secret: (name: string) => EncodedResource;
  #client: ResourceClient | undefined;
  #round = 0;

  /** @param secret what is under a name */
  constructor(secret: (name: string) => EncodedResource) {
    this.#secret = secret;
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
      serves: (typeUrl) =>
        marked.has(typeUrl) || typeUrl === typeUrls.sds || this.#client?.serves(typeUrl) === true,
      isWildcardType: (typeUrl) => typeUrl === typeUrls.cds || typeUrl === typeUrls.lds,
      resources: (typeUrl, subscription) => this.#resources(typeUrl, subscription),
    };
  }

  *#resources(typeUrl: string, subscription: Subscription): Piecewise<ResourceSet> {
    const name = this.#name;
    if (typeUrl === typeUrls.sds) {
      const names = [...subscription.names];
      const marks = names.filter((each) => each.startsWith(`${name}/`));
      return { version: versionOf(name, marks), resources: names.map(this.#secret) };
    }
    const found =
      this.#client === undefined ? [] : (yield* this.#client.resources(typeUrl, subscription)).resources;
    const byName = typeUrl === typeUrls.eds || typeUrl === typeUrls.rds;
    if (!marked.has(typeUrl) || (byName && !subscription.names.has(name)))
      return { version: versionOf(name, []), resources: found };
    return { version: versionOf(name, [typeUrl]), resources: [...found, mark(typeUrl, name)] };
  }
}

/** The version of a response: its round, and the marks that it holds. */
function versionOf(round: string, marks: readonly string[]): string {
  return [round, ...marks].join(' ');
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
        transport_socket_matches: secretMarks(round, 'cds').map((secret) => ({
          name: secret,
          match: { mark: secret },
          transport_socket: tls('UpstreamTlsContext', secret),
        })),
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
      ...secretMarks(round, 'lds').map((secret) => ({
        filter_chain_match: { server_names: [`${secret.replaceAll('/', '.')}.test`] },
        filters: [],
        transport_socket: tls('DownstreamTlsContext', secret),
      })),
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

/** TLS with a secret's certificate. */
function tls(context: 'DownstreamTlsContext' | 'UpstreamTlsContext', secret: string): object {
  const server = secret.split('/').at(-1);
  const grpc = {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: server } }],
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${context}`,
      common_tls_context: {
        tls_certificate_sds_secret_configs: [
          {
            name: secret,
            sds_config: {
              resource_api_version: 'V3',
              ...(server === 'ads' ? { ads: {} } : { api_config_source: grpc }),
            },
          },
        ],
      },
    },
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
async function anySecret(): Promise<(name: string) => EncodedResource> {
  const authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue({ uris: [spiffe('shop', 'repointed')] });
  const roots = { validation_context: { trusted_ca: { inline_string: authority.cert } } };
  const certificate = {
    tls_certificate: { certificate_chain: { inline_string: cert }, private_key: { inline_string: key } },
  };
  return (name) => {
    const isRoots = name === 'ROOTCA' || name.startsWith('file-root:') || name.endsWith('-cacert');
    return encoded(Secret, name, { name, ...(isRoots ? roots : certificate) });
  };
}

/** What Envoy answered to each round. */
class Answers {
  /** The version of each response, by its nonce. */
  readonly #sent = new Map<string, string>();
  readonly #refusals = new Map<string, Refusal[]>();
  readonly #refused = new EventEmitter();
  readonly #answered = new Map<string, Set<string>>();
  #waiting: { readonly round: string; readonly answer: () => void } | undefined;

  readonly observer: XdsObserver = {
    connected: () => undefined,
    disconnected: () => undefined,
    refused: () => undefined,
    pushed: (stream, { version, nonce }) => {
      this.#sent.set(key(stream, nonce), version);
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

  /** Resolves when Envoy has answered every mark of a round. */
  of(round: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const missing = this.#missing(round).map((each) => typeNameOf(each) ?? each);
        const refusals = JSON.stringify(this.refusals(round)).slice(0, 5000);
        reject(new Error(`no answer to ${missing.join(', ')} within ${limitMs} ms; refused: ${refusals}`));
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

  #missing(round: string): readonly string[] {
    return awaited(round).filter((each) => this.#answered.get(round)?.has(each) !== true);
  }

  #done(sent: string, typeUrl: string, refusal: string | undefined): void {
    const [round, ...marks] = this.#sent.get(sent)?.split(' ') ?? [];
    if (round === undefined) return;
    if (refusal !== undefined) {
      const refusals = this.#refusals.get(round) ?? [];
      refusals.push({ type: typeNameOf(typeUrl) ?? typeUrl, message: refusal });
      this.#refusals.set(round, refusals);
      this.#refused.emit('refused');
    }
    const answered = this.#answered.get(round) ?? new Set();
    for (const each of marks) answered.add(each);
    this.#answered.set(round, answered);
    if (this.#waiting?.round === round && this.#missing(round).length === 0) this.#waiting.answer();
  }
}

function key({ connectionId }: StreamIdentity, nonce: string): string {
  return `${connectionId} ${nonce}`;
}
