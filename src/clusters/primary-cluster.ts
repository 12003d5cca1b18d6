/** The cluster that the mesh itself is configured in: its objects, its mesh configuration, and its remote secrets. */
import type { Logger } from '../base/logger.js';
import type { Problem } from '../config/object.js';
import type { RawObject } from '../kubernetes/list-watch.js';
import type { ClusterConnection } from './cluster-connection.js';
import { Collection } from './collection.js';
import { meshConfigMapName, MeshSettingsReader, type MeshSettings } from './mesh-settings.js';
import { remoteSecretSelector } from './remote-secrets.js';

export interface PrimaryClusterOptions {
  readonly connection: ClusterConnection;
  readonly systemNamespace: string;
  /** Whose mesh configuration counts. */
  readonly revision: string;
  readonly domainSuffix: string;
  readonly logger: Logger;
  readonly onSettings: (settings: MeshSettings) => void;
  readonly onSecrets: (secrets: readonly RawObject[]) => void;
}

export class PrimaryCluster {
  readonly connection: ClusterConnection;
  readonly #reader: MeshSettingsReader;
  readonly #configMap: Collection;
  readonly #secrets: Collection;
  readonly #configMapName: string;
  #settings: MeshSettings;
  #closed = false;
  #close: () => void = () => undefined;

  constructor(options: PrimaryClusterOptions) {
    const { connection, systemNamespace, revision, domainSuffix, logger } = options;
    const { name } = connection.source;
    this.connection = connection;
    this.#configMapName = meshConfigMapName(revision);
    const configMapName = `${systemNamespace}/${this.#configMapName}`;
    this.#reader = new MeshSettingsReader(name, configMapName, domainSuffix);
    this.#settings = this.#reader.take(undefined);
    const collection = (
      what: string,
      plural: string,
      selector: Readonly<Record<string, string>>,
      onChange: (items: readonly RawObject[]) => void,
    ): Collection =>
      new Collection({
        client: connection.client,
        path: `/api/v1/namespaces/${systemNamespace}/${plural}`,
        selector,
        onChange,
        onFailure: (error) => {
          if (error === undefined) logger.info(`${name}: ${what} can be read again`);
          else logger.warn(`${name}: ${what} cannot be read: ${error.message}`);
        },
      });
    this.#configMap = collection(
      `the ConfigMap ${configMapName}`,
      'configmaps',
      { fieldSelector: `metadata.name=${this.#configMapName}` },
      ([configMap]) => {
        this.#settings = this.#reader.take(configMap);
        options.onSettings(this.#settings);
      },
    );
    this.#secrets = collection(
      `the Secrets of remote clusters in ${systemNamespace}`,
      'secrets',
      { labelSelector: remoteSecretSelector },
      options.onSecrets,
    );
  }

  start(): void {
    this.connection.source.watch().subscribe(({ type }) => {
      if (type !== 'synced') return;
      this.#configMap.retryNow();
      this.#secrets.retryNow();
    });
    this.connection.start();
    this.#configMap.start();
    this.#secrets.start();
  }

  /**
   * Waits until everything has been read, but for Secrets that must not be. Whether it has, and was not closed before.
   */
  async whenRead(): Promise<boolean> {
    const closed = new Promise<void>((resolve) => {
      this.#close = resolve;
    });
    const read = Promise.all([
      this.connection.whenSynced(),
      this.#configMap.whenListed,
      this.#secrets.whenSettled,
    ]);
    await Promise.race([read, closed]);
    return !this.#closed;
  }

  /** What the mesh is run by. */
  get settings(): MeshSettings {
    return this.#settings;
  }

  /** What is wrong or doubtful with the mesh configuration at present. */
  problems(): readonly Problem[] {
    return this.#reader.problems();
  }

  /** What cannot be read at present, one line each. */
  failures(): readonly string[] {
    const { source } = this.connection;
    const failures: readonly [string, Error | undefined][] = [
      ['its objects', source.failure],
      [`the ConfigMap ${this.#configMapName}`, this.#configMap.failure],
      ['the Secrets of remote clusters', this.#secrets.failure],
    ];
    return failures.flatMap(([what, error]) =>
      error === undefined ? [] : [`${source.name}: ${what} cannot be read: ${error.message}`],
    );
  }

  close(): void {
    this.#closed = true;
    this.#configMap.close();
    this.#secrets.close();
    this.connection.close();
    this.#close();
  }
}
