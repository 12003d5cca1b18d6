/** What the tests with gRPC clients work with: backends, and control planes that serve a mesh directory. */
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { Istiod } from '../../../testenv/istiod/istiod.mjs';
import { Pilotlight } from '../pilotlight.js';

/** What the clients call; request and answer are plain bytes. */
const name = '/testenv.Backend/Name';

let backendsMade = 0;

/**
 * A gRPC server that answers with its name. Each has a loopback address of its own, since Istio serves an address
 * and port name that is named twice once.
 */
export class GrpcBackend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly #server: GrpcServer;

  private constructor(text: string, address: string, port: number, server: GrpcServer) {
    this.name = text;
    this.address = address;
    this.port = port;
    this.#server = server;
  }

  static async start(text: string): Promise<GrpcBackend> {
    const address = `127.0.3.${(backendsMade += 1)}`;
    const server = new GrpcServer();
    const asIs = (bytes: Buffer): Buffer => bytes;
    const method = {
      path: name,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    server.addService(
      { name: method },
      {
        name: (_: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, Buffer.from(text)),
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return new GrpcBackend(text, address, port, server);
  }

  /** Ends at once, as a process does that is killed. */
  stop(): void {
    this.#server.forceShutdown();
  }
}

/** A control plane that serves a mesh directory, at one address for as long as it is used. */
export interface ControlPlane {
  /** `host:port` of ADS. */
  readonly xds: string;
  /** Makes edits of the directory seen, where they are not followed anyway. */
  reread(): Promise<void>;
  /** It is gone, as a process is that is killed, while `meanwhile` runs; then it is back at the same address. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Pilotlight, which follows the directory. */
export class PilotlightPlane implements ControlPlane {
  readonly #folder: string;
  #pilot: Pilotlight;

  private constructor(folder: string, pilot: Pilotlight) {
    this.#folder = folder;
    this.#pilot = pilot;
  }

  static async start(folder: string): Promise<PilotlightPlane> {
    return new PilotlightPlane(folder, await Pilotlight.start(folder));
  }

  get xds(): string {
    return this.#pilot.xds;
  }

  async reread(): Promise<void> {}

  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.#pilot.server.stop('SIGKILL');
    await meanwhile();
    this.#pilot = await Pilotlight.start(this.#folder, { xds: this.xds });
  }

  /** What clients rejected last, by type URL, over all that are connected; empty when nothing is. */
  async rejected(): Promise<Readonly<Record<string, string>>> {
    const clients = JSON.parse(await this.#pilot.page('/debug/syncz')) as {
      resources: Record<string, { lastError: string }>;
    }[];
    const errors = clients.flatMap(({ resources }) =>
      Object.entries(resources).map(([type, { lastError }]) => [type, lastError] as const),
    );
    return Object.fromEntries(errors.filter(([, error]) => error !== ''));
  }

  async stop(): Promise<void> {
    await this.#pilot.server.stop();
  }
}

/** Istio's own discovery server, which reads the directory when it starts. */
export class IstiodPlane implements ControlPlane {
  readonly #folder: string;
  #istiod: Istiod;

  private constructor(folder: string, istiod: Istiod) {
    this.#folder = folder;
    this.#istiod = istiod;
  }

  static async start(folder: string): Promise<IstiodPlane> {
    return new IstiodPlane(folder, await Istiod.start(folder));
  }

  get xds(): string {
    return this.#istiod.xds;
  }

  reread(): Promise<void> {
    return this.restart(async () => {});
  }

  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.#istiod.stop();
    await meanwhile();
    this.#istiod = await Istiod.start(this.#folder, { address: this.xds });
  }

  async stop(): Promise<void> {
    await this.#istiod.stop();
  }
}
