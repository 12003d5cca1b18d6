/** An embedded Pilotlight and a real Envoy that follows it: when Envoy has accepted a change of endpoints. */
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../dist/base/logger.js';
import { bootstrap } from '../dist/bootstrap/bootstrap.js';
import { startPilot } from '../dist/index.js';
import { Envoy } from '../testenv/envoy/envoy.mjs';
import { eventually } from '../testenv/process.mjs';

const anyPort = { host: '127.0.0.1', port: 0 };

export class PilotWithEnvoy {
  /** @type {import('../dist/index.js').Pilot | undefined} */
  #pilot;
  /** @type {Envoy | undefined} */
  #envoy;
  #onAccepted = () => undefined;

  /**
   * Starts both, and waits until Envoy has the endpoints of a cluster.
   * @param {import('../dist/index.js').PilotOptions} options what Pilotlight reads
   * @param {{ cluster: string, namespace: string }} client the cluster that Envoy routes to, and where it is
   * @returns {Promise<number>} milliseconds until everything was read
   */
  async start(options, { cluster, namespace }) {
    const began = performance.now();
    this.#pilot = await startPilot({
      ...options,
      xdsAddress: anyPort,
      httpAddress: anyPort,
      logger: this.#logger(),
    });
    await this.#pilot.ready;
    const read = performance.now() - began;
    const accepted = this.accepted();
    this.#envoy = await Envoy.start(
      bootstrap({
        nodeId: `sidecar~127.0.0.1~client.${namespace}~${namespace}.svc.cluster.local`,
        nodeCluster: `client.${namespace}`,
        metadata: { NAMESPACE: namespace, CLUSTER_ID: 'Kubernetes', INTERCEPTION_MODE: 'NONE' },
        server: this.#pilot.xdsAddress,
        apiType: 'DELTA_GRPC',
        admin: anyPort,
        listeners: [{ protocol: 'http', address: anyPort, cluster }],
      }),
    );
    await accepted;
    const { admin } = this.#envoy;
    await eventually('the cluster in Envoy', async () =>
      (await (await fetch(`${admin}/clusters`)).text()).includes(`${cluster}::10.`) ? true : undefined,
    );
    // What was left of the start is over.
    await sleep(3000);
    return read;
  }

  /**
   * Makes changes of the endpoints that Envoy follows, one after the other.
   * @param {number} count @param {(round: number) => Promise<unknown>} change
   * @returns {Promise<number[]>} milliseconds from before each until Envoy has accepted it
   */
  async follow(count, change) {
    const times = [];
    for (let round = 0; round < count; round += 1) {
      // At another moment of whatever else goes on.
      await sleep(200 + Math.random() * 200);
      const accepted = this.accepted();
      const began = performance.now();
      await change(round);
      await accepted;
      times.push(performance.now() - began);
    }
    return times;
  }

  /** Resolves when Envoy accepts endpoints the next time. @returns {Promise<void>} */
  accepted() {
    return new Promise((resolve) => {
      this.#onAccepted = () => {
        resolve();
        return undefined;
      };
    });
  }

  async stop() {
    await this.#envoy?.stop();
    await this.#pilot?.close();
  }

  /** @returns {import('../dist/index.js').Logger} */
  #logger() {
    return {
      ...silentLogger,
      debugs: true,
      debug: (message) => {
        if (message === 'EDS accepted') this.#onAccepted();
      },
      child: () => this.#logger(),
    };
  }
}
