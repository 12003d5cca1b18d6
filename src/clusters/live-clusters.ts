/**
 * The live clusters of a mesh: the primary one, which says what the mesh is and which remote ones there are, and those
 * that the settings list. What the mesh knows of each is made of its objects as it is for a mesh directory.
 */
import { compareStrings, deepEqual } from '../base/compare.js';
import { PilotError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Pace } from '../base/pace.js';
import { primaryClusterId } from '../config/mesh-directory/state.js';
import type { MeshConfig, MeshNetworks } from '../config/mesh-config.js';
import type { ObjectSource, Problem } from '../config/object.js';
import { contextOfFiles, contextOfPod, type ReadContext } from '../kubernetes/kubeconfig-files.js';
import type { Timing } from '../kubernetes/timing.js';
import { clusterRegistries, registryContext, removeClusterRegistries } from '../mesh/cluster-registries.js';
import type { MeshState } from '../mesh/mesh-state.js';
import type { WorkloadIdentity } from '../model/proxy.js';
import type { KubernetesContext } from '../registry/kubernetes/registry.js';
import { AddressWriter, type WriteCounts } from './address-writer.js';
import { ClusterConnection, type ClusterStatus } from './cluster-connection.js';
import { entryCluster, type ClusterEntry } from './entry.js';
import { GatewaySecrets, type WantedObject } from './gateway-secrets.js';
import { PrimaryCluster } from './primary-cluster.js';
import { ProblemLog } from './problem-log.js';
import { RemoteClusters, type RemoteCluster } from './remote-clusters.js';
import { secretClusters, type SecretClusters } from './remote-secrets.js';
import { SecretReviews } from './secret-reviews.js';

/** A cluster to read, and who to be there. */
export interface KubernetesOptions {
  /** Path of a kubeconfig; KUBECONFIG or ~/.kube/config, as kubectl has it, when absent. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig; the current one when absent. */
  readonly context?: string | undefined;
  /** The cluster of the pod that this process runs in, whatever kubeconfigs say. */
  readonly inCluster?: boolean;
  /** The cluster's id: `Kubernetes` when absent. Beside a mesh directory, which is that cluster, it has to be another. */
  readonly clusterId?: string | undefined;
}

export interface LiveClustersOptions {
  readonly mesh: MeshState;
  readonly logger: Logger;
  /** A cluster to read: the primary one, or a remote one where a directory is the primary one. */
  readonly kubernetes: KubernetesOptions | undefined;
  /** Whether the mesh has a directory, which is the primary cluster then. */
  readonly hasDirectory: boolean;
  /** Remote clusters of the settings. */
  readonly clusters: readonly ClusterEntry[];
  readonly systemNamespace: string;
  /** The revision of the control plane: configuration of others does not count. */
  readonly revision: string;
  readonly domainSuffix: string;
  /**
   * Where addresses of ServiceEntries without one come from: their status, this process where the status has none, or
   * their status, to which this process writes them. `memory` when absent. Without a live primary cluster nothing is
   * written.
   */
  readonly autoAllocate?: AutoAllocate | undefined;
  /** Milliseconds that remote clusters are waited for at the start. */
  readonly remoteClusterTimeout: number;
  readonly pace: Pace;
  readonly timing?: Partial<Timing>;
  /** What is known of who may read Secrets has changed. */
  readonly onSecretRights?: () => void;
  /** What the objects of the primary cluster become, such as these and more; they themselves when absent. */
  readonly extendPrimary?: (source: ObjectSource) => ObjectSource;
}

/** As the setting of that name has it. */
export type AutoAllocate = 'memory' | 'status' | 'write';

const noSecrets: SecretClusters = { clusters: [], refused: [], problems: [] };

