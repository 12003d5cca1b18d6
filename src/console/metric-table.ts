/**
 * The one table of metrics: what /metrics has and docs/metrics.md says is made from it. Istio's names, labels and
 * bucket edges where Istio has the metric (Istio reference 8.12); ours begin with `pilotlight_`. Times are in seconds.
 */

/** One metric. */
export interface MetricRow<Labels extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: Labels;
  /** Upper edges of a histogram's buckets, growing. */
  readonly buckets?: readonly number[];
}

interface CounterRow<Labels extends readonly string[]> extends MetricRow<Labels> {
  readonly kind: 'counter';
}

interface GaugeRow<Labels extends readonly string[]> extends MetricRow<Labels> {
  readonly kind: 'gauge';
}

interface HistogramRow<Labels extends readonly string[]> extends MetricRow<Labels> {
  readonly kind: 'histogram';
  readonly buckets: readonly number[];
}

function counter<const Labels extends readonly string[]>(
  name: string,
  help: string,
  ...labels: Labels
): CounterRow<Labels> {
  return { name, kind: 'counter', help, labels };
}

function gauge<const Labels extends readonly string[]>(
  name: string,
  help: string,
  ...labels: Labels
): GaugeRow<Labels> {
  return { name, kind: 'gauge', help, labels };
}

function histogram<const Labels extends readonly string[]>(
  name: string,
  help: string,
  buckets: readonly number[],
  ...labels: Labels
): HistogramRow<Labels> {
  return { name, kind: 'histogram', help, labels, buckets };
}

/** Istio's edges for what takes long in a large mesh. */
const istioSeconds = [0.01, 0.1, 1, 3, 5, 10, 20, 30];
/** Istio's edges for what a proxy waits. */
const istioWaits = [0.1, 0.5, 1, 3, 5, 10, 20, 30];
/** Ours begin at what a push of one changed resource takes. */
const fineSeconds = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

