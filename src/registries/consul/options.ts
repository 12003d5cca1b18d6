/** The settings of a Consul registry. docs/consul.md explains each of them. */
import {
  type ConnectionSettings,
  connectionProperties,
  durationSchema,
  type JsonSchema,
} from '../../adapter/index.js';

/** Kinds of services that Consul's own mesh runs beside those of people. */
const meshKinds = [
  'connect-proxy',
  'mesh-gateway',
  'terminating-gateway',
  'ingress-gateway',
  'api-gateway',
] as const;

/** One of these kinds. */
export type MeshKind = (typeof meshKinds)[number];

/** What a person writes under `settings:`; the defaults are filled in. */
export interface ConsulSettings extends ConnectionSettings {
  /** Datacenters to read; that of the agent when absent. */
  readonly datacenters?: readonly string[];
  /** Namespaces and admin partitions to read (Consul Enterprise). */
  readonly namespaces?: readonly string[];
  readonly partitions?: readonly string[];
  /** Cluster peers whose exported services are read beside the cluster's own. */
  readonly peers?: readonly string[];
  /** The domain that Consul's DNS answers for. */
  readonly domain: string;
  /** Whom a read may be answered by: `stale` by any server, `consistent` by a leader that has just made sure of it. */
  readonly consistency: 'default' | 'stale' | 'consistent';
  /** With `stale`: how long a server that answers may have heard nothing of its leader. */
  readonly maxStale: string;
  /** How long one blocking query waits for a change. */
  readonly wait: string;
  /** How many services have a blocking query of their own; the others are read again when something changed. */
  readonly blockingQueries: number;
  /** How often everything is read anew. */
  readonly resync: string;
  /** How often it is asked whether Consul answers at all. */
  readonly heartbeat: string;
  /** Which addresses instances are reached at: `lan`, or the name of a tagged address such as `wan`. */
  readonly address: string;
  /** What becomes of an instance with a check in the state warning. */
  readonly warning: 'weighted' | 'degraded' | 'unhealthy';
  /** Kinds that are read beside services proper. */
  readonly kinds?: readonly MeshKind[];
  /** The token sees a part of the catalog only, on purpose. */
  readonly partial: boolean;
  /** Exactly the mapping of another adapter, instead of this one's. */
  readonly compatibility?: 'istio' | 'consul2istio';
}

const names: JsonSchema = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  // No slash, which keys of services have between these names, and no `*`: each is asked for by itself.
  items: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$' },
};

const properties: Readonly<Record<keyof ConsulSettings, JsonSchema>> = {
  ...connectionProperties,
  requestsPerSecond: { ...connectionProperties.requestsPerSecond, default: 500 },
  datacenters: names,
  namespaces: names,
  partitions: names,
  peers: names,
  domain: { type: 'string', pattern: '^[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*$', default: 'consul' },
  consistency: { enum: ['default', 'stale', 'consistent'], default: 'default' },
  maxStale: { ...durationSchema, default: '10s' },
  // Consul's own limit is ten minutes.
  wait: { ...durationSchema, default: '5m' },
  // An agent takes 200 connections of one address unless it is told otherwise (limits.http_max_conns_per_client).
  blockingQueries: { type: 'integer', minimum: 0, default: 100 },
  resync: { ...durationSchema, default: '10m' },
  heartbeat: { ...durationSchema, default: '5s' },
  address: { type: 'string', minLength: 1, default: 'lan' },
  warning: { enum: ['weighted', 'degraded', 'unhealthy'], default: 'weighted' },
  kinds: { type: 'array', uniqueItems: true, items: { enum: meshKinds } },
  partial: { type: 'boolean', default: false },
  compatibility: { enum: ['istio', 'consul2istio'] },
};

/** The schema of the settings. */
export const consulSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['servers'],
  properties,
};

/** Kinds of services that are read; undefined for all. */
export function kindsOf({ kinds, compatibility }: ConsulSettings): ReadonlySet<string> | undefined {
  // Those who are imitated read the whole catalog.
  return compatibility !== undefined && kinds === undefined ? undefined : new Set(['', ...(kinds ?? [])]);
}
