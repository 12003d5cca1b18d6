/** A Pilotlight that serves raw snapshots, and its endpoint as tests use it. */
import { startPilot, type Pilot, type PilotOptions } from '../../../src/index.js';
import { newClient, type ClientOptions, type DeltaClient, type SotwClient, type Variant } from './client.js';

export interface PutAnswer {
  readonly status: number;
  readonly text: string;
}

export class RawPilot {
  readonly pilot: Pilot;
  readonly #clients: (SotwClient | DeltaClient)[] = [];

  private constructor(pilot: Pilot) {
    this.pilot = pilot;
  }

  static async start(options: Partial<PilotOptions> = {}): Promise<RawPilot> {
    const free = { host: '127.0.0.1', port: 0 };
    return new RawPilot(
      await startPilot({ rawSnapshots: true, xdsAddress: free, httpAddress: free, ...options }),
    );
  }

  connect(variant: Variant, options: ClientOptions = {}): SotwClient | DeltaClient {
    const client = newClient(variant, this.pilot.xdsAddress.port, options);
    this.#clients.push(client);
    return client;
  }

  /** Ends what was connected. */
  disconnect(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  get snapshotUrl(): string {
    return `http://127.0.0.1:${this.pilot.httpAddress.port}/snapshot`;
  }

  async put(body: unknown): Promise<PutAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(this.snapshotUrl, { method: 'PUT', body: text });
    return { status: response.status, text: await response.text() };
  }

  async delete(node: string): Promise<PutAnswer> {
    const response = await fetch(`${this.snapshotUrl}?node=${encodeURIComponent(node)}`, {
      method: 'DELETE',
    });
    return { status: response.status, text: await response.text() };
  }

  async stop(): Promise<void> {
    this.disconnect();
    await this.pilot.close();
  }
}
