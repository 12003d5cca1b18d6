/**
 * Services that have no long poll of their own, since a server does not take thousands of them from one client: each is
 * read once, and again when something may have changed.
 */
import { setMaxListeners } from 'node:events';
import type { Subscription } from 'rxjs';
import type { AdapterContext } from './adapter.js';
import { Backoff, type BackoffOptions } from '../base/backoff.js';
import { failed, type Reading, snapshot } from './reading.js';
import type { ServiceRecord } from './record.js';

/** How services are read again; times in milliseconds. */
export interface RereadingOptions {
  /** How many are read at the same time; 16 when absent. */
  readonly atOnce?: number;
  /** The shortest time from the end of a round through all of them to the start of the next; a second when absent. */
  readonly roundPause?: number;
  readonly backoff?: BackoffOptions;
}

/** What is known of a service between two reads of it. */
interface Followed {
  known: ServiceRecord | undefined;
  backoff: Backoff | undefined;
  /** Reads that are still to confirm what was read. */
  toConfirm: number;
  /** When it is read again by itself. */
  timer: Subscription | undefined;
}

/** What decides that a value is read again, to confirm it. */
export type Suspicion = (now: ServiceRecord, before: ServiceRecord | undefined) => boolean;

const confirmations = 3;
const confirmPause = 500;

/** Reads them, urgent ones first. */
export class Rereading {
  readonly #read: (service: string, signal: AbortSignal) => Promise<ServiceRecord>;
  readonly #tell: (service: string, reading: Reading<ServiceRecord>) => void;
  readonly #suspicious: Suspicion;
  readonly #options: RereadingOptions;
  readonly #context: Pick<AdapterContext, 'scheduler' | 'random'>;
  readonly #services = new Map<string, Followed>();
  readonly #urgent = new Set<string>();
  readonly #due = new Set<string>();
  /** What is being read, and whether it has to be read once more, as something was heard of it meanwhile. */
  readonly #underWay = new Map<string, boolean>();
  readonly #end = new AbortController();
  #round: Subscription | undefined;
  #roundBegan = 0;
  #isAnotherRoundDue = false;

  constructor(
    read: (service: string, signal: AbortSignal) => Promise<ServiceRecord>,
    tell: (service: string, reading: Reading<ServiceRecord>) => void,
    suspicious: Suspicion,
    options: RereadingOptions,
    context: Pick<AdapterContext, 'scheduler' | 'random'>,
  ) {
    this.#read = read;
    this.#tell = tell;
    this.#suspicious = suspicious;
    this.#options = options;
    this.#context = context;
    // Each read that is under way listens to it.
    setMaxListeners(0, this.#end.signal);
  }

  has(service: string): boolean {
    return this.#services.has(service);
  }

  /** Reads a service, and again whenever it is asked for. */
  follow(service: string): void {
    this.#services.set(service, { known: undefined, backoff: undefined, toConfirm: 0, timer: undefined });
    this.#due.add(service);
    this.#work();
  }

  /** Forgets all services but these. @returns those that are forgotten. */
  keepOnly(services: ReadonlySet<string>): readonly string[] {
    const gone = [...this.#services.keys()].filter((service) => !services.has(service));
    for (const service of gone) this.#forget(service);
    return gone;
  }

  /** Something was heard of this service: it is read before others. */
  again(service: string): void {
    if (!this.#services.has(service)) return;
    if (this.#underWay.has(service)) this.#underWay.set(service, true);
    else this.#urgent.add(service);
    this.#work();
  }

  /** Any of them may have changed: a round through all begins, once the one that is under way has ended. */
  all(): void {
    if (this.#due.size > 0 || this.#round?.closed === false) {
      this.#isAnotherRoundDue = true;
      return;
    }
    this.#isAnotherRoundDue = false;
    this.#roundBegan = this.#context.scheduler.now();
    for (const service of this.#services.keys()) {
      if (this.#underWay.has(service)) this.#underWay.set(service, true);
      else this.#due.add(service);
    }
    this.#work();
  }

  /** Those that could not be read are read again at once. */
  retry(): void {
    for (const [service, { backoff }] of this.#services) if (backoff !== undefined) this.again(service);
  }

  end(): void {
    this.#end.abort();
    this.#round?.unsubscribe();
    for (const service of [...this.#services.keys()]) this.#forget(service);
  }

  #forget(service: string): void {
    this.#services.get(service)?.timer?.unsubscribe();
    this.#services.delete(service);
    this.#urgent.delete(service);
    this.#due.delete(service);
  }

  #work(): void {
    const { atOnce = 16 } = this.#options;
    while (this.#underWay.size < atOnce) {
      const service = firstOf(this.#urgent) ?? firstOf(this.#due);
      if (service === undefined) break;
      this.#urgent.delete(service);
      this.#due.delete(service);
      this.#underWay.set(service, false);
      void this.#once(service);
    }
    if (this.#due.size === 0 && this.#isAnotherRoundDue) this.#planRound();
  }

  /** A round takes half of the time at the most, however often something changes. */
  #planRound(): void {
    if (this.#round?.closed === false) return;
    const { scheduler } = this.#context;
    const rest = Math.max(this.#options.roundPause ?? 1_000, scheduler.now() - this.#roundBegan);
    this.#round = scheduler.schedule(() => {
      this.#round = undefined;
      this.all();
    }, rest);
  }

  async #once(service: string): Promise<void> {
    const { signal } = this.#end;
    const reading: Reading<ServiceRecord> = await this.#read(service, signal).then(snapshot, failed);
    if (signal.aborted) return;
    const isToBeReadAgain = this.#underWay.get(service) === true;
    this.#underWay.delete(service);
    const followed = this.#services.get(service);
    if (followed !== undefined) {
      this.#tell(service, reading);
      this.#plan(service, followed, reading);
      if (isToBeReadAgain) this.#urgent.add(service);
    }
    this.#work();
  }

  /** When it is read again, if nothing is heard of it. */
  #plan(service: string, followed: Followed, reading: Reading<ServiceRecord>): void {
    followed.timer?.unsubscribe();
    if (reading.outcome === 'failed') {
      followed.backoff ??= new Backoff(this.#options.backoff ?? {}, this.#context.random);
      followed.toConfirm = 0;
      this.#after(followed.backoff.next(), service, followed);
      return;
    }
    if (reading.outcome === 'unchanged') return;
    followed.backoff = undefined;
    if (followed.toConfirm > 0) followed.toConfirm -= 1;
    else if (this.#suspicious(reading.value, followed.known)) followed.toConfirm = confirmations;
    followed.known = reading.value;
    if (followed.toConfirm > 0) this.#after(confirmPause, service, followed);
  }

  #after(wait: number, service: string, followed: Followed): void {
    followed.timer = this.#context.scheduler.schedule(() => this.again(service), wait);
  }
}

function firstOf(services: ReadonlySet<string>): string | undefined {
  for (const service of services) return service;
  return undefined;
}
