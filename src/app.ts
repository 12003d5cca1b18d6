/**
 * The composition root: the file to read first. Everything that a running Pilotlight is made of is put together here.
 *
 *     directory, clusters, registries ─→ MeshState ─→ Pushes ─→ snapshot ─→ PilotSource ─→ AdsServer ─→ proxies
 *                                                                   └─→ console
 *
 * A change on disk or in a registry is reduced into the `MeshState`. `Pushes` decides how long it waits for others,
 * makes one snapshot of them, and brings it to every stream; translation makes only what the change concerns anew.
 */
import { NEVER, ReplaySubject, catchError, share, type Observable, type Subscription } from 'rxjs';
import { Disposables } from './base/disposables.js';
import { OncePerTurn } from './base/once-per-turn.js';
import { inTurns } from './base/pace.js';
import { silentLogger, type Logger } from './base/logger.js';
import type { ClusterEntry } from './clusters/entry.js';
import type { WantedObject } from './clusters/gateway-secrets.js';
import { LiveClusters, type AutoAllocate, type KubernetesOptions } from './clusters/live-clusters.js';
import { watchMeshDirectory } from './config/mesh-directory/watch.js';
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import { clustersPage } from './console/clusters-page.js';
import { ConsoleServer } from './console/http-server.js';
import { PilotMetrics } from './console/metrics.js';
import { consolePages } from './console/pages.js';
import { registriesPage } from './console/registries-page.js';
import { controlPlaneIdentifier, DebugSource, innerClient } from './debug-resources.js';
import { DirectoryReporter } from './directory-reporter.js';
import { typeUrls } from './envoy/type-urls.js';
import { identityCheck } from './identity-check.js';
import { KeySets } from './jwks/key-sets.js';
import { checkListening } from './listening-policy.js';
import { AutoRegistration } from './mesh/auto-registration/auto-registration.js';
import { registrantOf } from './mesh/auto-registration/registrant.js';
import { connectDirectory } from './mesh/connect-directory.js';
import { MeshState } from './mesh/mesh-state.js';
import { defaultMeshConfig } from './config/decode/mesh-config.js';
import { noMeshNetworks } from './config/mesh-config.js';
import type { ObjectSource } from './config/object.js';
import { nodeDescription } from './node-description.js';
import { PilotClient, PilotSource } from './pilot-source.js';
import { Pushes } from './push.js';
import type { Proxy } from './model/proxy.js';
import { combinedSource } from './raw/combined-source.js';
import { RawSource } from './raw/raw-source.js';
import { snapshotPage } from './raw/snapshot-endpoint.js';
import type { MergeRule } from './registry/merge-rules.js';
import { shardKey, type ServiceRegistry } from './registry/registry.js';
import type { Address } from './settings/setting.js';
import { settings } from './settings/settings.js';
import { registrationCheck } from './registration-check.js';
import { RegistryReporter } from './registry-reporter.js';
import { LoggingObserver, observers } from './xds-log.js';
import { loadCredentials } from './xds/credentials.js';
import { fileSecrets } from './translate/secret/file-secrets.js';
import { KubernetesSecrets } from './translate/secret/kubernetes-secrets.js';
import { AdsServer, type AdsServerOptions } from './xds/server.js';
import type { ResourceSource } from './xds/source.js';

