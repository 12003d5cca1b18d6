/**
 * What one registry holds: its events reduced to immutable views. This is the only state there is of a registry,
 * and the one place where rules live that protect the mesh from a registry that is down, partial or wrong.
 *
 * A value enters by one of the `#admit…` methods and leaves by one of the `#release…` methods or by the sweep that
 * ends a reading; a rule that refuses, delays or holds back a change belongs at one of these three.
 */
import { deepEqual } from '../base/compare.js';
import { errorMessage } from '../base/errors.js';
import type { Endpoint } from '../model/endpoint.js';
import type { NetworkGateway } from '../model/network.js';
import type { Service } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { workloadKey } from '../model/workload.js';
import { reuseList } from '../base/changes.js';
import type { LastKnown } from './last-known.js';
import {
  endpointFault,
  gatewayFault,
  legalOnes,
  ownerFault,
  serviceFault,
  workloadFault,
} from './legality.js';
import { Quarantine } from './quarantine.js';
import type { RegistryEvent, RegistryStatus, ServiceRegistry } from './registry.js';
import { RemovalGuard, type Removal } from './removal-guard.js';
import { noCounts, type RegistrySafety, type SafetyRules } from './safety.js';
import { freshEndpoint, staleEndpoint, Staleness } from './staleness.js';
import { ValueTable } from './value-table.js';
import type { RegistryEndpoints, RegistryView } from './view.js';

type EventOf<Type extends RegistryEvent['type']> = Extract<RegistryEvent, { type: Type }>;

const gatewaysKey = 'gateways';

interface Tables {
  readonly service: ValueTable<Service>;
  readonly endpoints: ValueTable<RegistryEndpoints>;
  readonly workload: ValueTable<Workload>;
  readonly gateways: ValueTable<readonly NetworkGateway[]>;
}

/** What a quarantined value is. */
type Part = keyof Tables | 'event' | 'adapter';

/** What a store needs beside its registry's identity. */
export interface StoreOptions {
  readonly safety?: SafetyRules | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The state of one registry. Not for sharing between registries; `runRegistry` feeds it. */
export class RegistryStore {
  readonly #identity: Pick<ServiceRegistry, 'provider' | 'cluster'>;
  readonly #tables: Tables = {
    service: new ValueTable<Service>(),
    endpoints: new ValueTable<RegistryEndpoints>(),
    workload: new ValueTable<Workload>(),
    gateways: new ValueTable<readonly NetworkGateway[]>(),
  };
  readonly #quarantined = new Quarantine();
  #synced = false;
  #status: RegistryStatus = { state: 'connecting' };
  /** False once the registry as a whole could not be read, until it was. */
  #readable = true;
  /** The present watch has said how the registry is doing. */
  #statusSaid = false;
  #view: RegistryView | undefined;
  readonly #now: () => number;
  #guard: RemovalGuard | undefined;
  /** A removal that was held is let through. */
  #isReleasing = false;
  /** Removals that were let through since they were asked for. */
  #released: RegistryEvent[] = [];
  readonly #stale: Staleness;
  /** How many endpoints are in force. */
  #endpointCount = 0;
  /** When the values were read that come from the disk; undefined without any. */
  #restoredAt: number | undefined;
  /** Keys of services whose values only the disk has told. */
  readonly #restored = new Set<string>();
  #safety: RegistrySafety | undefined;

  /** @param registry whose values these are; only its identity is used. */
  constructor(
    registry: Pick<ServiceRegistry, 'provider' | 'cluster'>,
    { safety, now = Date.now }: StoreOptions = {},
  ) {
    this.#identity = { provider: registry.provider, cluster: registry.cluster };
    this.#now = now;
    this.#stale = new Staleness(now);
    this.protect(safety);
    this.restart();
  }

