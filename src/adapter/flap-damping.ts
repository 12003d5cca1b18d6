/**
 * Flap damping: an instance that comes and goes too often counts as unhealthy until it has been calm for a while. Bad
 * news count at once, only good news wait; and the last usable instance of a service is never taken out by it.
 */
import type { InstanceHealth, InstanceRecord, ServiceRecord } from './record.js';

/** When an instance is damped. */
export interface DampingRules {
  /** How many changes between usable and not, or not there, make an instance one that flaps. */
  readonly changes: number;
  /** After which time of calm half of them are forgotten, in milliseconds. */
  readonly halfLife: number;
}

/** The rules of adapters, unless their settings say otherwise. */
export const defaultDamping: DampingRules = Object.freeze({ changes: 6, halfLife: 30_000 });

interface History {
  readonly usable: boolean;
  /** Changes, as far as they are not forgotten, as of `at`. */
  readonly penalty: number;
  readonly at: number;
  readonly damped: boolean;
}

/** A record with its damped instances unhealthy. */
export interface Damped {
  readonly record: ServiceRecord;
  readonly instances: readonly string[];
  /** When the first of them is calm again, in the clock's milliseconds. */
  readonly until: number | undefined;
}

/** Remembers how often instances changed. */
export class FlapDamping {
  readonly #rules: DampingRules;
  readonly #now: () => number;
  readonly #services = new Map<string, Map<string, History>>();

  constructor(rules: DampingRules, now: () => number) {
    this.#rules = rules;
    this.#now = now;
  }

  /** Takes in what a record says of its instances. */
  damp(record: ServiceRecord): Damped {
    const before = this.#services.get(record.service);
    const now = this.#now();
    const histories = new Map<string, History>();
    for (const { id, health } of record.instances)
      histories.set(id, this.#next(before?.get(id), isUsable(health), now, before !== undefined));
    for (const [id, known] of before ?? []) {
      if (histories.has(id)) continue;
      const gone = this.#next(known, false, now, true);
      if (gone.penalty > 0.5) histories.set(id, gone);
    }
    this.#services.set(record.service, histories);
    return this.#apply(record, histories, now);
  }

  /** A service is gone; its instances are remembered as long as they would be if it had none. */
  remove(service: string): void {
    const before = this.#services.get(service);
    if (before !== undefined) this.damp({ service, instances: [] });
    if (this.#services.get(service)?.size === 0) this.#services.delete(service);
  }

  #next(known: History | undefined, usable: boolean, now: number, isCounted: boolean): History {
    if (known === undefined) return { usable, penalty: isCounted && usable ? 1 : 0, at: now, damped: false };
    const penalty =
      known.penalty * 2 ** (-(now - known.at) / this.#rules.halfLife) + Number(known.usable !== usable);
    const { changes } = this.#rules;
    const damped = penalty >= changes || (known.damped && penalty > changes / 2);
    return { usable, penalty, at: now, damped };
  }

  #apply(record: ServiceRecord, histories: ReadonlyMap<string, History>, now: number): Damped {
    const flapping = record.instances.filter(
      ({ id, health }) => isUsable(health) && histories.get(id)?.damped === true,
    );
    const usable = record.instances.filter(({ health }) => isUsable(health)).length;
    if (flapping.length === 0 || flapping.length === usable)
      return { record, instances: [], until: undefined };
    const ids = new Set(flapping.map(({ id }) => id));
    const until = Math.min(...flapping.map(({ id }) => this.#calmAt(histories.get(id), now)));
    const instances = record.instances.map((instance): InstanceRecord =>
      ids.has(instance.id) ? { ...instance, health: 'unhealthy' } : instance,
    );
    return { record: { ...record, instances }, instances: [...ids], until };
  }

  #calmAt(history: History | undefined, now: number): number {
    const { changes, halfLife } = this.#rules;
    const left = Math.log2((history?.penalty ?? 0) / (changes / 2));
    return now + Math.max(0, left * halfLife) + 1;
  }
}

function isUsable(health: InstanceHealth): boolean {
  return health === 'healthy' || health === 'degraded';
}
