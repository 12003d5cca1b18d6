/**
 * The debug types over xDS, as Istiod answers them (Istio reference 8.8, 8.10, 8.11), so that istioctl can ask:
 * `istio.io/debug/syncz` is what each proxy was sent and what became of it (`istioctl proxy-status`), `istio.io/debug`
 * is a debug page by its path (`istioctl x internal-debug`). A source wraps another one and answers these two types.
 */
import { hostname } from 'node:os';
import { errorMessage } from './base/errors.js';
import { isLoopback } from './base/loopback.js';
import type { Piecewise } from './base/piecewise.js';
import { shortened } from './base/shortened.js';
import { istioVersion, packageVersion } from './base/version.js';
import type { DebugAccess } from './console/access.js';
import type { Page } from './console/http-server.js';
import { jsonPieces } from './console/json-body.js';
import { redactedString } from './console/redact.js';
import { isQuestion } from './console/xds-json.js';
import { ConfigStatus } from './envoy/enums.js';
import { ClientConfig, type ClientConfigShape, type NodeShape } from './envoy/messages.js';
import { encodedResource, type EncodedResource } from './envoy/resource.js';
import { typeUrls } from './envoy/type-urls.js';
import { struct, timestamp } from './envoy/well-known.js';
import type { ClientPeer, ResourceClient, ResourceSet, ResourceSource, Subscription } from './xds/source.js';
import type { ConnectedStream, SyncState, TypeStatus } from './xds/status.js';

/** What debug types tell of. */
export interface DebugSources {
  streams(): Iterable<ConnectedStream>;
  /** Debug pages, at paths that begin with `/debug/`. */
  pages(): readonly Page[];
  /** Who may ask. */
  readonly access: DebugAccess;
}

/** Clients choose what they say of a refusal; a resource holds this many characters of it. */
const longestError = 4096;
/** Streams that are told of in one piece of work. */
const streamsAtOnce = 20;
/** Debug pages that one subscription is answered with. */
const mostPages = 10;

/** Milliseconds for which what was told stands, so that who stays subscribed is not told anew with every push. */
const toldFor = 1000;

interface Told {
  readonly subscription: Subscription;
  readonly at: number;
  readonly set: ResourceSet;
}

const configStatuses: Readonly<Record<SyncState, ConfigStatus>> = {
  SYNCED: ConfigStatus.SYNCED,
  STALE: ConfigStatus.STALE,
  'NOT SENT': ConfigStatus.NOT_SENT,
  ERROR: ConfigStatus.ERROR,
};

/**
 * Who serves, in the JSON that Istiod puts into `control_plane.identifier`: istioctl shows the ID, and refuses to print
 * a status without it.
 */
export function controlPlaneIdentifier(): string {
  return JSON.stringify({
    Component: 'pilotlight',
    ID: hostname(),
    Info: {
      version: istioVersion.line,
      revision: istioVersion.module,
      golang_version: '',
      status: '',
      tag: `pilotlight-${packageVersion()}`,
    },
  });
}

/** Answers the debug types; every other type is the wrapped source's. */
export class DebugSource implements ResourceSource {
  readonly #inner: ResourceSource;
  readonly #sources: DebugSources;

  constructor(inner: ResourceSource, sources: DebugSources) {
    this.#inner = inner;
    this.#sources = sources;
  }

  ready(): boolean {
    return this.#inner.ready();
  }

  attach(node: NodeShape, peer?: ClientPeer): ResourceClient {
    return new DebugClient(this.#inner.attach(node, peer), this.#sources);
  }
}

/** The client that a `DebugSource` attached of the source that it wraps; any other client itself. */
export function innerClient(client: ResourceClient | undefined): ResourceClient | undefined {
  return client instanceof DebugClient ? client.inner : client;
}

class DebugClient implements ResourceClient {
  readonly inner: ResourceClient;
  readonly #sources: DebugSources;
  /** What was told last, by type. */
  readonly #told = new Map<string, Told>();

  constructor(inner: ResourceClient, sources: DebugSources) {
    this.inner = inner;
    this.#sources = sources;
  }

  get label(): string {
    return this.inner.label;
  }

  get description(): Readonly<Record<string, unknown>> {
    return this.inner.description;
  }

  /** Whoever may not see debug pages is told nothing by these types either. */
  serves(typeUrl: string): boolean {
    return isDebugType(typeUrl) ? this.#mayAsk() : this.inner.serves(typeUrl);
  }

  isWildcardType(typeUrl: string): boolean {
    return isDebugType(typeUrl) ? typeUrl === typeUrls['debug-syncz'] : this.inner.isWildcardType(typeUrl);
  }

  resources(typeUrl: string, subscription: Subscription): Piecewise<ResourceSet> {
    return isDebugType(typeUrl)
      ? this.#debug(typeUrl, subscription)
      : this.inner.resources(typeUrl, subscription);
  }

  reportHealth(problem: string | undefined): void {
    this.inner.reportHealth?.(problem);
  }

  detached(): void {
    this.inner.detached?.();
  }