  /** Sets the rules by which removals are held from now on; what is held is let through when there are none any more. */
  protect(safety: SafetyRules | undefined): void {
    const rules = safety?.guard;
    const guard = this.#guard;
    if (rules !== undefined && guard !== undefined) {
      guard.setRules(rules);
      return;
    }
    this.#guard = rules === undefined ? undefined : new RemovalGuard(rules, this.#now);
    if (guard !== undefined) this.#letThrough(guard.override());
  }

  /**
   * Takes in an event. Costs what the event's own value costs, however much is known; the first change of a kind of
   * value after a view copies its map once. Never throws: what cannot be used is quarantined.
   * @returns whether the view changed.
   */
  apply(event: RegistryEvent): boolean {
    const guard = this.#guard?.version;
    const changed = this.#apply(event) || guard !== this.#guard?.version;
    if (changed) this.#view = undefined;
    return changed;
  }

  /** Whether everything has been said once. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The store's clock, in milliseconds since the epoch. */
  now(): number {
    return this.#now();
  }

  /** When the next thing happens that time brings about, in milliseconds since the epoch; undefined when nothing does. */
  nextDue(expiry = Infinity): number | undefined {
    const held = this.#readable ? this.#guard?.nextDue() : undefined;
    const restored =
      this.#restoredAt === undefined || this.#restored.size === 0 ? Infinity : this.#restoredAt + expiry;
    const due = Math.min(held ?? Infinity, restored);
    return due === Infinity ? undefined : due;
  }

