/**
 * The removal guard: a registry that suddenly loses many endpoints, or a service its last one, is not believed at once.
 * What is gone stays in force until further reads say the same, a time is over, or a person lets it go.
 */
import { compareStrings } from '../base/compare.js';
import type { Endpoint } from '../model/endpoint.js';
import type { RegistryEvent } from './registry.js';
import type { GuardCounts, GuardRules, HeldRemoval } from './safety.js';
import type { RegistryEndpoints } from './view.js';

/** An event that removes endpoints. */
export type Removal = Extract<RegistryEvent, { type: 'endpoints' | 'endpoints-removed' | 'service-removed' }>;

interface Hold extends HeldRemoval {
  /** What is put into force once it is let through. */
  readonly event: Removal;
  /** In which reading it was said last; the end of that very reading confirms nothing. */
  readonly reading: number;
}

/** How a hold ends. */
type End = Exclude<keyof GuardCounts, 'held'>;

const noEndpoints: readonly Endpoint[] = Object.freeze([]);

/** Decides about removals of one registry; pure but for its clock. */
export class RemovalGuard {
  #rules: GuardRules;
  readonly #now: () => number;
  readonly #holds = new Map<string, Hold>();
  #version = 0;
  /** Endpoints that were let go lately. */
  #losses: { readonly at: number; readonly count: number }[] = [];
  #reading = 0;
  #counts: GuardCounts = { held: 0, confirmed: 0, expired: 0, overridden: 0, cancelled: 0 };

  constructor(rules: GuardRules, now: () => number) {
    this.#rules = rules;
    this.#now = now;
  }

  /** Other rules from now on; what is held stays so, as it was held. */
  setRules(rules: GuardRules): void {
    this.#rules = rules;
  }

  /** Another number whenever what is held, or its counts, changed. */
  get version(): number {
    return this.#version;
  }

  get counts(): GuardCounts {
    return this.#counts;
  }

  /** What is held, by key. */
  held(): readonly HeldRemoval[] {
    return [...this.#holds.values()]
      .map(({ event: _, reading: __, ...held }) => held)
      .sort((a, b) => compareStrings(a.key, b.key));
  }

  /** Whether something is held under a key. */
  holds(key: string): boolean {
    return this.#holds.has(key);
  }

  /** When the next hold ends by time; undefined when nothing is held. */
  nextDue(): number | undefined {
    let due: number | undefined;
    for (const { until } of this.#holds.values()) due = Math.min(due ?? until, until);
    return due;
  }

  /**
   * Takes in an event that may remove endpoints.
   *
   * @param known what is in force under its key.
   * @param total how many endpoints of the registry are in force.
   * @returns the endpoints that stay in force beside those that the event says; undefined when the event counts as it is.
   */
  consider(
    event: Removal,
    known: RegistryEndpoints | undefined,
    total: number,
  ): readonly Endpoint[] | undefined {
    const { key } = event;
    const next = event.type === 'endpoints' ? event.endpoints : noEndpoints;
    const lost = lostEndpoints(known?.endpoints ?? noEndpoints, next);
    const hold = this.#holds.get(key);
    if (known === undefined || lost.length === 0) {
      if (hold !== undefined) this.#end(hold, 'cancelled');
      return undefined;
    }
    if (hold !== undefined) return this.#again(hold, event, lost);
    const reason = this.#reasonToHold(known.endpoints.length, lost.length, total);
    if (reason === undefined) {
      this.#lost(lost.length);
      return undefined;
    }
    const now = this.#now();
    this.#set({
      key,
      hostname: known.hostname,
      namespace: known.namespace,
      endpoints: lost.length,
      reason,
      since: now,
      until: now + this.#rules.holdFor,
      confirmations: 0,
      event,
      reading: this.#reading,
    });
    this.#count('held');
    return lost;
  }

  /** The service of a key is there again, although its removal is held. */
  serviceIsBack(key: string): void {
    const hold = this.#holds.get(key);
    if (hold?.event.type === 'service-removed')
      this.#set({ ...hold, event: { type: 'endpoints-removed', key } });
  }

  /** The service of a key was read and is as it was said last; everything without one. @returns what is confirmed by it. */
  confirm(key?: string): readonly Removal[] {
    const reading = this.#reading;
    if (key === undefined) this.#reading += 1;
    const read = key === undefined ? [...this.#holds.values()] : [this.#holds.get(key)];
    return read.flatMap((hold) => {
      if (hold === undefined || (key === undefined && hold.reading === reading)) return [];
      return this.#confirmed({ ...hold, confirmations: hold.confirmations + 1 }) ? [hold.event] : [];
    });
  }

  /** The service of a key could not be read, or nothing could: time does not confirm what nobody could look at. */
  postpone(key?: string): void {
    const until = this.#now() + this.#rules.holdFor;
    for (const hold of this.#holds.values())
      if (key === undefined || hold.key === key) this.#set({ ...hold, until });
  }

  /** What is let through because its time is over. */
  due(): readonly Removal[] {
    const now = this.#now();
    return [...this.#holds.values()]
      .filter(({ until }) => until <= now)
      .map((hold) => {
        this.#end(hold, 'expired');
        this.#lost(hold.endpoints);
        return hold.event;
      });
  }

  /** What is let through because a person says so: one key, or everything. */
  override(key?: string): readonly Removal[] {
    return [...this.#holds.values()]
      .filter((hold) => key === undefined || hold.key === key)
      .map((hold) => {
        this.#end(hold, 'overridden');
        return hold.event;
      });
  }

  #again(hold: Hold, event: Removal, lost: readonly Endpoint[]): readonly Endpoint[] | undefined {
    const next: Hold = {
      ...hold,
      event,
      endpoints: lost.length,
      confirmations: hold.confirmations + 1,
      reading: this.#reading,
    };
    return this.#confirmed(next) ? undefined : lost;
  }

  #confirmed(hold: Hold): boolean {
    this.#set(hold);
    if (hold.confirmations < this.#rules.confirmations) return false;
    this.#end(hold, 'confirmed');
    this.#lost(hold.endpoints);
    return true;
  }

  #reasonToHold(known: number, lost: number, total: number): string | undefined {
    if (lost === known) return 'its last endpoints are gone';
    const { share, least, window } = this.#rules;
    const since = this.#now() - window;
    this.#losses = this.#losses.filter(({ at }) => at >= since);
    const gone = this.#losses.reduce((sum, { count }) => sum + count, 0);
    let held = 0;
    for (const { endpoints } of this.#holds.values()) held += endpoints;
    const all = gone + held + lost;
    if (all < least || all <= share * (total + gone)) return undefined;
    return `${all} of ${total + gone} endpoints of the registry are gone within ${Math.round(window / 1000)} s`;
  }

  #set(hold: Hold): void {
    this.#holds.set(hold.key, hold);
    this.#version += 1;
  }

  #lost(count: number): void {
    this.#losses.push({ at: this.#now(), count });
  }

  #end(hold: Hold, end: End): void {
    this.#holds.delete(hold.key);
    this.#version += 1;
    this.#count(end);
  }

  #count(what: keyof GuardCounts): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
  }
}

function lostEndpoints(known: readonly Endpoint[], next: readonly Endpoint[]): readonly Endpoint[] {
  if (known.length === 0) return noEndpoints;
  const said = new Set(next.map(identityOf));
  return known.filter((endpoint) => !said.has(identityOf(endpoint)));
}

/** What makes an endpoint the same although its health, weight or labels change. */
function identityOf({ addresses, port, servicePortName }: Endpoint): string {
  return `${addresses[0] ?? ''} ${port} ${servicePortName}`;
}
