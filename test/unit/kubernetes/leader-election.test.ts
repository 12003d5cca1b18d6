/** Several who want to lead, a Lease in memory, and a clock that the tests turn. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/kubernetes/api-error.js';
import type { Clock } from '../../../src/kubernetes/clock.js';
import {
  defaultLeaseTiming,
  LeaderElection,
  type ElectionState,
  type Term,
} from '../../../src/kubernetes/leader-election.js';
import type { Lease, LeaseSpec, LeaseStore } from '../../../src/kubernetes/lease.js';

/** Time passes when it is told to; who waits is woken in order. */
class TestClock implements Clock {
  time = 0;
  #waiting: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  date(): number {
    return Date.parse('2026-01-02T12:00:00Z') + this.time;
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== entry);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const entry = { at: this.time + milliseconds, wake: end };
      this.#waiting.push(entry);
      signal.addEventListener('abort', end);
    });
  }

  /** Lets time pass, and everything happen that happens meanwhile. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settled();
    for (;;) {
      const [next] = this.#waiting.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.time = Math.max(this.time, next.at);
      next.wake();
      await settled();
    }
    this.time = end;
  }
}

/** Everything that was to happen without time passing has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The Lease, which is changed by nobody who does not know its version. */
class MemoryLease {
  lease: Lease | undefined;
  #version = 0;

  /** The way of one process to the Lease. */
  way(): Way {
    return new Way(this);
  }

