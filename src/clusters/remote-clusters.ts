/**
 * Remote clusters that come, change and go while the mesh is served. A cluster counts once all of it has been read; one
 * whose kubeconfig changed is read by the new one beside the old one, which it replaces then (Istio reference 2.12).
 */
import { compareStrings } from '../base/compare.js';
import type { Logger } from '../base/logger.js';
import type { ReadContext } from '../kubernetes/kubeconfig-files.js';
import type { ClusterConnection } from './cluster-connection.js';

/** A cluster that someone wants to be read. */
export interface RemoteCluster {
  readonly id: string;
  /** Who names it, for people. */
  readonly origin: string;
  /** Another text means that it has to be connected anew. Secret. */
  readonly version: string;
  readonly read: ReadContext;
}

/** What clusters are connected to. */
export interface RemoteClusterHost {
  /** Makes a connection that was not started. */
  open(cluster: RemoteCluster): ClusterConnection;
  /** All of a cluster has been read: it counts from now on, in the place of the former connection of its id. */
  connect(connection: ClusterConnection): void;
  /** A cluster is gone. */
  disconnect(id: string): void;
}

interface Running {
  readonly cluster: RemoteCluster;
  /** What counts at present. */
  readonly current?: ClusterConnection;
  /** What is being read, to take the place of the present one. */
  readonly next?: ClusterConnection;
  /** When `next` counts, or is closed. */
  readonly connected?: Promise<void>;
}

/** Keeps connections to the clusters that are wanted. */
export class RemoteClusters {
  readonly #host: RemoteClusterHost;
  readonly #logger: Logger;
  readonly #running = new Map<string, Running>();

  constructor(host: RemoteClusterHost, logger: Logger) {
    this.#host = host;
    this.#logger = logger;
  }

  /** Takes up which clusters are wanted now. @param kept ids of clusters that are to stay as they are. */
  set(clusters: readonly RemoteCluster[], kept: ReadonlySet<string>): void {
    const wanted = new Set(clusters.map(({ id }) => id));
    for (const [id, running] of this.#running)
      if (!wanted.has(id) && !kept.has(id)) this.#remove(id, running);
    for (const cluster of clusters.toSorted((a, b) => compareStrings(a.id, b.id))) {
      const running = this.#running.get(cluster.id);
      if (running === undefined || running.cluster.version !== cluster.version) this.#begin(cluster, running);
    }
  }

  /** Waits until every cluster of now counts, but no longer than some milliseconds. Ids of those that do not. */
  async whenConnected(limit: number): Promise<readonly string[]> {
    const all = Promise.all([...this.#running.values()].flatMap(({ connected }) => connected ?? []));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, limit);
    });
    await Promise.race([all, late]);
    clearTimeout(timer);
    return [...this.#running].filter(([, { current }]) => current === undefined).map(([id]) => id);
  }

  /** Every connection: for each cluster the one that counts, or the one that is to. */
  connections(): readonly ClusterConnection[] {
    return [...this.#running.values()].flatMap(({ current, next }) => current ?? next ?? []);
  }

  /** Connections that are to take the place of others, once they have read everything. */
  replacements(): readonly ClusterConnection[] {
    return [...this.#running.values()].flatMap(({ current, next }) =>
      current === undefined || next === undefined ? [] : next,
    );
  }

  close(): void {
    for (const { current, next } of this.#running.values()) {
      current?.close();
      next?.close();
    }
    this.#running.clear();
  }

  #begin(cluster: RemoteCluster, running: Running | undefined): void {
    const { id, origin } = cluster;
    running?.next?.close();
    const next = this.#host.open(cluster);
    this.#logger.info(`cluster ${id} of ${origin} is ${running === undefined ? 'added' : 'read anew'}`);
    const connected = next.whenSynced().then((synced) => {
      if (synced) this.#replace(id, next);
    });
    this.#running.set(id, { ...running, cluster, next, connected });
    next.start();
  }

  #replace(id: string, next: ClusterConnection): void {
    const running = this.#running.get(id);
    if (running?.next !== next) return;
    this.#running.set(id, { cluster: running.cluster, current: next });
    this.#host.connect(next);
    running.current?.close();
  }

  #remove(id: string, { current, next }: Running): void {
    this.#running.delete(id);
    current?.close();
    next?.close();
    this.#logger.info(`cluster ${id} is removed`);
    if (current !== undefined) this.#host.disconnect(id);
  }
}
