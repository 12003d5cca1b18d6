/**
 * A client that does as Envoy does with clusters: a new or changed one warms until its endpoints come, the response
 * with it is accepted only once nothing warms, and endpoints are asked for by the names of the clusters that there are.
 */
import { type Answer, type DeltaClient, type SotwClient } from './client.js';
import { cds, eds } from './world.js';

export class WarmingClient {
  readonly clusters = new Set<string>();
  readonly warming = new Set<string>();
  readonly #client: SotwClient | DeltaClient;
  readonly #concerns: (name: string) => boolean;
  #unaccepted: Answer | undefined;
  #asked = new Set<string>();
  #stopped = false;
  /** Ends with the stream. */
  readonly done: Promise<void>;

  /** @param concerns which clusters have endpoints that are asked for. */
  constructor(client: SotwClient | DeltaClient, concerns: (name: string) => boolean) {
    this.#client = client;
    this.#concerns = concerns;
    client.subscribe(cds);
    this.done = this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#client.close();
  }

  async #run(): Promise<void> {
    for (;;) {
      let answer: Answer;
      try {
        answer = await this.#client.next();
      } catch (error) {
        if (this.#stopped) return;
        throw error;
      }
      if (answer.typeUrl === cds) this.#takeClusters(answer);
      else if (answer.typeUrl === eds) this.#takeEndpoints(answer);
      if (this.warming.size === 0 && this.#unaccepted !== undefined) {
        this.#client.accept(this.#unaccepted);
        this.#unaccepted = undefined;
      }
    }
  }

  #takeClusters(answer: Answer): void {
    const named = answer.names.filter(this.#concerns);
    const gone =
      this.#client.variant === 'delta'
        ? answer.removed
        : [...this.clusters].filter((name) => !named.includes(name));
    const before = new Set(this.clusters);
    for (const name of gone) {
      this.clusters.delete(name);
      this.warming.delete(name);
    }
    for (const name of named) {
      this.clusters.add(name);
      // In the whole of the state of the world most clusters are those that were there.
      if (this.#client.variant === 'delta' || !before.has(name)) this.warming.add(name);
    }
    this.#unaccepted = answer;
    this.#ask();
  }

  /** An assignment that is told to be removed ends the waiting as well. */
  #takeEndpoints(answer: Answer): void {
    for (const name of [...answer.names, ...answer.removed]) this.warming.delete(name);
    this.#client.accept(answer);
  }

  #ask(): void {
    const added = [...this.clusters].filter((name) => !this.#asked.has(name));
    const dropped = [...this.#asked].filter((name) => !this.clusters.has(name));
    this.#asked = new Set(this.clusters);
    const client = this.#client;
    if (client.variant === 'sotw') {
      if (added.length + dropped.length > 0) (client as SotwClient).ask(eds, [...this.clusters]);
      return;
    }
    if (dropped.length > 0) client.unsubscribe(eds, ...dropped);
    if (added.length > 0) client.subscribe(eds, ...added);
  }
}