  put(spec: LeaseSpec): Lease {
    this.#version += 1;
    this.lease = { metadata: { name: 'l', namespace: 'n', resourceVersion: String(this.#version) }, spec };
    return this.lease;
  }
}

class Way implements LeaseStore {
  readonly name = 'n/l';
  readonly #memory: MemoryLease;
  /** What happens to requests: `hang` for no answer. */
  fault: ApiError | 'hang' | undefined;
  requests = 0;

  constructor(memory: MemoryLease) {
    this.#memory = memory;
  }

  async get(): Promise<Lease | undefined> {
    await this.#go();
    return this.#memory.lease;
  }

  async create(spec: LeaseSpec): Promise<Lease> {
    await this.#go();
    if (this.#memory.lease !== undefined) throw new ApiError('exists', 409, 'AlreadyExists');
    return this.#memory.put(spec);
  }

  async update(lease: Lease, spec: LeaseSpec): Promise<Lease> {
    await this.#go();
    if (this.#memory.lease?.metadata.resourceVersion !== lease.metadata.resourceVersion)
      throw new ApiError('changed', 409, 'Conflict');
    return this.#memory.put(spec);
  }

  async #go(): Promise<void> {
    this.requests += 1;
    await Promise.resolve();
    if (this.fault === 'hang') await new Promise(() => undefined);
    else if (this.fault !== undefined) throw this.fault;
  }
}

/** One of several. */
class Candidate {
  readonly way: Way;
  readonly election: LeaderElection;
  readonly states: ElectionState[] = [];
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  term: Term | undefined;
  terms = 0;
  /** Keeps a term from ending. */
  lingering: Promise<void> = Promise.resolve();

  constructor(identity: string) {
    this.way = memory.way();
    this.election = new LeaderElection({
      store: this.way,
      identity,
      clock,
      random: () => 0,
      onChange: (state) => this.states.push(state),
      lead: async (term) => {
        this.term = term;
        this.terms += 1;
        await new Promise((resolve) => {
          term.signal.addEventListener('abort', resolve, { once: true });
        });
        await this.lingering;
        this.term = undefined;
      },
    });
    this.#running = this.election.run(this.#end.signal);
    candidates.push(this);
  }

  get leads(): boolean {
    return this.election.state.leading;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }
}

const { duration, renewDeadline, retryPeriod, release } = defaultLeaseTiming;
let clock: TestClock;
let memory: MemoryLease;
let candidates: Candidate[];

beforeEach(() => {
  clock = new TestClock();
  memory = new MemoryLease();
  candidates = [];
});

afterEach(async () => {
  for (const candidate of candidates) {
    candidate.way.fault = undefined;
    await candidate.stop();
  }
});

function holder(): string | undefined {
  return memory.lease?.spec.holderIdentity;
}

test('of several one leads for as long as it renews the Lease', async () => {
  const a = new Candidate('a');
  const b = new Candidate('b');
  await clock.pass(10 * duration);
  expect([a.leads, b.leads]).toEqual([true, false]);
  expect(holder()).toBe('a');
  expect(memory.lease?.spec).toMatchObject({ leaseTransitions: 0, leaseDurationSeconds: 15 });
  expect(b.election.state.holder).toBe('a');
  expect(a.terms).toBe(1);
});

test('one who stops gives up the Lease when its work has ended, and another one has it after a retry', async () => {
  const a = new Candidate('a');
  const b = new Candidate('b');
  await clock.pass(duration);
  let finish: () => void = () => undefined;
  a.lingering = new Promise((resolve) => {
    finish = resolve;
  });
  const stopped = a.stop();
  await clock.pass(2 * retryPeriod);
  expect(holder()).toBe('a');
  finish();
  await stopped;
  expect(holder()).toBeUndefined();
  await clock.pass(retryPeriod);
  expect(b.leads).toBe(true);
  expect(memory.lease?.spec.leaseTransitions).toBe(1);
});

test('one who vanishes is followed when the Lease has ended', async () => {
  const a = new Candidate('a');
  await clock.pass(0);
  const b = new Candidate('b');
  await clock.pass(duration);
  expect(a.leads).toBe(true);
  a.way.fault = 'hang';
  await clock.pass(duration + retryPeriod + 1);
  expect(b.leads).toBe(true);
  expect(holder()).toBe('b');
});

test('one who cannot renew stops to lead before another one may begin, and its last request is not waited for', async () => {
  const a = new Candidate('a');
  const b = new Candidate('b');
  await clock.pass(3 * retryPeriod);
  a.way.fault = 'hang';
  const { term } = a;
  for (let waited = 0; !b.leads; waited += 100) {
    expect(waited).toBeLessThan(2 * duration);
    await clock.pass(100);
    expect([a.leads, b.leads]).not.toEqual([true, true]);
    if (waited > renewDeadline) expect(term?.signal.aborted).toBe(true);
  }
});

test('one who was stopped for a while knows that it may not lead any more before it has asked', async () => {
  const a = new Candidate('a');
  await clock.pass(3 * retryPeriod);
  expect(a.term?.holds()).toBe(true);
  // Nothing runs meanwhile.
  clock.time += duration;
  expect(a.term?.holds()).toBe(false);
});

test('one who could not renew for a moment leads on', async () => {
  const a = new Candidate('a');
  await clock.pass(3 * retryPeriod);
  a.way.fault = new ApiError('busy', 503, 'ServiceUnavailable');
  await clock.pass(renewDeadline - retryPeriod - 1);
  a.way.fault = undefined;
  await clock.pass(2 * duration);
  expect(a.leads).toBe(true);
  expect(a.terms).toBe(1);
});

test('one who lost the Lease by not reaching it leads again, without a transition, if nobody took it', async () => {
  const a = new Candidate('a');
  await clock.pass(retryPeriod);
  a.way.fault = new ApiError('busy', 503, 'ServiceUnavailable');
  await clock.pass(2 * duration);
  expect(a.leads).toBe(false);
  a.way.fault = undefined;
  await clock.pass(2 * retryPeriod);
  expect(a.leads).toBe(true);
  expect(a.terms).toBe(2);
  expect(memory.lease?.spec.leaseTransitions).toBe(0);
});

test('one from whom the Lease was taken stops at the next renewal', async () => {
  const a = new Candidate('a');
  await clock.pass(retryPeriod);
  memory.put({ holderIdentity: 'thief', leaseDurationSeconds: 15 });
  await clock.pass(retryPeriod);
  expect(a.leads).toBe(false);
  expect(a.election.state).toMatchObject({ holder: 'thief', error: undefined });
  await clock.pass(duration + retryPeriod);
  expect(a.leads).toBe(true);
});

test('what others write beside the spec costs nothing but a look at it', async () => {
  const a = new Candidate('a');
  await clock.pass(retryPeriod);
  if (memory.lease !== undefined) memory.put(memory.lease.spec);
  await clock.pass(retryPeriod);
  expect(a.leads).toBe(true);
  expect(a.terms).toBe(1);
});

test('a Lease of which another one is the first to know is waited for as long as it lasts, however old it says it is', async () => {
  memory.put({ holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' });
  const a = new Candidate('a');
  await clock.pass(duration - 1);
  expect(a.leads).toBe(false);
  await clock.pass(retryPeriod + 1);
  expect(a.leads).toBe(true);
  expect(memory.lease?.spec.leaseTransitions).toBe(1);
});

describe('a failure', () => {
  test('is told once, and again when it is over', async () => {
    const denied = new ApiError('leases is forbidden', 403, 'Forbidden');
    memory.put({ leaseDurationSeconds: 1 });
    const a = new Candidate('a');
    a.way.fault = denied;
    await clock.pass(5 * retryPeriod);
    expect(a.states.map(({ error }) => error)).toEqual([denied]);
    a.way.fault = undefined;
    await clock.pass(retryPeriod);
    expect(a.leads).toBe(true);
    expect(a.election.state.error).toBeUndefined();
  });

  test('leads to no more than a request for each period', async () => {
    const a = new Candidate('a');
    a.way.fault = new ApiError('leases is forbidden', 403, 'Forbidden');
    await clock.pass(10 * retryPeriod);
    expect(a.way.requests).toBeLessThanOrEqual(11);
  });

  test('to give up the Lease holds up the end no longer than its time', async () => {
    const a = new Candidate('a');
    await clock.pass(retryPeriod);
    a.way.fault = 'hang';
    let ended = false;
    const stopped = a.stop().then(() => {
      ended = true;
    });
    await clock.pass(release - 1);
    expect(ended).toBe(false);
    await clock.pass(1);
    await stopped;
    expect(ended).toBe(true);
  });
});

test('those who wait do so for up to 2.2 periods, so that not all ask at once', async () => {
  memory.put({ holderIdentity: 'other', leaseDurationSeconds: 3600 });
  const way = memory.way();
  const end = new AbortController();
  const lead = (): Promise<void> => Promise.resolve();
  const running = new LeaderElection({ store: way, identity: 'a', clock, random: () => 0.999, lead }).run(
    end.signal,
  );
  await clock.pass(10 * 2.2 * retryPeriod);
  expect(way.requests).toBeGreaterThanOrEqual(10);
  expect(way.requests).toBeLessThanOrEqual(12);
  end.abort();
  await running;
});