  /** Does what time brings about: removals that were held long enough; the end of what only the disk has told. */
  tick(expiry = Infinity): void {
    if (this.#readable) this.#letThrough(this.#guard?.due() ?? []);
    if (this.#restoredAt === undefined || this.#now() < this.#restoredAt + expiry) return;
    this.#letThrough([...this.#restored].map((key) => ({ type: 'service-removed', key })));
    this.#restored.clear();
    this.#changed();
  }

  /** Lets held removals through: that of one key, or all. @returns how many there were. */
  releaseHeld(key?: string): number {
    const removals = this.#guard?.override(key) ?? [];
    this.#letThrough(removals);
    return removals.length;
  }

  /** Removals that were held and let through since the last call: they are in force, and were not told by `apply`. */
  takeReleased(): readonly RegistryEvent[] {
    return this.#released.splice(0);
  }

  /**
   * Puts values into force that were read before the start, stale until the registry says them again. They count as
   * everything once the registry says that it cannot be read, or `settle` is called.
   */
  restore({ at, services, endpoints, workloads, gateways }: LastKnown): void {
    if (this.#synced) return;
    const said: RegistryEvent[] = [
      ...services.map(([key, service]) => ({ type: 'service' as const, key, service })),
      ...endpoints.map(([key, value]) => ({ type: 'endpoints' as const, key, ...value })),
      ...workloads.map((workload) => ({ type: 'workload' as const, workload })),
      ...(gateways.length > 0 ? [{ type: 'gateways' as const, gateways }] : []),
    ];
    for (const event of said) this.#apply(event);
    for (const [key] of [...services, ...endpoints]) this.#restored.add(key);
    this.#restoredAt = at;
    this.#markAllStale(`it is as of ${new Date(at).toISOString()}, before the start`);
    this.restart();
    this.#changed();
  }

  /** Values from the disk count as everything from now on, as the registry has not been read by now. */
  settle(): boolean {
    if (this.#synced || this.#restoredAt === undefined) return false;
    this.#synced = true;
    this.#changed();
    return true;
  }

  /**
   * A new watch begins. Everything known stays in force; what the watch does not say again before its `synced` is
   * removed then, and not before.
   */
  restart(): void {
    for (const table of this.#allTables()) table.restart();
    this.#statusSaid = false;
  }

  /** What is known now: immutable, and the same object as long as nothing changes. */
  view(): RegistryView {
    this.#view ??= {
      ...this.#identity,
      synced: this.#synced,
      status: this.#status,
      services: this.#tables.service.snapshot(),
      endpoints: this.#tables.endpoints.snapshot(),
      workloads: this.#tables.workload.snapshot(),
      gateways: this.#tables.gateways.get(gatewaysKey) ?? noGateways,
      quarantined: this.#quarantined.list(),
      safety: this.#listSafety(),
    };
    return this.#view;
  }

  #listSafety(): RegistrySafety {
    const next: RegistrySafety = {
      readable: this.#readable,
      stale: this.#stale.parts(),
      held: reuseList(this.#safety?.held, this.#guard?.held() ?? noHeld),
      counts: this.#guard?.counts ?? noCounts,
      restored: this.#restored.size,
    };
    if (!deepEqual(this.#safety, next)) this.#safety = next;
    return this.#safety ?? next;
  }

  #apply(event: RegistryEvent): boolean {
    switch (event.type) {
      case 'service':
        return this.#guarded('service', event.key, () => this.#admitService(event));
      case 'service-removed':
        return this.#releaseService(event);
      case 'endpoints':
        return this.#guarded('endpoints', event.key, () => this.#admitEndpoints(event));
      case 'endpoints-removed':
        return this.#releaseEndpoints(event);
      case 'unchanged':
        return this.#confirm(event.key);
      case 'failed':
        return this.#fail(event);
      case 'quarantined':
        if (event.reason !== undefined) this.#markSaid(event.key);
        return this.#note('adapter', event.key, event.reason);
      case 'workload':
        return this.#guarded('workload', keyOfWorkload(event.workload), () => this.#admitWorkload(event));
      case 'workload-removed':
        return this.#release('workload', event.key);
      case 'gateways':
        return this.#guarded('gateways', gatewaysKey, () => this.#admitGateways(event));
      case 'synced':
        return this.#completeReading();
      case 'status':
        this.#statusSaid = true;
        return this.#setStatus(event.status);
      default:
        return this.#note('event', typeOf(event), 'no such event is known');
    }
  }

  #admitService({ key, service }: EventOf<'service'>): boolean {
    const fault = serviceFault(service) ?? this.#keyFault(key, service);
    if (fault !== undefined) return this.#quarantine('service', key, fault);
    this.#guard?.serviceIsBack(key);
    const changed = this.#tables.service.set(key, service);
    const fresh = this.#freshen(key);
    return this.#note('service', key, undefined) || changed || fresh;
  }

  #admitEndpoints({ key, hostname, namespace, endpoints }: EventOf<'endpoints'>): boolean {
    const fault = ownerFault({ hostname });
    if (fault !== undefined) return this.#quarantine('endpoints', key, fault);
    const { legal, reason } = legalOnes(endpoints, endpointFault);
    const kept = this.#hold({ type: 'endpoints', key, hostname, namespace, endpoints: legal });
    const inForce = kept === undefined ? legal : [...legal, ...kept];
    const changed = this.#setEndpoints(key, { hostname, namespace, endpoints: inForce });
    const fresh = this.#freshen(key, kept);
    return this.#note('endpoints', key, reason) || changed || fresh;
  }

  #admitWorkload({ workload }: EventOf<'workload'>): boolean {
    const key = workloadKey(workload);
    const fault = workloadFault(workload);
    if (fault !== undefined) return this.#quarantine('workload', key, fault);
    const changed = this.#tables.workload.set(key, workload);
    return this.#note('workload', key, undefined) || changed;
  }

  #admitGateways({ gateways }: EventOf<'gateways'>): boolean {
    const { legal, reason } = legalOnes(gateways, gatewayFault);
    const changed = this.#tables.gateways.set(gatewaysKey, legal);
    return this.#note('gateways', gatewaysKey, reason) || changed;
  }

  #releaseService(event: EventOf<'service-removed'>): boolean {
    const { key } = event;
    if (this.#hold(event) !== undefined) return false;
    const service = this.#release('service', key);
    this.#stale.delete(key);
    this.#restored.delete(key);
    return this.#deleteEndpoints(key) || service;
  }

  #releaseEndpoints(event: EventOf<'endpoints-removed'>): boolean {
    if (this.#hold(event) !== undefined) return false;
    return this.#deleteEndpoints(event.key);
  }

  #deleteEndpoints(key: string): boolean {
    this.#endpointCount -= this.#tables.endpoints.get(key)?.endpoints.length ?? 0;
    return this.#release('endpoints', key);
  }

