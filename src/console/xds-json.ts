/**
 * Connected clients in the JSON shapes of Istiod's /debug/syncz, /debug/adsz and /debug/connections (Istio reference
 * 8.11). Fields that Istiod does not have stand beside its own; those of times come as a time and as an age.
 */
import { compareStrings } from '../base/compare.js';
import { shortened } from '../base/shortened.js';
import { typeNameOf, typeUrls } from '../envoy/type-urls.js';
import type { StreamIdentity } from '../xds/observer.js';
import type { ResourceClient } from '../xds/source.js';
import type { ConnectedStream, ProtocolVariant, SyncState, TypeStatus } from '../xds/status.js';

/** Which clients are asked for, and how much of them. */
export interface StreamQuery {
  /** Only clients of this namespace. */
  readonly namespace?: string | undefined;
  /** Only streams whose connection id contains this, as Istio's `?proxyID=`. */
  readonly proxyId?: string | undefined;
  /** As many names as a page can bear, instead of the first of each type. */
  readonly all: boolean;
}

/** `?namespace=`, `?proxyID=` and `?all`. An empty value is as good as none. */
export function readStreamQuery(query: URLSearchParams): StreamQuery {
  return {
    namespace: query.get('namespace') || undefined,
    proxyId: query.get('proxyID') || undefined,
    all: query.has('all'),
  };
}

/** One stream in /debug/syncz. Nonces are empty as long as there is none. */
export interface SyncStatus {
  readonly cluster_id: unknown;
  readonly proxy: string;
  readonly proxy_type: unknown;
  readonly istio_version: unknown;
  readonly resources: Readonly<Record<string, SyncedType>>;
  /** Not of Istiod, as all that follows. */
  readonly connection_id: string;
  readonly node_id: string;
  readonly namespace: unknown;
  readonly dialect: unknown;
  readonly variant: ProtocolVariant;
  /** The one type of a stream of its own service. */
  readonly only_type: string | undefined;
  readonly address: string;
  readonly connected_at: string;
  readonly connected_seconds_ago: number;
  /** `cluster_sent`, `cluster_acked` and so on, of Istiod. */
  readonly [nonceField: string]: unknown;
}

/** One type of a stream in /debug/syncz. */
export interface SyncedType {
  readonly sent: string;
  readonly acked: string;
  readonly sentTime: string | undefined;
  /** Why what was sent last was refused; empty when it was not. */
  readonly lastError: string;
  /** Not of Istiod, as all that follows. */
  readonly state: SyncState;
  readonly wildcard: boolean;
  /** How many names were asked for. */
  readonly names: number;
  /** How many resources the client has been brought to. */
  readonly resources: number;
  readonly versionSent: string;
  readonly versionAcked: string;
  readonly sentSecondsAgo: number | undefined;
  readonly ackedTime: string | undefined;
  readonly ackedSecondsAgo: number | undefined;
  readonly nackedTime: string | undefined;
  readonly nackedSecondsAgo: number | undefined;
}

/** Names of the nonce fields in /debug/syncz by short type name. */
const syncFields: ReadonlyMap<string, string> = new Map([
  ['cds', 'cluster'],
  ['lds', 'listener'],
  ['rds', 'route'],
  ['eds', 'endpoint'],
  ['ecds', 'extensionconfig'],
]);

/** Clients choose what they say of a refusal, and which version they name; a page holds so many characters of it. */
const longestError = 4096;
const longestVersion = 256;

/** A page holds so many names of one type of one client, and so many in all. */
const usualNames = { ofType: 100, ofPage: 10_000 };
const allNames = { ofType: Infinity, ofPage: 200_000 };

/** /debug/syncz: the streams of proxies, those that only ask for debug pages left out. */
export function synczJson(
  streams: Iterable<ConnectedStream>,
  query: StreamQuery,
  now = Date.now(),
): SyncStatus[] {
  return clientsOf(streams, query).flatMap((client) => {
    const types = client.stream.status();
    return isQuestion(types) ? [] : [syncStatus(client, types, now)];
  });
}

/** /debug/adsz: what each client watches. Names beyond the limits are counted. */
export function adszJson(
  streams: Iterable<ConnectedStream>,
  query: StreamQuery,
  now = Date.now(),
): { readonly totalClients: number; readonly [field: string]: unknown } {
  const limits = query.all ? allNames : usualNames;
  let room = limits.ofPage;
  let leftOut = 0;
  const shown = ({ wildcard, names }: TypeStatus): readonly string[] => {
    const part = firstOf(names, Math.min(limits.ofType, room));
    room -= part.length;
    leftOut += names.size - part.length;
    return wildcard ? ['*', ...part] : part;
  };
  const clients = clientsOf(streams, query).map((client) => {
    const types = client.stream.status();
    return {
      ...connectionJson(client, now),
      ...client.client.description,
      watches: Object.fromEntries(types.map((type) => [type.typeUrl, shown(type)])),
      watchCounts: Object.fromEntries(types.map(({ typeUrl, names }) => [typeUrl, names.size])),
    };
  });
  return { totalClients: clients.length, clients, ...(leftOut > 0 && { namesLeftOut: leftOut }) };
}