export const metricTable = {
  // Clients
  streams: gauge('pilot_xds', 'Connected clients, by the Istio version that they say they are.', 'version'),
  variants: gauge(
    'pilotlight_xds_streams',
    'Connected streams, by variant of the protocol: sotw or delta.',
    'variant',
  ),
  disconnects: counter(
    'pilotlight_xds_disconnects',
    'Streams that ended: by the wish of the client, or with an error.',
    'reason',
  ),
  refusedStreams: counter(
    'pilotlight_xds_refused_streams',
    'Streams that were refused at their first request.',
  ),
  largestRequest: gauge('pilot_xds_recv_max', 'Bytes of the largest request so far.'),

  // Responses
  pushes: counter(
    'pilot_xds_pushes',
    'Responses sent, by type; as TYPE_senderr those that were not taken over before their stream ended with an error.',
    'type',
  ),
  bytes: counter('pilotlight_xds_bytes', 'Bytes of responses sent, by type.', 'type'),
  resources: counter('pilotlight_xds_resources', 'Resources sent, by type.', 'type'),
  responseSize: histogram(
    'pilot_xds_config_size_bytes',
    'Size of responses, by type URL.',
    [1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000],
    'type',
  ),
  pushTime: histogram(
    'pilot_xds_push_time',
    'Time to make a response, as far as it was not made before for another client.',
    istioSeconds,
    'type',
  ),
  sendTime: histogram(
    'pilot_xds_send_time',
    'Time from a response’s being handed to the transport until it was taken over: how fast clients read.',
    istioSeconds,
  ),
  queueTime: histogram(
    'pilot_proxy_queue_time',
    'Time that a client waited for its turn when a change was pushed.',
    istioWaits,
  ),
  writeTimeouts: counter(
    'pilot_xds_write_timeout',
    'Streams that were ended because the client did not read for too long.',
  ),
  finePushTime: histogram(
    'pilotlight_push_seconds',
    'As pilot_xds_push_time, with finer buckets.',
    fineSeconds,
    'type',
  ),
  fineQueueTime: histogram(
    'pilotlight_queue_seconds',
    'As pilot_proxy_queue_time, with finer buckets.',
    fineSeconds,
  ),

  // What became of them
  acks: counter('pilotlight_xds_acks', 'Responses that clients accepted, by type.', 'type'),
  rejects: counter('pilot_total_xds_rejects', 'Responses that clients refused, by type.', 'type'),
  cdsReject: gauge(
    'pilot_xds_cds_reject',
    'Clients whose last CDS is refused, by name and status; gone once accepted or disconnected.',
    'node',
    'err',
  ),
  edsReject: gauge('pilot_xds_eds_reject', 'As pilot_xds_cds_reject, for EDS.', 'node', 'err'),
  ldsReject: gauge('pilot_xds_lds_reject', 'As pilot_xds_cds_reject, for LDS.', 'node', 'err'),
  rdsReject: gauge('pilot_xds_rds_reject', 'As pilot_xds_cds_reject, for RDS.', 'node', 'err'),
  expiredNonces: counter('pilot_xds_expired_nonce', 'Requests that named an old response, by type.', 'type'),
  unsupportedTypes: counter(
    'pilotlight_xds_unsupported_types',
    'Streams that asked for a type that is not served, by type.',
    'type',
  ),
  internalErrors: counter('pilot_total_xds_internal_errors', 'Streams that a defect of the server ended.'),

  // Changes
  inboundUpdates: counter(
    'pilot_inbound_updates',
    'Events of registries and configuration: eds, svc, svcdelete, config.',
    'type',
  ),
  triggers: counter(
    'pilot_push_triggers',
    'Pushes, by reason; a push with several reasons counts for each.',
    'type',
  ),
  debounceTime: histogram(
    'pilot_debounce_time',
    'Time from the first change that waited for quiet until its push began, the snapshot included.',
    istioSeconds,
  ),
  snapshotTime: histogram(
    'pilot_pushcontext_init_seconds',
    'Time to put a snapshot of the mesh together.',
    [0.01, 0.1, 0.5, 1, 3, 5],
  ),
  convergenceTime: histogram(
    'pilot_proxy_convergence_time',
    'Time from a change until the last client that it concerns was sent it, once for each change.',
    istioWaits,
  ),
  changePushed: histogram(
    'pilotlight_change_pushed_seconds',
    'As pilot_proxy_convergence_time, by reason and with finer buckets.',
    fineSeconds,
    'reason',
  ),
  changeConverged: histogram(
    'pilotlight_change_converged_seconds',
    'Time from a change in a registry or in configuration until the last client that it concerns accepted it, by reason.',
    fineSeconds,
    'reason',
  ),

  // The mesh
  services: gauge('pilot_services', 'Services known.'),
  virtualServices: gauge('pilot_virt_services', 'VirtualServices known.'),
  rejectedConfigs: gauge('pilot_total_rejected_configs', 'Documents that are refused at present.'),
  registryState: gauge(
    'pilotlight_registry_state',
    '1 for the state that a registry is in, 0 for the others: connecting, healthy, degraded, failed.',
    'registry',
    'state',
  ),
  registrySynced: gauge(
    'pilotlight_registry_synced',
    'Whether a registry has said everything once.',
    'registry',
  ),
  registryServices: gauge('pilotlight_registry_services', 'Services that a registry holds.', 'registry'),
  registryEndpoints: gauge('pilotlight_registry_endpoints', 'Endpoints that a registry holds.', 'registry'),
  registryQuarantined: gauge(
    'pilotlight_registry_quarantined',
    'Values that a registry says and that are kept out because they are illegal.',
    'registry',
  ),
  registryStale: gauge(
    'pilotlight_registry_stale',
    'Services of a registry that could not be read, and are as they were last known.',
    'registry',
  ),
  registryHeld: gauge(
    'pilotlight_registry_held_endpoints',
    'Endpoints that a registry says are gone, and that stay until it is confirmed.',
    'registry',
  ),
  registryRemovals: counter(
    'pilotlight_registry_removals',
    'Removals that were held back, and what became of them: held, confirmed, expired, overridden, cancelled.',
    'registry',
    'outcome',
  ),
  registryConflicts: gauge(
    'pilotlight_registry_conflicts',
    'Hosts that several registries have, one of them not of Kubernetes, by what is done about it.',
    'policy',
  ),

  addressLeader: gauge(
    'pilotlight_address_writer_leading',
    'Whether this instance is the one of several that writes addresses of ServiceEntries.',
  ),
  addressWrites: counter(
    'pilotlight_address_writes',
    'Addresses of ServiceEntries that were to be written, by what became of it: written, outdated (there was a newer version), rejected, failed.',
    'outcome',
  ),

  registrations: counter(
    'pilotlight_registrations',
    'What became of proxies that name a WorkloadGroup: registered (as a WorkloadEntry), refused, removed (the entry, some time after the proxy or with its group).',
    'outcome',
  ),
  jwksFetches: counter(
    'pilotlight_jwks_fetches',
    'Fetches of the keys of RequestAuthentications, by what became of them: fetched, failed.',
    'outcome',
  ),

  // Caches
  cacheReads: counter('xds_cache_reads', 'Look-ups in all caches: hit or miss.', 'type'),
  cacheSize: gauge('xds_cache_size', 'Entries of all caches.'),
  cacheHits: counter('pilotlight_cache_hits', 'Look-ups that found what was made before, by cache.', 'cache'),
  cacheMisses: counter(
    'pilotlight_cache_misses',
    'Look-ups after which something was made, by cache.',
    'cache',
  ),
  cacheEntries: gauge('pilotlight_cache_entries', 'Entries kept, by cache.', 'cache'),

  // The process
  uptime: gauge('istiod_uptime_seconds', 'Time since the server was started.'),
  istioInfo: gauge('pilot_info', 'The version of Istio that the server equals; always 1.', 'version'),
  info: gauge('pilotlight_info', 'Versions of Pilotlight and of Node.js; always 1.', 'version', 'node'),
} as const satisfies Readonly<Record<string, MetricRow>>;