/** What a Pilotlight is made from. What is not given has the default of its setting (docs/settings.md). */
export interface PilotOptions {
  /** A mesh directory to read and watch. */
  readonly directory?: string;
  /** A Kubernetes cluster to read: the primary one or, beside a directory, a remote one. */
  readonly kubernetes?: KubernetesOptions;
  /** Remote clusters to read beside those that the primary cluster's Secrets name. */
  readonly clusters?: readonly ClusterEntry[];
  /** The namespace of Istio's ConfigMap and Secrets. */
  readonly systemNamespace?: string;
  /** The revision of the control plane, for live clusters: configuration of others does not count. */
  readonly revision?: string;
  /** Milliseconds that remote clusters are waited for at the start. */
  readonly remoteClusterTimeout?: number;
  /** Further registries, for embedders. */
  readonly registries?: readonly ServiceRegistry[];
  /** What becomes of hosts that several registries have; as in Istio when absent. */
  readonly merge?: readonly MergeRule[];
  readonly xdsAddress?: Address;
  readonly httpAddress?: Address;
  /** PEM files for TLS on the xDS port, followed when they change; with a CA for clients, mutual TLS. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsClientCa?: string | undefined;
  /** With mutual TLS: whether a node must fit its client's certificate, and the trust domain that this must be of. */
  readonly identityCheck?: boolean;
  readonly identityTrustDomain?: string | undefined;
  /** Whether proxies that name a WorkloadGroup become WorkloadEntries of it. */
  readonly autoRegistration?: boolean;
  /** Milliseconds for which such an entry stays after the last stream of its proxy. */
  readonly registrationGrace?: number;
  /** Whether the keys of RequestAuthentications that name where they are, are fetched. */
  readonly fetchJwks?: boolean;
  /** Milliseconds after which they are fetched again. */
  readonly jwksRefresh?: number;
  /** Lets ADS be served without TLS on other addresses than loopback. */
  readonly allowPlaintext?: boolean;
  /** Who may see debug pages. */
  readonly debugAccess?: 'loopback' | 'any';
  /** `istio`: changed endpoints wait for quiet like everything else. */
  readonly debounce?: 'fast' | 'istio';
  /** Milliseconds over which changed endpoints are merged that follow others. */
  readonly endpointMerge?: number;
  /** Milliseconds of quiet before a push of everything else, and the longest wait for it. */
  readonly debounceAfter?: number;
  readonly debounceMax?: number;
  /** Milliseconds between two looks through the directory without notice. */
  readonly rescanInterval?: number;
  /** Milliseconds that streams may take to end. */
  readonly shutdownGrace?: number;
  /** What a client may ask of the server; names and defaults as in docs/settings.md. */
  readonly maxRequestSize?: number;
  readonly maxNodeSize?: number;
  readonly maxResourceNames?: number;
  readonly maxStreams?: number;
  readonly maxStreamsPerSecond?: number;
  /** Milliseconds. */
  readonly sendTimeout?: number;
  readonly keepaliveTime?: number;
  readonly keepaliveTimeout?: number;
  readonly maxConnectionAge?: number;
  readonly maxConnectionAgeGrace?: number;
  readonly domainSuffix?: string;
  /** `memory` for live clusters and `status` for a mesh directory when absent; `write` is for a live primary cluster. */
  readonly autoAllocate?: AutoAllocate | undefined;
  /** Lets tests give nodes raw resources over HTTP, beside a mesh or without one. */
  readonly rawSnapshots?: boolean;
  /** Says nothing when absent. */
  readonly logger?: Logger;
}

/** A running Pilotlight. */
export interface Pilot {
  /** The real addresses, also where port 0 was asked for. */
  readonly xdsAddress: Address;
  readonly httpAddress: Address;
  /** Resolves once everything has been read and is served. */
  readonly ready: Promise<void>;
  /** The newest state of the directory; undefined without one or before it was read. */
  directoryState(): MeshDirectoryState | undefined;
  /**
   * Watches a further registry, or another one in the place of that of its provider and cluster, whose values then stay
   * in force until the new one has said everything.
   */
  setRegistry(registry: ServiceRegistry): void;
  /** Forgets a registry, by `provider/cluster`, with everything that it said. */
  removeRegistry(key: string): void;
  /** Sets which remote clusters are read beside those that the primary cluster's Secrets name. */
  setClusters(clusters: readonly ClusterEntry[]): void;
  /** Sets what becomes of hosts that several registries have. */
  setMerge(rules: readonly MergeRule[]): void;
  close(): Promise<void>;
}

/**
 * Starts to listen and to read. Streams are refused until everything has been read.
 * @throws PilotError PORT_IN_USE, LISTEN_FAILED, TLS_INVALID, USAGE; DIRECTORY_UNREADABLE and KUBECONFIG_INVALID through
 * `ready`.
 */