  #setEndpoints(key: string, value: RegistryEndpoints): boolean {
    const before = this.#tables.endpoints.get(key)?.endpoints.length ?? 0;
    const changed = this.#tables.endpoints.set(key, value);
    this.#endpointCount += value.endpoints.length - before;
    return changed;
  }

  #release(part: keyof Tables, key: string): boolean {
    const cleared = this.#note(part, key, undefined);
    return this.#tables[part].delete(key) || cleared;
  }

  /** A reading has said everything: what it did not say is gone, unless that is held. */
  #completeReading(): boolean {
    let changed = !this.#synced;
    this.#synced = true;
    for (const key of this.#tables.service.unsaid()) {
      // Endpoints of a key may have been said without its service.
      if (this.#tables.endpoints.said(key)) continue;
      changed = this.#releaseService({ type: 'service-removed', key }) || changed;
      if (this.#guard?.holds(key) === true) this.#markSaid(key);
    }
    for (const key of this.#tables.endpoints.unsaid()) {
      changed = this.#releaseEndpoints({ type: 'endpoints-removed', key }) || changed;
      if (this.#guard?.holds(key) === true) this.#markSaid(key);
    }
    for (const table of this.#allTables()) changed = table.sweep() || changed;
    changed = this.#freshenAll() || changed;
    if (!this.#statusSaid) changed = this.#setStatus({ state: 'healthy' }) || changed;
    return changed;
  }

  #markSaid(key: string): void {
    this.#tables.service.mark(key);
    this.#tables.endpoints.mark(key);
  }

  /** The endpoints that stay in force although an event is without them; undefined when it counts as it is. */
  #hold(event: Removal): readonly Endpoint[] | undefined {
    if (this.#isReleasing) return undefined;
    return this.#guard?.consider(event, this.#tables.endpoints.get(event.key), this.#endpointCount);
  }

  /** Puts removals into force that were held. */
  #letThrough(removals: readonly Removal[]): void {
    this.#isReleasing = true;
    try {
      for (const removal of removals) if (this.#apply(removal)) this.#released.push(removal);
    } finally {
      this.#isReleasing = false;
    }
    if (removals.length > 0) this.#changed();
  }

  /** A part, or the whole, was read, and is as it was said last. */
  #confirm(key: string | undefined): boolean {
    this.#letThrough(this.#guard?.confirm(key) ?? []);
    if (key !== undefined) this.#markSaid(key);
    return key === undefined ? this.#freshenAll() : this.#freshen(key);
  }

  #fail({ key, reason }: EventOf<'failed'>): boolean {
    // Nobody has said that it is gone.
    this.#markSaid(key);
    this.#guard?.postpone(key);
    return this.#stale.set(key, { of: 'part', reason }) && this.#markStale(key);
  }

  #markAllStale(reason: string): boolean {
    this.#guard?.postpone();
    let changed = false;
    const keys = new Set([
      ...this.#tables.service.snapshot().keys(),
      ...this.#tables.endpoints.snapshot().keys(),
    ]);
    for (const key of keys) {
      if (this.#stale.set(key, { of: 'registry', reason })) changed = this.#markStale(key) || changed;
    }
    return changed;
  }

  /** Endpoints say themselves that they may be outdated. Always true: the list of what is stale has changed. */
  #markStale(key: string): boolean {
    const known = this.#tables.endpoints.get(key);
    if (known !== undefined) this.#replaceEndpoints(key, known, staleEndpoint);
    return true;
  }

  /** What is said under a key is not stale any more. @param except endpoints that are held, and not said. */
  #freshen(key: string, except: readonly Endpoint[] = noHeldEndpoints): boolean {
    this.#restored.delete(key);
    if (!this.#stale.delete(key)) return false;
    const known = this.#tables.endpoints.get(key);
    const held = new Set(except);
    if (known !== undefined)
      this.#replaceEndpoints(key, known, (endpoint) =>
        held.has(endpoint) ? endpoint : freshEndpoint(endpoint),
      );
    return true;
  }

  /** A read of the whole succeeded: only parts that failed by themselves, and are not said since, stay stale. */
  #freshenAll(): boolean {
    let changed = !this.#readable;
    this.#readable = true;
    for (const key of this.#stale.keysOf('registry')) changed = this.#freshen(key) || changed;
    return changed;
  }

  /** Not as something that the registry says: the reading has nothing to do with it. */
  #replaceEndpoints(key: string, known: RegistryEndpoints, replace: (endpoint: Endpoint) => Endpoint): void {
    this.#tables.endpoints.replace(key, { ...known, endpoints: known.endpoints.map(replace) });
  }

  #changed(): void {
    this.#view = undefined;
  }

  /** Keeps a value out. One that is known under the key stays in force, as the registry does not say that it is gone. */
  #quarantine(part: keyof Tables, key: string, reason: string): boolean {
    this.#tables[part].mark(key);
    return this.#note(part, key, reason);
  }

  /** Records why a value is kept out, or that none is. */
  #note(part: Part, key: string, reason: string | undefined): boolean {
    return this.#quarantined.note(part, key, reason);
  }

  /** Why a key cannot be this service's: it is empty, or the present reading has given it to another object. */
  #keyFault(key: string, service: Service): string | undefined {
    if (key === '') return `service ${service.hostname} has an empty key`;
    const holder = this.#tables.service.said(key)
      ? this.#tables.service.get(key)?.provenance.object
      : undefined;
    const claimant = service.provenance.object;
    if (holder === undefined || claimant === undefined || holder === claimant) return undefined;
    return `${claimant} has the key of ${holder}, which was said first`;
  }

  /** What an adapter without types may get wrong is quarantined too. */
  #guarded(part: keyof Tables, key: string, admit: () => boolean): boolean {
    try {
      return admit();
    } catch (error) {
      this.#tables[part].mark(key);
      return this.#note(part, key, `it cannot be understood: ${errorMessage(error)}`);
    }
  }

  #setStatus(status: RegistryStatus): boolean {
    const known = this.#status;
    this.#status = status;
    let changed = known.state !== status.state || known.message !== status.message;
    if (status.stale ?? status.state === 'failed') {
      this.#readable = false;
      changed = this.#markAllStale(status.message ?? 'the registry cannot be read') || changed;
    } else if (!this.#readable && status.state !== 'connecting') {
      changed = this.#freshenAll() || changed;
    }
    if (status.state === 'failed' || status.state === 'degraded') changed = this.settle() || changed;
    return changed;
  }

  #allTables(): readonly Pick<ValueTable<unknown>, 'restart' | 'sweep'>[] {
    return [...Object.values(this.#tables), this.#quarantined];
  }
}

const noGateways: readonly NetworkGateway[] = Object.freeze([]);
const noHeld: RegistrySafety['held'] = Object.freeze([]);
const noHeldEndpoints: readonly Endpoint[] = Object.freeze([]);
/** The key of a workload; a name for what is none, as an adapter without types may say. */
function keyOfWorkload(workload: Workload): string {
  return typeof workload === 'object' && workload !== null ? workloadKey(workload) : 'workload';
}

function typeOf(event: never): string {
  return String((event as { readonly type: unknown }).type);
}
