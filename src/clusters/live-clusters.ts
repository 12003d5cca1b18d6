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
import type { Problem } from '../config/object.js';
import { contextOfFiles, contextOfPod, type ReadContext } from '../kubernetes/kubeconfig-files.js';
import type { Timing } from '../kubernetes/timing.js';
import { clusterRegistries, registryContext, removeClusterRegistries } from '../mesh/cluster-registries.js';
import type { MeshState } from '../mesh/mesh-state.js';
import type { KubernetesContext } from '../registry/kubernetes/registry.js';
import { ClusterConnection, type ClusterStatus } from './cluster-connection.js';
import { entryCluster, type ClusterEntry } from './entry.js';
import { PrimaryCluster } from './primary-cluster.js';
import { ProblemLog } from './problem-log.js';
import { RemoteClusters, type RemoteCluster } from './remote-clusters.js';
import { secretClusters, type SecretClusters } from './remote-secrets.js';

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
  readonly domainSuffix: string;
  readonly autoAllocate: 'status' | 'memory';
  /** Milliseconds that remote clusters are waited for at the start. */
  readonly remoteClusterTimeout: number;
  readonly pace: Pace;
  readonly timing?: Partial<Timing>;
}

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

  /** @throws PilotError USAGE for a cluster beside a directory that has the directory's id. */
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
    this.#primaryId = hasDirectory ? primaryClusterId : id;
    this.#listed = options.clusters.map(entryCluster);
    this.#beside =
      this.#read !== undefined && hasDirectory
        ? [{ id, origin: 'the settings', version: '', read: this.#read }]
        : [];
    if (this.#read !== undefined && !hasDirectory) this.#primary = this.#primaryCluster(id, this.#read);
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
    mesh.addObjects(connection.source);
    mesh.setMesh(settings.config, settings.networks);
  }

  /** Sets the mesh configuration by which clusters are read. Before the first time none of them counts. */
  configure(config: MeshConfig, networks: MeshNetworks): void {
    // It is the system namespace that says which network a cluster is (Istio reference 2.10).
    const context = { ...registryContext(config, networks), rootNamespace: this.#options.systemNamespace };
    if (deepEqual(context, this.#context)) return;
    this.#context = context;
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
    return [...this.#connections(), ...this.#remotes.replacements()].map((connection) => connection.status());
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

  close(): void {
    this.#closed = true;
    this.#primary?.close();
    this.#remotes.close();
  }

  #primaryCluster(id: string, read: ReadContext): PrimaryCluster {
    const { systemNamespace, domainSuffix, logger, mesh } = this.#options;
    return new PrimaryCluster({
      connection: this.#connection(id, 'the primary cluster', true, read),
      systemNamespace,
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
    const { logger, timing = {} } = this.#options;
    return new ClusterConnection({ id, origin, isPrimary, read, logger, timing });
  }

  #connections(): readonly ClusterConnection[] {
    const primary = this.#primary === undefined ? [] : [this.#primary.connection];
    return [...primary, ...this.#remotes.connections()];
  }

  #attach(connection: ClusterConnection): void {
    if (this.#context === undefined) return;
    const { id, source, isPrimary } = connection;
    const { mesh } = this.#options;
    this.#attached.add(id);
    for (const registry of clusterRegistries(source, isPrimary, this.#context, this.#options))
      mesh.setRegistry(registry);
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