export async function startPilot(given: PilotOptions): Promise<Pilot> {
  const options = { ...defaults, ...given };
  const { logger } = options;
  checkListening(options);
  const credentials = await loadCredentials(options, logger);
  const owned = new Disposables();
  owned.add(() => credentials.close());
  const metrics = new PilotMetrics({
    registries: () => mesh.views(),
    caches: () => [{ name: 'translation', ...source.cacheUse }],
    addressWrites: () => clusters.addressWrites(),
    registrations: () => registration?.counts ?? {},
    jwksFetches: () => keySets?.counts ?? {},
    refused: () =>
      [...(directoryState?.problems ?? []), ...clusters.problems()].filter(
        ({ severity }) => severity === 'error',
      ).length,
  });
  const log = new LoggingObserver(logger);
  owned.add(() => log.dispose());
  const directoryReporter = new DirectoryReporter(logger);
  const registryReporter = new RegistryReporter(logger);
  const reportRegistry = (key: string): void => {
    const view = mesh.views().find((each) => shardKey(each) === key);
    if (view !== undefined) registryReporter.report(view);
  };

  const mesh = new MeshState({
    pace: inTurns,
    onChange: (change) => {
      metrics.changeArrived(change);
      if (change.what === 'status') reportRegistry(change.where);
      pushes.changed(change);
    },
    proxies: () => connectedProxies(ads),
  });
  owned.add(() => mesh.dispose());
  const registration = options.autoRegistration
    ? new AutoRegistration({ gracePeriod: options.registrationGrace, logger })
    : undefined;
  owned.add(() => registration?.dispose());
  const keySets = options.fetchJwks
    ? new KeySets({ refreshInterval: options.jwksRefresh, logger })
    : undefined;
  owned.add(() => keySets?.dispose());
  const extendPrimary = (objects: ObjectSource): ObjectSource => {
    const withKeys = keySets?.extend(objects) ?? objects;
    return registration?.extend(withKeys) ?? withKeys;
  };
  const clusters = new LiveClusters({
    ...options,
    mesh,
    kubernetes: options.kubernetes,
    hasDirectory: options.directory !== undefined,
    pace: inTurns,
    onSecretRights: () => pushSecrets(),
    extendPrimary,
  });
  owned.add(() => clusters.close());
  let directoryState: MeshDirectoryState | undefined;

  const { mayReadSecrets } = clusters;
  const kubernetesSecrets = new KubernetesSecrets(() => clusters.primaryId, {
    ...(mayReadSecrets !== undefined && { mayReadSecrets }),
  });
  const wantSecrets = (): void => clusters.wantSecrets(wantedSecrets(ads, kubernetesSecrets));
  // All clients are looked at, and many may ask at once.
  const secretsAsked = new OncePerTurn(wantSecrets);
  owned.add(() => secretsAsked.dispose());
  const source = new PilotSource(
    ({ subject, message }) => logger.warn(message, { subject }),
    [kubernetesSecrets, fileSecrets],
    () => secretsAsked.ask(),
  );
  const pushSecrets = (): void => {
    wantSecrets();
    const version = source.snapshot?.version ?? '';
    ads.push({ reason: 'who may read Secrets', version, types: new Set([typeUrls.sds]) });
  };
  const proxies: ResourceSource = {
    ready: () => source.ready(),
    attach: (node, peer) => {
      const client = source.attach(node, peer);
      const registrant = registration && registrantOf(nodeDescription(node));
      if (registrant !== undefined) client.registration = registration?.connect(registrant);
      pushes.attached(client.proxy);
      return client;
    },
  };
  const raw = options.rawSnapshots ? new RawSource() : undefined;
  const ads = new AdsServer({
    source: new DebugSource(
      raw === undefined ? proxies : combinedSource(hasMesh(options) ? proxies : undefined, raw),
      { streams: () => ads.streams, pages: () => pages, access: options.debugAccess },
    ),
    observer: observers(metrics, log),
    controlPlane: controlPlaneIdentifier(),
    credentials: credentials.server,
    limits: {
      maxRequestBytes: options.maxRequestSize,
      maxNodeBytes: options.maxNodeSize,
      maxResourceNames: options.maxResourceNames,
      maxStreams: options.maxStreams,
      maxStreamsPerSecond: options.maxStreamsPerSecond,
      sendTimeout: options.sendTimeout,
    },
    connections: {
      keepaliveTime: options.keepaliveTime,
      keepaliveTimeout: options.keepaliveTimeout,
      maxConnectionAge: options.maxConnectionAge,
      maxConnectionAgeGrace: options.maxConnectionAgeGrace,
    },
    refusal: refusal(options, registration),
  });
  const pushes = new Pushes({ mesh, source, server: ads, metrics, logger }, options);
  owned.add(() => pushes.dispose());
  const pages = consolePages(
    {
      snapshot: () => source.snapshot,
      objects: () => mesh.objects(),
      notReady: () => (source.ready() ? [] : notReadyReasons(mesh, clusters.notReady())),
      streams: () => ads.streams,
      push: (reason) => ads.push({ reason, version: source.snapshot?.version ?? '' }),
      metrics,
      startedAt: Date.now(),
    },
    [
      registriesPage({
        views: () => mesh.views(),
        conflicts: () => mesh.conflicts(),
        release: (registry, key) => mesh.releaseHeld(registry, key),
      }),
      clustersPage(clusters),
    ],
  );
  if (raw !== undefined) {
    pages.push(snapshotPage(raw, (change) => ads.push(change)));
    logger.warn('raw snapshots are served: whoever may see debug pages decides what nodes are given', {
      endpoint: '/snapshot',
    });
  }
  const web = new ConsoleServer(pages, logger, options.debugAccess);

  try {
    const xdsAddress = {
      host: options.xdsAddress.host,
      port: await ads.listen(options.xdsAddress.host, options.xdsAddress.port),
    };
    owned.add(() => ads.close(options.shutdownGrace));
    const httpAddress = {
      host: options.httpAddress.host,
      port: await web.listen(options.httpAddress.host, options.httpAddress.port),
    };
    owned.add(() => web.close());

    const ready = new Promise<void>((resolve, reject) => {
      pushes.ready.then(resolve, reject);
      const own = (subscription: Subscription): void => owned.add(() => subscription.unsubscribe());
      let readable$: Observable<MeshDirectoryState> | undefined;
      if (options.directory !== undefined) {
        const states$ = shared(
          watchMeshDirectory(options.directory, {
            rescanInterval: options.rescanInterval,
            domainSuffix: options.domainSuffix,
          }),
        );
        // What is wrong with it is said at once, however long clusters are waited for before it counts.
        own(
          states$.subscribe({
            next: (state) => {
              directoryState = state;
              directoryReporter.report(state);
            },
            error: reject,
          }),
        );
        // A directory that cannot be read at first ends `ready`; nobody else has to hear of it.
        readable$ = states$.pipe(catchError(() => NEVER));
        own(readable$.subscribe((state) => clusters.yieldTo(new Set(state.clusters.keys()))));
      }
      const begin = (): void => {
        // Before the mesh configuration, with which serving can begin: an empty mesh must not be served.
        if (options.merge !== undefined) mesh.setMerge(options.merge);
        for (const registry of options.registries ?? []) mesh.setRegistry(registry);
        if (readable$ !== undefined) {
          own(
            connectDirectory(mesh, readable$, {
              autoAllocate: directoryAddresses(options),
              pace: inTurns,
              extendPrimary,
            }),
          );
          own(readable$.subscribe((state) => clusters.configure(state.mesh, state.networks)));
        } else if (clusters.hasPrimary) clusters.openPrimary();
        else {
          const config = defaultMeshConfig({ domainSuffix: options.domainSuffix });
          clusters.configure(config, noMeshNetworks);
          mesh.setMesh(config, noMeshNetworks);
        }
      };
      if (clusters.isEmpty) begin();
      else {
        const started = clusters.start().then((running) => {
          if (running) begin();
        });
        started.catch(reject);
      }
    });
    return {
      xdsAddress,
      httpAddress,
      ready,
      directoryState: () => directoryState,
      setRegistry: (registry) => mesh.setRegistry(registry),
      removeRegistry: (key) => mesh.removeRegistry(key),
      setClusters: (entries) => clusters.setListed(entries),
      setMerge: (rules) => mesh.setMerge(rules),
      close: () => owned.dispose(),
    };
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}

const defaults = {
  clusters: [],
  systemNamespace: settings.systemNamespace.default,
  revision: settings.revision.default,
  remoteClusterTimeout: settings.remoteClusterTimeout.default,
  xdsAddress: settings.xdsAddress.default,
  httpAddress: settings.httpAddress.default,
  identityCheck: settings.identityCheck.default,
  autoRegistration: settings.autoRegistration.default,
  registrationGrace: settings.registrationGrace.default,
  fetchJwks: settings.fetchJwks.default,
  jwksRefresh: settings.jwksRefresh.default,
  allowPlaintext: settings.allowPlaintext.default,
  debugAccess: settings.debugAccess.default,
  debounce: settings.debounce.default,
  endpointMerge: settings.endpointMerge.default,
  debounceAfter: settings.debounceAfter.default,
  debounceMax: settings.debounceMax.default,
  rescanInterval: settings.rescanInterval.default,
  shutdownGrace: settings.shutdownGrace.default,
  maxRequestSize: settings.maxRequestSize.default,
  maxNodeSize: settings.maxNodeSize.default,
  maxResourceNames: settings.maxResourceNames.default,
  maxStreams: settings.maxStreams.default,
  maxStreamsPerSecond: settings.maxStreamsPerSecond.default,
  sendTimeout: settings.sendTimeout.default,
  keepaliveTime: settings.keepaliveTime.default,
  keepaliveTimeout: settings.keepaliveTimeout.default,
  maxConnectionAge: settings.maxConnectionAge.default,
  maxConnectionAgeGrace: settings.maxConnectionAgeGrace.default,
  domainSuffix: settings.domainSuffix.default,
  autoAllocate: settings.autoAllocate.default,
  rawSnapshots: settings.rawSnapshots.default,
  logger: silentLogger,
};

/** Why a client may not be the node that it says it is, or not become the workload that it is to be. */
function refusal(
  options: PilotOptions & { readonly identityCheck: boolean },
  registration: AutoRegistration | undefined,
): NonNullable<AdsServerOptions['refusal']> {
  const identity =
    options.identityCheck && options.tlsClientCa !== undefined
      ? identityCheck(options.identityTrustDomain)
      : undefined;
  // Nodes that are given raw resources are not asked what they are.
  const registered =
    registration !== undefined && hasMesh(options)
      ? registrationCheck(registration, options.identityCheck)
      : undefined;
  return (call, node) => identity?.(call, node) ?? registered?.(call, node);
}

/** A directory's statuses are not written. */
function directoryAddresses({ autoAllocate }: PilotOptions): 'memory' | 'status' {
  return autoAllocate === 'memory' ? 'memory' : 'status';
}

function hasMesh({ directory, kubernetes, clusters = [], registries = [] }: PilotOptions): boolean {
  const given = directory !== undefined || kubernetes !== undefined;
  return given || clusters.length + registries.length > 0;
}

function* connectedClients({ streams }: AdsServer): Generator<PilotClient> {
  for (const { client } of streams) {
    const inner = innerClient(client);
    if (inner instanceof PilotClient) yield inner;
  }
}

function* connectedProxies(ads: AdsServer): Generator<Proxy> {
  for (const { proxy } of connectedClients(ads)) yield proxy;
}

/** The objects of the secrets that connected proxies ask for, and may have. */
function* wantedSecrets(ads: AdsServer, secrets: KubernetesSecrets): Generator<WantedObject> {
  for (const { proxy, secretNames } of connectedClients(ads))
    for (const name of secretNames) yield* secrets.wanted(proxy, name);
}

function notReadyReasons(mesh: MeshState, clusters: readonly string[]): readonly string[] {
  if (clusters.length > 0) return clusters;
  const waiting = mesh.views().filter(({ synced }) => !synced);
  if (waiting.length === 0) return ['the configuration has not been read yet'];
  return waiting.map(
    (view) =>
      `${shardKey(view)}: ${view.status.state}${view.status.message === undefined ? '' : ` (${view.status.message})`}`,
  );
}

/** One watch for all subscribers; each gets the newest value at once. */
function shared<T>(values$: Observable<T>): Observable<T> {
  return values$.pipe(share({ connector: () => new ReplaySubject<T>(1), resetOnRefCountZero: true }));
}