/** /debug/connections: who is connected, without what they watch. */
export function connectionsJson(
  streams: Iterable<ConnectedStream>,
  query: StreamQuery,
  now = Date.now(),
): { readonly totalClients: number; readonly [field: string]: unknown } {
  const every = [...streams];
  const clients = clientsOf(every, query).map((client) => connectionJson(client, now));
  return {
    totalClients: clients.length,
    clients,
    /** Streams that have not said whose they are. */
    unidentified: every.filter(({ identity }) => identity === undefined).length,
  };
}

/** Whether a stream asks for nothing but debug pages: a person or a tool, not a proxy. */
export function isQuestion(types: readonly TypeStatus[]): boolean {
  return types.length > 0 && types.every(({ typeUrl }) => typeUrl.startsWith(typeUrls.debug));
}

interface Client {
  readonly stream: ConnectedStream;
  readonly identity: StreamIdentity;
  readonly client: ResourceClient;
}

/** The streams of clients that are known and asked for, by the proxy's name, the older connection first. */
function clientsOf(streams: Iterable<ConnectedStream>, { namespace, proxyId }: StreamQuery): Client[] {
  const clients: Client[] = [];
  for (const stream of streams) {
    const { identity, client } = stream;
    if (identity === undefined || client === undefined) continue;
    if (namespace !== undefined && client.description['namespace'] !== namespace) continue;
    if (proxyId !== undefined && !identity.connectionId.includes(proxyId)) continue;
    clients.push({ stream, identity, client });
  }
  return clients.sort(
    (a, b) =>
      compareStrings(a.client.label, b.client.label) ||
      a.stream.connectedAt - b.stream.connectedAt ||
      compareStrings(a.identity.connectionId, b.identity.connectionId),
  );
}

function syncStatus(
  { stream, identity, client }: Client,
  types: readonly TypeStatus[],
  now: number,
): SyncStatus {
  const { description } = client;
  return {
    cluster_id: description['clusterId'],
    proxy: client.label,
    proxy_type: description['type'],
    istio_version: description['istioVersion'],
    ...Object.fromEntries(types.flatMap(nonceFields)),
    resources: Object.fromEntries(types.map((type) => [type.typeUrl, syncedType(type, now)])),
    connection_id: identity.connectionId,
    node_id: identity.nodeId,
    namespace: description['namespace'],
    dialect: description['dialect'],
    variant: stream.variant,
    only_type: stream.onlyType,
    address: identity.peer,
    connected_at: timeOf(stream.connectedAt),
    connected_seconds_ago: secondsAgo(stream.connectedAt, now),
  };
}

function nonceFields({ typeUrl, nonceSent, nonceAcked }: TypeStatus): [string, string][] {
  const field = syncFields.get(typeNameOf(typeUrl) ?? '');
  return field === undefined
    ? []
    : [
        [`${field}_sent`, nonceSent],
        [`${field}_acked`, nonceAcked],
      ];
}

function syncedType(type: TypeStatus, now: number): SyncedType {
  const { sentAt, ackedAt, nackedAt } = type;
  return {
    sent: type.nonceSent,
    acked: type.nonceAcked,
    sentTime: sentAt === undefined ? undefined : timeOf(sentAt),
    lastError: shortened(type.lastError ?? '', longestError),
    state: type.state,
    wildcard: type.wildcard,
    names: type.names.size,
    resources: type.resources,
    versionSent: type.versionSent,
    versionAcked: shortened(type.versionAcked, longestVersion),
    sentSecondsAgo: sentAt === undefined ? undefined : secondsAgo(sentAt, now),
    ackedTime: ackedAt === undefined ? undefined : timeOf(ackedAt),
    ackedSecondsAgo: ackedAt === undefined ? undefined : secondsAgo(ackedAt, now),
    nackedTime: nackedAt === undefined ? undefined : timeOf(nackedAt),
    nackedSecondsAgo: nackedAt === undefined ? undefined : secondsAgo(nackedAt, now),
  };
}

function connectionJson({ stream, identity }: Client, now: number): Readonly<Record<string, unknown>> {
  return {
    connectionId: identity.connectionId,
    connectedAt: timeOf(stream.connectedAt),
    address: identity.peer,
    connectedSecondsAgo: secondsAgo(stream.connectedAt, now),
    variant: stream.variant,
    onlyType: stream.onlyType,
  };
}

function firstOf(names: Iterable<string>, count: number): string[] {
  const first: string[] = [];
  for (const name of names) {
    if (first.length >= count) break;
    first.push(name);
  }
  return first;
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Never negative, though the clock may be set back. */
function secondsAgo(milliseconds: number, now: number): number {
  return Math.max(0, now - milliseconds) / 1000;
}
