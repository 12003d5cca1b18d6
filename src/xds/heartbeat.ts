/** Tells when resources with a time to live are due to be said to be alive: after half of it (92). */
import type { EncodedResource } from '../envoy/resource.js';

/** More milliseconds than a timer can wait; a heartbeat that comes early does no harm. */
const longestWait = 2 ** 31 - 1;

const noTypes: readonly string[] = [];

export class Heartbeat {
  readonly #onDue: () => void;
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly interval: number }>();
  readonly #due = new Set<string>();

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Whether some type is due. */
  get due(): boolean {
    return this.#due.size > 0;
  }

  /** The types that are due; they are so no longer. */
  take(): readonly string[] {
    if (this.#due.size === 0) return noTypes;
    const types = [...this.#due];
    this.#due.clear();
    return types;
  }

  /** The resources of a type that a client has been brought to, from now on. */
  watch(typeUrl: string, resources: readonly EncodedResource[]): void {
    let shortest = Infinity;
    for (const { ttl } of resources) if (ttl !== undefined && ttl < shortest) shortest = ttl;
    const interval = shortest === Infinity ? Infinity : Math.min(shortest / 2, longestWait);
    const known = this.#timers.get(typeUrl);
    if (known?.interval === interval) return;
    if (known !== undefined) clearInterval(known.timer);
    this.#timers.delete(typeUrl);
    if (interval === Infinity) return;
    const timer = setInterval(() => {
      this.#due.add(typeUrl);
      this.#onDue();
    }, interval);
    timer.unref();
    this.#timers.set(typeUrl, { timer, interval });
  }

  stop(): void {
    for (const { timer } of this.#timers.values()) clearInterval(timer);
    this.#timers.clear();
    this.#due.clear();
  }
}
