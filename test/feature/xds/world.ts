/**
 * An ADS server over raw resources, and what it tells of itself. What is set is in force at once and reaches
 * clients with the next `push`; `change` does both.
 */
import type { NodeShape } from '../../../src/envoy/messages.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { RawSource, type RawResource } from '../../../src/raw/raw-source.js';
import type {
  ChangeReport,
  NackReport,
  PushReport,
  StreamIdentity,
  XdsObserver,
} from '../../../src/xds/observer.js';
import { AdsServer, type AdsServerOptions } from '../../../src/xds/server.js';
import type { ResourceClient, ResourceSource } from '../../../src/xds/source.js';
import {
  bodyOf,
  Connection,
  DeltaClient,
  newClient,
  SotwClient,
  type Answer,
  type ClientOptions,
  type Variant,
} from './client.js';
import { probeType, settle } from './settle.js';

export { probeType };
export const { cds, eds, lds, rds, sds, ecds } = typeUrls;
export const variants: readonly Variant[] = ['sotw', 'delta'];
export const nodeId = 'test-id';

/** Everything that the server told, in order. */
export class Told {
  readonly connected: StreamIdentity[] = [];
  readonly disconnected: { stream: StreamIdentity; error: Error | undefined }[] = [];
  readonly refused: string[] = [];
  readonly pushed: PushReport[] = [];
  readonly acked: { typeUrl: string; nonce: string }[] = [];
  readonly nacked: (NackReport & { nodeId: string })[] = [];
  readonly stale: string[] = [];
  readonly unsupported: string[] = [];
  readonly timedOut: StreamIdentity[] = [];
  readonly changes: ChangeReport[] = [];
  readonly converged: string[] = [];

  observer(): XdsObserver {
    return {
      connected: (stream) => this.connected.push(stream),
      disconnected: (stream, error) => this.disconnected.push({ stream, error }),
      refused: (_, error) => this.refused.push(error.message),
      pushed: (_, report) => this.pushed.push(report),
      sent: () => undefined,
      sendTimedOut: (stream) => this.timedOut.push(stream),
      acked: (_, typeUrl, nonce) => this.acked.push({ typeUrl, nonce }),
      nacked: (stream, report) => this.nacked.push({ ...report, nodeId: stream.nodeId }),
      changePushed: (report) => this.changes.push(report),
      converged: (reason) => this.converged.push(reason),
      staleNonce: (_, typeUrl) => this.stale.push(typeUrl),
      unsupportedType: (_, typeUrl) => this.unsupported.push(typeUrl),
    };
  }
}

type Content = Map<string, { content: string; ttl?: number }>;

/** The raw source, with the readiness and the extra work that a test wants. */
class TestSource implements ResourceSource {
  readonly raw = new RawSource();
  isReady = true;
  /** Stands between the server and a node's resources. */
  wrap: (node: NodeShape, client: ResourceClient) => ResourceClient = (_, client) => client;

  ready(): boolean {
    return this.isReady;
  }

  attach(node: NodeShape): ResourceClient {
    return this.wrap(node, this.raw.attach(node));
  }
}

export type WorldOptions = Omit<Partial<AdsServerOptions>, 'source' | 'observer'>;

export class World {
  readonly source = new TestSource();
  readonly told = new Told();
  readonly #nodes = new Set([nodeId]);
  readonly #types = new Map<string, Content>([[probeType, new Map()]]);
  readonly #versions = new Map<string, number>();
  readonly #closers: (() => void)[] = [];
  server: AdsServer;
  port = 0;
  #marks = 0;

  private constructor(options: WorldOptions) {
    this.server = new AdsServer({ source: this.source, observer: this.told.observer(), ...options });
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    world.port = await world.server.listen('127.0.0.1', 0);
    world.#apply();
    return world;
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    await this.server.close(1000);
  }

  /** Ends the server, and starts another with the same resources at the same port. */
  async restart(options: WorldOptions = {}): Promise<void> {
    await this.server.close(0);
    this.server = new AdsServer({ source: this.source, observer: this.told.observer(), ...options });
    await this.server.listen('127.0.0.1', this.port);
  }

  /** What is to be closed at the end of the test. */
  owns(close: () => void): void {
    this.#closers.push(close);
  }

  client(variant: Variant, options: ClientOptions = {}): SotwClient | DeltaClient {
    return this.#kept(newClient(variant, this.port, options), options);
  }

  sotw(options: ClientOptions = {}): SotwClient {
    return this.#kept(new SotwClient(this.port, options), options);
  }

