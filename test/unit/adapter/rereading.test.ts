/** Long polls for some services, and rereading for the others. */
import { Subject, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  longPolling,
  type LongPollingOptions,
  type Polled,
  type PollPosition,
  type ReadEvent,
  type ServiceRecord,
} from '../../../src/adapter/index.js';
import { contextOf } from './context.js';

let subscription: Subscription | undefined;
afterEach(() => subscription?.unsubscribe());

/** A registry of services with some instances each, which notes what is asked of it. */
class Registry {
  readonly hints = new Subject<readonly string[]>();
  readonly wake = new Subject<void>();
  readonly counts = new Map<string, number>();
  /** Names of services that were read, in order; long polls with their index. */
  readonly reads: string[] = [];
  readonly events: ReadEvent[] = [];
  readonly broken = new Set<string>();
  listBroken = false;
  #index = 1;
  #wakes: (() => void)[] = [];

  constructor(...services: readonly string[]) {
    for (const service of services) this.counts.set(service, 1);
  }

  watch(options: LongPollingOptions): void {
    subscription = longPolling(
      {
        list: (at) =>
          this.#answer(at, () => {
            if (this.listBroken) throw new Error('no list');
            return [...this.counts.keys()];
          }),
        service: (service, at) => {
          this.reads.push(at.index === 0 ? service : `${service}@${at.index}`);
          return this.#answer(at, () => this.#record(service));
        },
        hints: this.hints,
      },
      { pace: 0, backoff: { first: 60_000 }, roundPause: 0, wake: this.wake, ...options },
      contextOf(),
    ).subscribe((event) => this.events.push(event));
  }

  changed(service: string, count: number): void {
    this.counts.set(service, count);
    this.#index += 1;
    for (const wake of this.#wakes.splice(0)) wake();
  }

  /** The last number of instances that was said of a service, or that it failed. */
  said(service: string): number | 'failed' | undefined {
    const last = this.events.findLast((event) => event.type === 'service' && event.service === service);
    if (last?.type !== 'service') return undefined;
    return last.reading.outcome === 'snapshot' ? last.reading.value.instances.length : 'failed';
  }

  get synced(): boolean {
    return this.events.some(({ type }) => type === 'synced');
  }

  async #answer<Value>({ index, signal }: PollPosition, value: () => Value): Promise<Polled<Value>> {
    if (index >= this.#index)
      await new Promise<void>((resolve, reject) => {
        this.#wakes.push(resolve);
        signal.addEventListener('abort', () => reject(new Error('ended')), { once: true });
      });
    return { index: this.#index, value: value() };
  }

  #record(service: string): ServiceRecord {
    if (this.broken.has(service)) throw new Error('broken on purpose');
    const instances = Array.from({ length: this.counts.get(service) ?? 0 }, (_, index) => ({
      id: `${index}`,
      address: `10.0.0.${index}`,
      ports: [],
      health: 'healthy' as const,
    }));
    return { service, instances };
  }
}

describe('services beyond those with a long poll of their own', () => {
  it('are read once at first, and everything has been said when they were', async () => {
    const registry = new Registry('a', 'b', 'c');
    registry.watch({ own: 1 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    await vi.waitFor(() => expect(registry.reads).toContain('a@1'));
    expect([...registry.reads].sort()).toEqual(['a', 'a@1', 'b', 'c']);
  });

  it('are read again when the list says that something changed', async () => {
    const registry = new Registry('a', 'b', 'c');
    registry.watch({ own: 1 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    registry.changed('c', 3);
    await vi.waitFor(() => expect(registry.said('c')).toBe(3));
    registry.changed('b', 2);
    await vi.waitFor(() => expect(registry.said('b')).toBe(2));
  });

  it('are read again at once, and alone, when they are hinted at', async () => {
    const registry = new Registry('a', 'b', 'c');
    registry.watch({ own: 0 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    registry.reads.length = 0;
    registry.hints.next(['b', 'unknown']);
    await vi.waitFor(() => expect(registry.reads).toEqual(['b']));
  });

  it('that are hinted at while they are read are read once more', async () => {
    const registry = new Registry('a');
    registry.watch({ own: 0 });
    await vi.waitFor(() => expect(registry.reads).toHaveLength(1));
    registry.hints.next(['a']);
    await vi.waitFor(() => expect(registry.reads).toEqual(['a', 'a']));
  });

  it('keep what is known when they cannot be read, and are asked for again when it can be tried', async () => {
    const registry = new Registry('a', 'b');
    registry.watch({ own: 0 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    registry.broken.add('b');
    registry.hints.next(['b']);
    await vi.waitFor(() => expect(registry.said('b')).toBe('failed'));
    registry.broken.clear();
    registry.wake.next();
    await vi.waitFor(() => expect(registry.said('b')).toBe(1));
  });

  it('are looked at when there is no list to say that nothing changed', async () => {
    const registry = new Registry('a', 'b');
    registry.watch({ own: 0 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    registry.listBroken = true;
    registry.broken.add('a');
    registry.broken.add('b');
    registry.changed('a', 1);
    await vi.waitFor(() => expect([registry.said('a'), registry.said('b')]).toEqual(['failed', 'failed']));
  });

  it('are asked for again some times when they lost most of their instances', async () => {
    const registry = new Registry('a');
    registry.counts.set('a', 5);
    registry.watch({ own: 0 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    registry.reads.length = 0;
    registry.changed('a', 0);
    await vi.waitFor(() => expect(registry.reads).toEqual(['a', 'a', 'a', 'a']), { timeout: 5_000 });
  });

  it('are not read any more when they are gone', async () => {
    const registry = new Registry('a', 'b');
    registry.watch({ own: 0 });
    await vi.waitFor(() => expect(registry.synced).toBe(true));
    registry.counts.delete('a');
    registry.changed('b', 2);
    await vi.waitFor(() => expect(registry.said('b')).toBe(2));
    registry.reads.length = 0;
    registry.hints.next(['a', 'b']);
    await vi.waitFor(() => expect(registry.reads).toEqual(['b']));
  });
});

it('no more services are read at once than said', async () => {
  let underWay = 0;
  let most = 0;
  const services = Array.from({ length: 50 }, (_, index) => `service-${index}`);
  const events: ReadEvent[] = [];
  subscription = longPolling(
    {
      list: async ({ index, signal }) => {
        if (index > 0)
          await new Promise((_, reject) => signal.addEventListener('abort', reject, { once: true }));
        return { index: 1, value: services };
      },
      service: async (service) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return { index: 1, value: { service, instances: [] } };
      },
    },
    { own: 0, atOnce: 4 },
    contextOf(),
  ).subscribe((event) => events.push(event));
  await vi.waitFor(() => expect(events.some(({ type }) => type === 'synced')).toBe(true));
  expect(most).toBe(4);
});
