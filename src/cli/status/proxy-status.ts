/** What a server says of its proxies in /debug/syncz, read from Pilotlight's own fields, or from Istiod's alone. */
import { isRecord } from '../../base/is-record.js';
import { compareStrings } from '../../base/compare.js';
import { typeNameOf } from '../../envoy/type-urls.js';
import { syncState, type SyncState } from '../../xds/status.js';

/** One type of one proxy. Ages are in seconds; undefined where nothing of the kind happened, or nobody says so. */
export interface TypeState {
  /** `CDS` and so on; the type URL where there is no short name. */
  readonly type: string;
  readonly state: SyncState;
  readonly sentAgo: number | undefined;
  readonly acceptedAgo: number | undefined;
  readonly refusedAgo: number | undefined;
  /** Why what was sent last was refused. */
  readonly error: string | undefined;
  readonly version: string;
  readonly resources: number | undefined;
  readonly wildcard: boolean | undefined;
  /** How many names are asked for. */
  readonly names: number | undefined;
}

/** One connected proxy. Texts are empty where nobody says so. */
export interface ProxyStatus {
  /** Tells it from other connections, also of the same proxy. */
  readonly key: string;
  readonly name: string;
  readonly nodeId: string;
  readonly connections: readonly string[];
  readonly address: string;
  readonly connectedAgo: number | undefined;
  readonly namespace: string;
  readonly cluster: string;
  readonly dialect: string;
  readonly variant: string;
  readonly istioVersion: string;
  /** In the order of `typeOrder`. */
  readonly types: readonly TypeState[];
}

const typeOrder = ['CDS', 'LDS', 'EDS', 'RDS', 'SDS', 'ECDS', 'NDS', 'PCDS'];

/** The order in which types are shown. */
export function compareTypes(a: string, b: string): number {
  const rank = (type: string): number => {
    const place = typeOrder.indexOf(type);
    return place === -1 ? typeOrder.length : place;
  };
  return rank(a) - rank(b) || compareStrings(a, b);
}

/** Whether a type is as it should be: accepted, or nothing is asked for. */
function isSettled({ state, wildcard, names }: TypeState): boolean {
  return state === 'SYNCED' || (state === 'NOT SENT' && wildcard !== true && (names ?? 0) === 0);
}

/** Whether all types of a proxy are. */
export function isSynced({ types }: ProxyStatus): boolean {
  return types.every(isSettled);
}

/**
 * The proxies in the JSON of /debug/syncz, by name. Streams of services of a single type are one proxy if they are of
 * one node. Undefined when the JSON is of something else.
 *
 * @param now milliseconds since the epoch, for ages that the server does not tell.
 */
export function readProxies(json: unknown, now: number): ProxyStatus[] | undefined {
  if (!Array.isArray(json) || !json.every(isRecord)) return undefined;
  const proxies = new Map<string, ProxyStatus>();
  for (const element of json) {
    const proxy = proxyStatus(element, now);
    const known = proxies.get(proxy.key);
    if (known === undefined) proxies.set(proxy.key, proxy);
    else if (isOneType(element)) proxies.set(proxy.key, joined(known, proxy));
    else {
      // Istiod does not tell connections of one proxy apart.
      const key = `${proxy.key}#${proxies.size}`;
      proxies.set(key, { ...proxy, key });
    }
  }
  return [...proxies.values()].sort((a, b) => compareStrings(a.name, b.name) || compareStrings(a.key, b.key));
}

function proxyStatus(element: JsonRecord, now: number): ProxyStatus {
  const name = textOf(element['proxy']);
  const nodeId = textOf(element['node_id']);
  const connection = textOf(element['connection_id']);
  return {
    key: isOneType(element) ? nodeId : connection || name,
    name,
    nodeId,
    connections: connection === '' ? [] : [connection],
    address: textOf(element['address']),
    connectedAgo: numberOf(element['connected_seconds_ago']),
    namespace: textOf(element['namespace']),
    cluster: textOf(element['cluster_id']),
    dialect: textOf(element['dialect']),
    variant: textOf(element['variant']),
    istioVersion: textOf(element['istio_version']),
    types: Object.entries(recordOf(element['resources']))
      .map(([typeUrl, type]) => typeState(typeUrl, recordOf(type), now))
      .sort((a, b) => compareTypes(a.type, b.type)),
  };
}

function typeState(typeUrl: string, type: JsonRecord, now: number): TypeState {
  const nonceSent = textOf(type['sent']);
  const error = textOf(type['lastError']) || undefined;
  return {
    type: typeNameOf(typeUrl)?.toUpperCase() ?? typeUrl,
    state:
      stateOf(type['state']) ?? syncState({ nonceSent, nonceAcked: textOf(type['acked']), lastError: error }),
    sentAgo: numberOf(type['sentSecondsAgo']) ?? secondsSince(textOf(type['sentTime']), now),
    acceptedAgo: numberOf(type['ackedSecondsAgo']),
    refusedAgo: numberOf(type['nackedSecondsAgo']),
    error,
    version: textOf(type['versionSent']),
    resources: numberOf(type['resources']),
    wildcard: typeof type['wildcard'] === 'boolean' ? type['wildcard'] : undefined,
    names: numberOf(type['names']),
  };
}

/** Whether it is a stream of the service of a single type. */
function isOneType(element: JsonRecord): boolean {
  return textOf(element['only_type']) !== '';
}

/** Two streams of one proxy as one. */
function joined(a: ProxyStatus, b: ProxyStatus): ProxyStatus {
  return {
    ...a,
    connections: [...a.connections, ...b.connections],
    connectedAgo: Math.max(a.connectedAgo ?? 0, b.connectedAgo ?? 0),
    variant: a.variant === b.variant ? a.variant : `${a.variant}+${b.variant}`,
    types: [...a.types, ...b.types].sort((x, y) => compareTypes(x.type, y.type)),
  };
}

/** Undefined also for the year 1, which is what Istiod says of what never was. */
function secondsSince(time: string, now: number): number | undefined {
  const at = Date.parse(time);
  return Number.isNaN(at) || at <= 0 ? undefined : Math.max(0, now - at) / 1000;
}

const states: readonly SyncState[] = ['SYNCED', 'STALE', 'NOT SENT', 'ERROR'];

function stateOf(value: unknown): SyncState | undefined {
  return states.find((state) => state === value);
}

type JsonRecord = Readonly<Record<string, unknown>>;

function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
