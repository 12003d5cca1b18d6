/** Which parts of a registry could not be read, by key. */
import type { Endpoint } from '../model/endpoint.js';
import type { StalePart } from './safety.js';

/** An endpoint that says itself that it may be outdated. */
export function staleEndpoint(endpoint: Endpoint): Endpoint {
  return { ...endpoint, provenance: { ...endpoint.provenance, stale: true } };
}

/** An endpoint that does not. */
export function freshEndpoint(endpoint: Endpoint): Endpoint {
  const { stale: _, ...provenance } = endpoint.provenance;
  return { ...endpoint, provenance };
}

/** What is stale; the map that is handed out is the same as long as nothing changes. */
export class Staleness {
  readonly #now: () => number;
  readonly #parts = new Map<string, StalePart>();
  #handedOut: ReadonlyMap<string, StalePart> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Marks a part; a part that failed by itself stays so when the registry fails. False when it was marked alike. */
  set(key: string, { of, reason }: Omit<StalePart, 'since'>): boolean {
    const known = this.#parts.get(key);
    if (known !== undefined && (known.of === 'part' || of === 'registry')) {
      if (known.of !== of || known.reason === reason) return false;
    }
    this.#parts.set(key, { since: known?.since ?? this.#now(), reason, of });
    this.#handedOut = undefined;
    return true;
  }

  /** Takes the mark off; false when there was none. */
  delete(key: string): boolean {
    if (!this.#parts.delete(key)) return false;
    this.#handedOut = undefined;
    return true;
  }

  /** The keys that are stale because of the registry as a whole. */
  keysOf(of: StalePart['of']): readonly string[] {
    return [...this.#parts].flatMap(([key, part]) => (part.of === of ? [key] : []));
  }

  /** What is stale now. */
  parts(): ReadonlyMap<string, StalePart> {
    this.#handedOut ??= new Map(this.#parts);
    return this.#handedOut;
  }
}
