/**
 * A client that keeps what it is sent, as a simple model of a proxy: it subscribes, forgets what it does not want any
 * more, accepts or refuses each response, and comes back after a lost connection with what it had.
 */
import type { Answer, DeltaClient, SotwClient, Variant } from './client.js';
import { cds, lds } from './world.js';

interface Held {
  readonly content: string | undefined;
  readonly version: string;
}

interface ModelType {
  /** Everything is wanted, beside `names`. */
  wildcard: boolean;
  readonly names: Set<string>;
  /** Asked for on the stream that is open. */
  asked: boolean;
  /** Some request of the stream named a resource, so that no names no longer mean everything. */
  named: boolean;
  readonly held: Map<string, Held>;
}

export abstract class ModelClient {
  readonly variant: Variant;
  readonly #open: () => SotwClient | DeltaClient;
  protected readonly types = new Map<string, ModelType>();
  #nonces = new Set<string>();
  client: SotwClient | DeltaClient;

  constructor(variant: Variant, open: () => SotwClient | DeltaClient) {
    this.variant = variant;
    this.#open = open;
    this.client = open();
  }

  /** Adds names, or with none of them everything, which only clusters and listeners can be asked for so. */
  subscribe(typeUrl: string, names: readonly string[]): void {
    const type = this.type(typeUrl);
    if (names.length === 0) type.wildcard = true;
    for (const name of names) type.names.add(name);
    this.tellSubscribed(typeUrl, type, names);
    type.asked = true;
    type.named ||= names.length > 0;
  }

  /** Takes names away, or with none of them everything that is wanted without being named. */
  unsubscribe(typeUrl: string, names: readonly string[]): void {
    const type = this.type(typeUrl);
    if (!type.asked || (names.length === 0 && !type.wildcard)) return;
    if (names.length === 0) type.wildcard = false;
    for (const name of names) type.names.delete(name);
    this.tellUnsubscribed(typeUrl, type, names);
  }

  /** Takes an answer in, and says that it is fine or not. */
  take(answer: Answer, verdict: 'accept' | 'refuse'): void {
    this.#check(answer);
    this.apply(answer, this.type(answer.typeUrl));
    if (verdict === 'accept') this.client.accept(answer);
    else this.client.refuse(answer, 'the model refuses');
  }

  /** Loses the connection with everything that is on its way, and comes back. */
  reconnect(): void {
    this.client.close();
    this.#nonces = new Set();
    this.client = this.#open();
    for (const [typeUrl, type] of this.types) {
      type.asked = type.wildcard || type.names.size > 0;
      type.named = type.names.size > 0;
      if (type.asked) this.tellAgain(typeUrl, type);
    }
  }

  /** What the model has of a type that it wants. */
  state(typeUrl: string): Readonly<Record<string, string | undefined>> {
    const { held } = this.type(typeUrl);
    return Object.fromEntries(
      [...held].filter(([name]) => this.wants(typeUrl, name)).map(([name, { content }]) => [name, content]),
    );
  }

  wants(typeUrl: string, name: string): boolean {
    const { wildcard, names } = this.type(typeUrl);
    return wildcard || names.has(name);
  }

  /** Whether absence means that a resource is gone: not where responses hold parts and nothing tells of removals. */
  tellsOfRemovals(typeUrl: string): boolean {
    return this.variant === 'delta' || typeUrl === cds || typeUrl === lds;
  }

  protected abstract tellSubscribed(typeUrl: string, type: ModelType, names: readonly string[]): void;
  protected abstract tellUnsubscribed(typeUrl: string, type: ModelType, names: readonly string[]): void;
  protected abstract tellAgain(typeUrl: string, type: ModelType): void;
  protected abstract apply(answer: Answer, type: ModelType): void;

  protected type(typeUrl: string): ModelType {
    let type = this.types.get(typeUrl);
    if (type === undefined) {
      type = { wildcard: false, names: new Set(), asked: false, named: false, held: new Map() };
      this.types.set(typeUrl, type);
    }
    return type;
  }

  /** What must hold of every response (13, 43). */
  #check({ typeUrl, nonce, names, removed, resources }: Answer): void {
    if (nonce === '' || this.#nonces.has(nonce)) throw new Error(`the nonce "${nonce}" is not new`);
    this.#nonces.add(nonce);
    if (new Set([...names, ...removed]).size !== names.length + removed.length)
      throw new Error(`a name is told twice: ${[...names, ...removed].join(', ')}`);
    for (const resource of resources)
      if (resource.typeUrl !== typeUrl) throw new Error(`${resource.typeUrl} in a response of ${typeUrl}`);
  }
}

export class SotwModel extends ModelClient {
  constructor(open: () => SotwClient) {
    super('sotw', open);
  }

  protected tellSubscribed(typeUrl: string, type: ModelType): void {
    this.#ask(typeUrl, type);
  }

  protected tellUnsubscribed(typeUrl: string, type: ModelType): void {
    this.#ask(typeUrl, type);
  }

  protected tellAgain(typeUrl: string, type: ModelType): void {
    this.#ask(typeUrl, type);
  }

  #ask(typeUrl: string, { wildcard, names, named }: ModelType): void {
    const explicit = wildcard && (named || names.size > 0) ? ['*'] : [];
    (this.client as SotwClient).ask(typeUrl, [...explicit, ...names]);
  }

  /** Nothing is forgotten with its subscription: the server may not have heard of that when it is wanted again. */
  protected apply({ typeUrl, resources, content }: Answer, { held }: ModelType): void {
    if (this.tellsOfRemovals(typeUrl)) held.clear();
    for (const { name, version } of resources) held.set(name, { content: content[name], version });
  }
}

export class DeltaModel extends ModelClient {
  constructor(open: () => DeltaClient) {
    super('delta', open);
  }

  protected tellSubscribed(typeUrl: string, type: ModelType, names: readonly string[]): void {
    // Only the first request of a stream can leave "*" out.
    if (names.length === 0) this.client.subscribe(typeUrl, ...(type.asked ? ['*'] : []));
    else this.client.subscribe(typeUrl, ...names);
  }

  protected tellUnsubscribed(typeUrl: string, type: ModelType, names: readonly string[]): void {
    this.client.unsubscribe(typeUrl, ...(names.length === 0 ? ['*'] : names));
    for (const name of type.held.keys()) if (!this.wants(typeUrl, name)) type.held.delete(name);
  }

  protected tellAgain(typeUrl: string, { wildcard, names, held }: ModelType): void {
    this.client.send({
      typeUrl,
      resourceNamesSubscribe: [...(wildcard && names.size > 0 ? ['*'] : []), ...names],
      initialResourceVersions: Object.fromEntries([...held].map(([name, { version }]) => [name, version])),
    });
  }

  protected apply({ typeUrl, resources, content, removed }: Answer, { held }: ModelType): void {
    for (const { name, version } of resources)
      if (this.wants(typeUrl, name)) held.set(name, { content: content[name], version });
    for (const name of removed) held.delete(name);
  }
}
