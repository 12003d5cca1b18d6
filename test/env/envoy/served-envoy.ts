/** A real Envoy that is served a proxy's part of a mesh directory, and that tells what it did with each request. */
import { readFile } from 'node:fs/promises';
import { bootstrap } from '../../../src/bootstrap/bootstrap.js';
import { describedNode } from '../../../src/cli/proxies.js';
import type { Answer } from '../../../src/compare/resources.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import type { JsonObject } from '../../../src/envoy/json-value.js';
import { OfflineSource, snapshotOf } from '../../../src/offline.js';
import { PilotSource } from '../../../src/pilot-source.js';
import type { SecretSource } from '../../../src/translate/secret/secret-source.js';
import { observers } from '../../../src/xds-log.js';
import { AdsServer } from '../../../src/xds/server.js';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';

/** A line of Envoy's access log, as `accessLog` has it written. */
export interface Taken {
  /** The header `x-probe` of the request; null for what is not read. */
  readonly probe: string | null;
  /** `address:port` of the client. */
  readonly client: string;
  readonly chain: string | null;
  readonly route: string | null;
  readonly cluster: string | null;
  readonly endpoint: string | null;
  readonly code: number;
  readonly location: string | null;
}

/** The part of a MeshConfig that has every request written to a file. */
export function accessLog(file: string): object {
  return {
    accessLogFile: file,
    accessLogEncoding: 'JSON',
    accessLogFormat: JSON.stringify({
      probe: '%REQ(X-PROBE)%',
      client: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
      chain: '%FILTER_CHAIN_NAME%',
      route: '%ROUTE_NAME%',
      cluster: '%UPSTREAM_CLUSTER_RAW%',
      endpoint: '%UPSTREAM_HOST%',
      code: '%RESPONSE_CODE%',
      location: '%RESP(LOCATION)%',
    }),
  };
}

/** A running Envoy, its server, and what it is served. */
export class ServedEnvoy {
  /** What the proxy is served, as `pilotlight xds` tells it. */
  readonly served: Answer;
  readonly envoy: Envoy;
  readonly #server: AdsServer;
  readonly #log: string;

  private constructor(served: Answer, envoy: Envoy, server: AdsServer, log: string) {
    this.served = served;
    this.envoy = envoy;
    this.#server = server;
    this.#log = log;
  }

  /**
   * Starts one as a proxy of `proxies.yaml`, and waits until it has taken everything.
   * @param log the file of `accessLog`
   */
  static async start(
    directory: string,
    proxyName: string,
    log: string,
    secrets: readonly SecretSource[] = [],
  ): Promise<ServedEnvoy> {
    const state = await readMeshDirectory(directory);
    const problems = state.problems.map(({ message }) => message);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const proxy = state.proxies.find(({ name }) => name === proxyName);
    if (proxy === undefined) throw new Error(`proxies.yaml has no ${proxyName}`);
    const node = describedNode(proxy);
    const snapshot = snapshotOf(state);
    const source = new PilotSource(({ message }) => {
      throw new Error(message);
    }, secrets);
    source.update(snapshot);
    const server = new AdsServer({ source, observer: observers() });
    const port = await server.listen('127.0.0.1', 0);
    const made = bootstrap({
      nodeId: node.id,
      nodeCluster: 'envoy',
      metadata: node.metadata ?? {},
      server: { host: '127.0.0.1', port },
      admin: { host: '127.0.0.1', port: 0 },
      listeners: [],
    });
    const envoy = await Envoy.start(made, ['--file-flush-interval-msec', '10']);
    const { answer: served } = new OfflineSource(snapshot).answer(node);
    const started = new ServedEnvoy(served, envoy, server, log);
    await started.#ready();
    return started;
  }

  /** What Envoy wrote of a request, or of a connection, that it has ended. */
  taken(isIt: (taken: Taken) => boolean): Promise<Taken> {
    return eventually('a line in the access log', async () => {
      const lines = (await readFile(this.#log, 'utf8')).split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as Taken).findLast(isIt);
    });
  }

  async stop(): Promise<void> {
    await this.envoy.stop();
    await this.#server.close(0);
  }

  /** Waits until every listener, cluster and route is in force. */
  async #ready(): Promise<void> {
    await eventually('everything in force', async () => {
      const dump = (await this.envoy.json('/config_dump')) as { readonly configs: readonly JsonObject[] };
      const text = JSON.stringify(dump);
      return (
        (['cds', 'lds', 'rds'] as const).every((type) =>
          (this.served[type] ?? []).every(({ name }) => text.includes(JSON.stringify(name))),
        ) &&
        !text.includes('"warming_state"') &&
        !text.includes('"dynamic_warming_clusters"')
      );
    });
  }
}
