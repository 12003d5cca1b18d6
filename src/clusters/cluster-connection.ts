/** One live cluster: its API, and its objects. */
import type { Logger } from '../base/logger.js';
import { remoteClusterKinds } from '../config/kubernetes/resources.js';
import { KubernetesObjectSource, type ResourceStatus } from '../config/kubernetes/source.js';
import { ContextAccess } from '../kubernetes/access.js';
import { ApiClient } from '../kubernetes/api-client.js';
import type { ReadContext } from '../kubernetes/kubeconfig-files.js';
import type { Timing } from '../kubernetes/timing.js';
import type { AddressWriterStatus } from './address-writer.js';

export interface ClusterConnectionOptions {
  /** The cluster's id, `Kubernetes` for the primary one unless told. */
  readonly id: string;
  /** Who names the cluster, for people: a Secret, the settings. */
  readonly origin: string;
  /** Whether the configuration of the mesh is in it; of others only services and workloads are read. */
  readonly isPrimary: boolean;
  readonly read: ReadContext;
  /** Configuration of other revisions does not count. */
  readonly revision: string;
  readonly logger: Logger;
  readonly timing?: Partial<Timing>;
}

/** How a cluster is doing, for people. */
export interface ClusterStatus {
  readonly id: string;
  readonly origin: string;
  readonly primary: boolean;
  /** `syncing` until everything has been read once; after that `synced`, or `failing` while it cannot be read. */
  readonly state: 'syncing' | 'synced' | 'failing';
  /** Why it cannot be read at present. */
  readonly error?: string;
  readonly resources: readonly ResourceStatus[];
  /** How addresses of ServiceEntries are written, where they are. */
  readonly addresses?: AddressWriterStatus;
}

/** As long as a timer can be. */
const longestWait = 2 ** 31 - 1;

/** A cluster that is being read from `start` to `close`. */
export class ClusterConnection {
  readonly id: string;
  readonly isPrimary: boolean;
  readonly client: ApiClient;
  readonly source: KubernetesObjectSource;
  readonly #origin: string;
  #closed = false;

  constructor({ id, origin, isPrimary, read, revision, logger, timing = {} }: ClusterConnectionOptions) {
    this.id = id;
    this.isPrimary = isPrimary;
    this.#origin = origin;
    this.client = new ApiClient(new ContextAccess(read, [], logger.child({ cluster: id })), { timing });
    this.source = new KubernetesObjectSource({
      cluster: id,
      name: `kubernetes/${id}`,
      client: this.client,
      logger,
      revision,
      ...(!isPrimary && { kinds: remoteClusterKinds }),
    });
  }

  start(): void {
    this.source.start();
  }

  /** Waits, for however long it takes, until everything has been read once. Whether it has, and was not closed before. */
  async whenSynced(): Promise<boolean> {
    while (!this.#closed && !(await this.source.whenSynced(longestWait)));
    return !this.#closed;
  }

  status(): ClusterStatus {
    const { synced, failure } = this.source;
    return {
      id: this.id,
      origin: this.#origin,
      primary: this.isPrimary,
      state: failure !== undefined ? 'failing' : synced ? 'synced' : 'syncing',
      ...(failure === undefined ? {} : { error: failure.message }),
      resources: this.source.status(),
    };
  }

  close(): void {
    this.#closed = true;
    this.source.close();
    this.client.close();
  }
}