  *#debug(typeUrl: string, subscription: Subscription): Piecewise<ResourceSet> {
    const told = this.#told.get(typeUrl);
    if (told?.subscription === subscription && performance.now() - told.at < toldFor) return told.set;
    const at = performance.now();
    const set = yield* debugSet(typeUrl, subscription, this.#sources);
    this.#told.set(typeUrl, { subscription, at, set });
    return set;
  }

  #mayAsk(): boolean {
    if (this.#sources.access === 'any') return true;
    for (const { client, identity } of this.#sources.streams())
      if (client === this) return identity !== undefined && isLoopback(hostOfPeer(identity.peer));
    return false;
  }
}

function isDebugType(typeUrl: string): boolean {
  return typeUrl === typeUrls['debug-syncz'] || typeUrl === typeUrls.debug;
}

/** A peer as gRPC names it: an address, a colon and a port, an IPv6 address without brackets. */
function hostOfPeer(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** What is asked for, as it is now; never the same set twice, since times differ. */
function* debugSet(
  typeUrl: string,
  subscription: Subscription,
  sources: DebugSources,
): Piecewise<ResourceSet> {
  const resources =
    typeUrl === typeUrls['debug-syncz']
      ? yield* statusResources(subscription, sources.streams())
      : [...subscription.names].slice(0, mostPages).map((name) => pageResource(name, sources.pages()));
  return { version: new Date().toISOString(), resources };
}

/**
 * A ClientConfig for each proxy. Streams of services of a single type are one proxy if they are of one node; each
 * aggregated stream is told by itself, also where a proxy has two.
 */
function* statusResources(
  { wildcard, names }: Pick<Subscription, 'wildcard' | 'names'>,
  streams: Iterable<ConnectedStream>,
): Piecewise<EncodedResource[]> {
  const proxies = new Map<string, { readonly client: ResourceClient; readonly types: TypeStatus[] }>();
  let looked = 0;
  // Streams may come and go between two pieces of work.
  for (const stream of [...streams]) {
    looked += 1;
    if (looked % streamsAtOnce === 0) yield;
    const { identity, client, onlyType } = stream;
    if (identity === undefined || client === undefined) continue;
    const types = stream.status();
    if (isQuestion(types)) continue;
    const key = onlyType === undefined ? identity.connectionId : `node ${identity.nodeId}`;
    const known = proxies.get(key);
    if (known === undefined) proxies.set(key, { client, types });
    else known.types.push(...types);
  }
  const resources = new Map<string, EncodedResource>();
  for (const [key, { client, types }] of proxies) {
    const name = resources.has(client.label) ? key : client.label;
    if (!wildcard && !names.has(name)) continue;
    const body = ClientConfig.encode(clientConfig(client, types));
    resources.set(name, encodedResource(name, ClientConfig.typeUrl, body));
    if (resources.size % streamsAtOnce === 0) yield;
  }
  return [...resources.values()];
}

/** As Istiod's `debugSyncz`; the version that was sent is our addition. */
function clientConfig(client: ResourceClient, types: readonly TypeStatus[]): ClientConfigShape {
  const { clusterId, namespace, istioVersion: version } = client.description;
  return {
    node: {
      id: client.label,
      metadata: struct({
        CLUSTER_ID: textOf(clusterId),
        NAMESPACE: textOf(namespace),
        ISTIO_VERSION: textOf(version),
      }),
    },
    genericXdsConfigs: [...types]
      .sort((a, b) => (a.typeUrl < b.typeUrl ? -1 : 1))
      .map((type) => ({
        typeUrl: type.typeUrl,
        versionInfo: type.versionSent,
        configStatus: configStatuses[type.state],
        ...(type.sentAt !== undefined && { lastUpdated: timestamp(type.sentAt) }),
        ...(type.lastError !== undefined && {
          errorState: {
            lastUpdateAttempt: timestamp(type.nackedAt ?? type.sentAt ?? 0),
            details: shortened(redactedString(type.lastError), longestError),
            versionInfo: type.versionSent,
          },
        }),
      })),
  };
}

/** Istio's metadata leaves out what is empty. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A debug page by what follows `/debug/` in its path, with its query: `syncz?namespace=shop`. */
function pageResource(name: string, pages: readonly Page[]): EncodedResource {
  return encodedResource(name, typeUrls.debug, Buffer.from(pageText(name, pages)));
}

function pageText(name: string, pages: readonly Page[]): string {
  const url = new URL(`/debug/${name}`, 'http://localhost');
  // A page that is subscribed to is made again with every push, so it must not make one.
  url.searchParams.delete('push');
  const page = pages.find(({ path }) => path === url.pathname && path.startsWith('/debug/'));
  // istioctl shows the list of pages where it reads these words.
  if (page === undefined) return `404 page not found: ${shortened(name, longestError)}\n`;
  try {
    const answer = page.answer(url.searchParams, { method: 'GET', body: Buffer.alloc(0) });
    if (answer instanceof Promise) return `${url.pathname} is shown over HTTP only\n`;
    if ('text' in answer.body) return answer.body.text;
    return `${[...jsonPieces(answer.body.json, url.searchParams.has('pretty'))].join('')}\n`;
  } catch (error) {
    return `${url.pathname} could not be made: ${errorMessage(error)}\n`;
  }
}