  delta(options: ClientOptions = {}): DeltaClient {
    return this.#kept(new DeltaClient(this.port, options), options);
  }

  connection(): Connection {
    const connection = new Connection(this.port);
    this.owns(() => connection.close());
    return connection;
  }

  #kept<T extends SotwClient | DeltaClient>(client: T, { node }: ClientOptions): T {
    if (typeof node?.id === 'string') this.serve(node.id);
    this.owns(() => client.close());
    return client;
  }

  /** A further node is given the same resources. */
  serve(id: string): void {
    if (this.#nodes.has(id)) return;
    this.#nodes.add(id);
    this.#apply();
  }

  /** Gives resources of a type their content, without telling anybody. */
  set(typeUrl: string, resources: Readonly<Record<string, string>>, ttl?: number): void {
    const content = this.#content(typeUrl);
    for (const [name, text] of Object.entries(resources))
      content.set(name, { content: text, ...(ttl !== undefined && { ttl }) });
    this.#bump(typeUrl);
    this.#apply();
  }

  remove(typeUrl: string, ...names: readonly string[]): void {
    const content = this.#content(typeUrl);
    for (const name of names) content.delete(name);
    this.#bump(typeUrl);
    this.#apply();
  }

  /** The content that is in force, by name. */
  content(typeUrl: string): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#content(typeUrl)].map(([name, { content }]) => [name, content]));
  }

  /** The version that is in force for a type. */
  version(typeUrl: string): string {
    return `v${this.#versions.get(typeUrl) ?? 0}`;
  }

  /** What a client that has these resources, or everything, brings along when it comes back: their versions by name. */
  async versions(typeUrl: string, ...names: readonly string[]): Promise<Record<string, string>> {
    const client = this.delta();
    client.subscribe(typeUrl, ...names);
    const { resources } = await client.take();
    client.close();
    return Object.fromEntries(resources.map(({ name, version }) => [name, version]));
  }

  push(reason = 'test', types?: ReadonlySet<string>): void {
    this.server.push({ reason, version: reason, ...(types !== undefined && { types }) });
  }

  /** Sets and pushes. */
  change(typeUrl: string, resources: Readonly<Record<string, string>>): void {
    this.set(typeUrl, resources);
    this.push();
  }

  /** Removes and pushes. */
  drop(typeUrl: string, ...names: readonly string[]): void {
    this.remove(typeUrl, ...names);
    this.push();
  }

  /** Lets the making of resources of a type take until what is returned is called. */
  hold(typeUrl: string): () => void {
    const state = { held: true };
    this.source.wrap = (_, raw) => ({
      label: raw.label,
      description: raw.description,
      serves: (type) => raw.serves(type),
      isWildcardType: (type) => raw.isWildcardType(type),
      *resources(type, subscription) {
        if (type === typeUrl) while (state.held) yield;
        return yield* raw.resources(type, subscription);
      },
    });
    return () => {
      state.held = false;
    };
  }

  /** The server has handled every request that the client sent so far, though it may not have answered it. */
  async handled(client: SotwClient | DeltaClient): Promise<void> {
    this.#marks += 1;
    const type = `type.googleapis.com/pilotlight.test.Unknown${this.#marks}`;
    client.subscribe(type, 'a');
    const deadline = performance.now() + 20_000;
    while (!this.told.unsupported.includes(type)) {
      if (performance.now() > deadline) throw new Error('requests are not handled within 20 s');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** `settle` of settle.ts over this world. */
  settle(client: SotwClient | DeltaClient): Promise<Answer[]> {
    return settle(client, (typeUrl, name, content) => {
      if (content === undefined) this.drop(typeUrl, name);
      else this.change(typeUrl, { [name]: content });
    });
  }

  #content(typeUrl: string): Content {
    let content = this.#types.get(typeUrl);
    if (content === undefined) {
      content = new Map();
      this.#types.set(typeUrl, content);
    }
    return content;
  }

  #bump(typeUrl: string): void {
    this.#versions.set(typeUrl, (this.#versions.get(typeUrl) ?? 0) + 1);
  }

  #apply(): void {
    const types = [...this.#types].map(([typeUrl, content]) => {
      const resources = [...content].map(([name, { content: text, ttl }]): RawResource => ({
        name,
        body: bodyOf(name, text),
        ...(ttl !== undefined && { ttl }),
      }));
      return [typeUrl, { version: this.version(typeUrl), resources }] as const;
    });
    for (const node of this.#nodes) this.source.raw.set(node, new Map(types));
  }
}