export class LiveClusters {
  readonly #options: LiveClustersOptions;
  readonly #primary: PrimaryCluster | undefined;
  readonly #primaryId: string;
  /** The cluster that is named beside a directory. */
  readonly #beside: readonly RemoteCluster[];
  readonly #read: ReadContext | undefined;
  readonly #remotes: RemoteClusters;
  readonly #problemLog: ProblemLog;
  #addressWriter: AddressWriter | undefined;
  readonly #gatewaySecrets: GatewaySecrets | undefined;
  readonly #reviews: SecretReviews | undefined;
  #primaryObjects: ObjectSource | undefined;
  /** Clusters that have been read, by id. */
  readonly #connected = new Map<string, ClusterConnection>();
  /** Those of which the mesh has registries. */
  readonly #attached = new Set<string>();
  #listed: readonly RemoteCluster[];
  /** Ids that a mesh directory has. */
  #ofDirectory: ReadonlySet<string> = new Set();
  #secrets = noSecrets;
  #clashes: readonly Problem[] = [];
  #context: KubernetesContext | undefined;
  /** The mesh is served from now on: what changes counts at once. */
  #open = false;
  #closed = false;

  /**
   * @throws PilotError USAGE for a cluster beside a directory that has the directory's id, and when addresses are to be
   * written where there is no live primary cluster.
   */
  constructor(options: LiveClustersOptions) {
    const { kubernetes, hasDirectory, logger } = options;
    this.#options = options;
    this.#problemLog = new ProblemLog(logger);
    this.#read = kubernetes && readContext(kubernetes);
    const id = kubernetes?.clusterId ?? primaryClusterId;
    if (kubernetes !== undefined && hasDirectory && id === primaryClusterId) {
      throw new PilotError('USAGE', `a mesh directory is the cluster ${primaryClusterId} already`, {
        hint: 'Give the live cluster another name, with --cluster-id NAME. It is read as a remote cluster then.',
      });
    }
    if (options.autoAllocate === 'write' && (hasDirectory || kubernetes === undefined)) {
      throw new PilotError('USAGE', '--auto-allocate write: there is no live primary cluster to write to', {
        hint: hasDirectory
          ? 'A mesh directory is the primary cluster here, and is only read. Give --auto-allocate memory instead.'
          : 'Name the cluster with --context or --in-cluster, or give --auto-allocate memory instead.',
      });
    }
    this.#primaryId = hasDirectory ? primaryClusterId : id;
    this.#listed = options.clusters.map(entryCluster);
    this.#beside =
      this.#read !== undefined && hasDirectory
        ? [{ id, origin: 'the settings', version: '', read: this.#read }]
        : [];
    if (this.#read !== undefined && !hasDirectory) {
      this.#primary = this.#primaryCluster(id, this.#read);
      const { client } = this.#primary.connection;
      const { onSecretRights = () => undefined } = options;
      this.#gatewaySecrets = new GatewaySecrets({ cluster: id, client, logger });
      this.#reviews = new SecretReviews({ client, logger, onAnswer: onSecretRights });
    }
    this.#remotes = new RemoteClusters(
      {
        open: ({ id: cluster, origin, read }) => this.#connection(cluster, origin, false, read),
        connect: (connection) => {
          this.#connected.set(connection.id, connection);
          this.#attach(connection);
        },
        disconnect: (cluster) => {
          this.#connected.delete(cluster);
          if (this.#attached.delete(cluster)) removeClusterRegistries(options.mesh, cluster);
        },
      },
      logger,
    );
  }

  /** Whether there is no cluster at all at present. */
  get isEmpty(): boolean {
    return this.#primary === undefined && this.#beside.length + this.#listed.length === 0;
  }

  /** The id of the cluster that the mesh is configured in. */
  get primaryId(): string {
    return this.#primaryId;
  }

  /** Which of the primary cluster's Secrets and ConfigMaps are read for gateways; of a directory's all are. */
  wantSecrets(objects: Iterable<WantedObject>): void {
    this.#gatewaySecrets?.want(objects);
  }

  /** Whether a workload may read Secrets, where a live primary cluster can be asked. */
  get mayReadSecrets(): ((identity: WorkloadIdentity) => boolean | undefined) | undefined {
    const reviews = this.#reviews;
    return reviews && ((identity) => reviews.mayReadSecrets(identity));
  }

  /** Whether a live cluster says what the mesh is. */
  get hasPrimary(): boolean {
    return this.#primary !== undefined;
  }

  /**
   * Begins to read, and resolves when the primary cluster has been read, and the remote ones have been or were waited
   * for long enough. Whether it was not closed before.
   *
   * @throws PilotError KUBECONFIG_INVALID when the named cluster's kubeconfig cannot be used.
   */
  async start(): Promise<boolean> {
    await this.#read?.();
    if (this.#closed) return false;
    this.#primary?.start();
    this.#takeRemotes();
    if (this.#primary !== undefined && !(await this.#primary.whenRead())) return false;
    const { remoteClusterTimeout, logger } = this.#options;
    const late = await this.#remotes.whenConnected(remoteClusterTimeout);
    if (this.#closed) return false;
    for (const id of late)
      logger.warn(
        `cluster ${id} could not be read within ${remoteClusterTimeout / 1000} s: it counts once it can be`,
      );
    this.#open = true;
    return true;
  }

  /** Gives the mesh the primary cluster, once `start` is done, and with it the mesh configuration. */
  openPrimary(): void {
    if (this.#primary === undefined) return;
    const { connection, settings } = this.#primary;
    const { mesh } = this.#options;
    this.#connected.set(connection.id, connection);
    this.configure(settings.config, settings.networks);
    mesh.addObjects(this.#objectsOf(connection));
    if (this.#gatewaySecrets !== undefined) mesh.addObjects(this.#gatewaySecrets);
    mesh.setMesh(settings.config, settings.networks);
    if (this.#options.autoAllocate === 'write') this.#writeAddresses(connection, settings.config);
  }

  /** Sets the mesh configuration by which clusters are read. Before the first time none of them counts. */
  configure(config: MeshConfig, networks: MeshNetworks): void {
    // It is the system namespace that says which network a cluster is (Istio reference 2.10).
    const context = { ...registryContext(config, networks), rootNamespace: this.#options.systemNamespace };
    if (deepEqual(context, this.#context)) return;
    this.#context = context;
    this.#addressWriter?.select(config.discoverySelectors);
    const isPrimary = ({ id }: ClusterConnection): number => (id === this.#primaryId ? 0 : 1);
    const inOrder = [...this.#connected.values()].sort(
      (a, b) => isPrimary(a) - isPrimary(b) || compareStrings(a.id, b.id),
    );
    for (const connection of inOrder) this.#attach(connection);
  }

  /** Keeps live clusters from the ids of a directory's clusters. To be called before the directory's count. */
  yieldTo(directoryClusters: ReadonlySet<string>): void {
    if (deepEqual([...directoryClusters], [...this.#ofDirectory])) return;
    this.#ofDirectory = directoryClusters;
    this.#takeRemotes();
  }

  /** Takes up other clusters of the settings. */
  setListed(entries: readonly ClusterEntry[]): void {
    this.#listed = entries.map(entryCluster);
    this.#takeRemotes();
  }

  /** How each cluster is doing, the primary one first; at the end new connections to clusters that have an old one. */
  status(): readonly ClusterStatus[] {
    return [...this.#connections(), ...this.#remotes.replacements()].map((connection) => ({
      ...connection.status(),
      ...(connection.isPrimary && this.#addressWriter && { addresses: this.#addressWriter.status() }),
    }));
  }

  /** What is wrong or doubtful with objects and configuration of clusters at present. */
  problems(): readonly Problem[] {
    return [...this.#ownProblems(), ...this.#connections().flatMap(({ source }) => source.problems())];
  }

  /** Why clusters are not all read before the mesh is served, one line each. */
  notReady(): readonly string[] {
    if (this.#open) return [];
    const remotes = this.#remotes.connections().filter(({ id }) => !this.#connected.has(id));
    return [
      ...(this.#primary?.failures() ?? []),
      ...remotes.map(({ id, source }) =>
        source.failure === undefined
          ? `cluster ${id} is being read`
          : `cluster ${id} cannot be read: ${source.failure.message}`,
      ),
    ];
  }

  /** What became of addresses that were written, and whether this process is the one that writes them; if any does. */
  addressWrites(): { readonly leading: boolean; readonly counts: WriteCounts } | undefined {
    const status = this.#addressWriter?.status();
    return status && { leading: status.leading, counts: status.writes };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#remotes.close();
    await this.#addressWriter?.close();
    this.#gatewaySecrets?.close();
    this.#reviews?.close();
    this.#primary?.close();
  }

  #writeAddresses({ client, source }: ClusterConnection, { discoverySelectors }: MeshConfig): void {
    const { systemNamespace, logger } = this.#options;
    this.#addressWriter = new AddressWriter({ client, source, systemNamespace, logger });
    this.#addressWriter.select(discoverySelectors);
    this.#addressWriter.start();
  }

  #primaryCluster(id: string, read: ReadContext): PrimaryCluster {
    const { systemNamespace, revision, domainSuffix, logger, mesh } = this.#options;
    return new PrimaryCluster({
      connection: this.#connection(id, 'the primary cluster', true, read),
      systemNamespace,
      revision,
      domainSuffix,
      logger,
      onSettings: ({ config, networks }) => {
        this.#report();
        if (!this.#open) return;
        this.configure(config, networks);
        mesh.setMesh(config, networks);
      },
      onSecrets: (secrets) => {
        this.#secrets = secretClusters(secrets, `kubernetes/${id}`);
        this.#takeRemotes();
      },
    });
  }

  #connection(id: string, origin: string, isPrimary: boolean, read: ReadContext): ClusterConnection {
    const { revision, logger, timing = {} } = this.#options;
    return new ClusterConnection({ id, origin, isPrimary, read, revision, logger, timing });
  }

  #connections(): readonly ClusterConnection[] {
    const primary = this.#primary === undefined ? [] : [this.#primary.connection];
    return [...primary, ...this.#remotes.connections()];
  }

  #attach(connection: ClusterConnection): void {
    if (this.#context === undefined) return;
    const { id, isPrimary } = connection;
    const source = this.#objectsOf(connection);
    const { mesh } = this.#options;
    this.#attached.add(id);
    const { pace, autoAllocate = 'memory' } = this.#options;
    const addresses = autoAllocate === 'write' ? 'status' : autoAllocate;
    const options = { pace, autoAllocate: addresses } as const;
    for (const registry of clusterRegistries(source, isPrimary, this.#context, options))
      mesh.setRegistry(registry);
  }

  #objectsOf({ source, isPrimary }: ClusterConnection): ObjectSource {
    if (!isPrimary) return source;
    this.#primaryObjects ??= this.#options.extendPrimary?.(source) ?? source;
    return this.#primaryObjects;
  }

  /** Of clusters of one id the first counts: a directory's, the primary one, those of the settings, those of Secrets. */
  #takeRemotes(): void {
    const clusters = new Map<string, RemoteCluster>();
    const clashes: Problem[] = [];
    for (const cluster of [...this.#beside, ...this.#listed, ...this.#secrets.clusters]) {
      const { id, origin } = cluster;
      const first = this.#ofDirectory.has(id)
        ? 'a cluster of the mesh directory'
        : id === this.#primaryId
          ? 'the primary cluster'
          : clusters.get(id)?.origin;
      if (first === undefined) clusters.set(id, cluster);
      else {
        const message = `the cluster ${id} of ${origin} is not read: ${first} has that id`;
        clashes.push({ severity: 'error', path: '', message });
      }
    }
    this.#clashes = clashes;
    this.#remotes.set([...clusters.values()], new Set(this.#secrets.refused));
    this.#report();
  }

  #ownProblems(): readonly Problem[] {
    return [...(this.#primary?.problems() ?? []), ...this.#clashes, ...this.#secrets.problems];
  }

  #report(): void {
    this.#problemLog.report(this.#ownProblems());
  }
}

function readContext({ kubeconfig, context, inCluster = false }: KubernetesOptions): ReadContext {
  return inCluster ? contextOfPod() : contextOfFiles(kubeconfig, context);
}
