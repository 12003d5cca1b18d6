/** What an adapter reads as a `ServiceRegistry`: read events, by mapping rules, as events of the store. */
import { Observable, type Subscription } from 'rxjs';
import { deepEqual } from '../base/compare.js';
import { errorMessage } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { serviceKey } from '../model/service.js';
import { RegistryValues } from '../registry/registry-values.js';
import type { RegistryEvent, ServiceRegistry } from '../registry/registry.js';
import type { SafetyRules } from '../registry/safety.js';
import type { AdapterContext } from './adapter.js';
import { convertRecord, type Converted, type Identity } from './convert.js';
import { FlapDamping, type DampingRules } from './flap-damping.js';
import { isRecord } from '../base/is-record.js';
import type { MappingRules } from './mapping.js';
import type { ReadEvent } from './read-event.js';
import { ReadStatus } from './read-status.js';
import type { Reading, RegistryReading } from './reading.js';
import type { ServiceRecord } from './record.js';

/** What a registry is made of. */
export interface AdapterRegistryParts {
  readonly identity: Identity;
  /** Cold; subscribed to once for each watch. */
  readonly read: () => Observable<ReadEvent>;
  readonly mapping: MappingRules;
  readonly safety?: SafetyRules;
  /** None when absent. */
  readonly damping?: DampingRules;
  readonly context: Pick<AdapterContext, 'scheduler'> & { readonly logger?: Logger };
}

/** The registry of what is read. Its provider is the adapter's type, its cluster the registry's name. */
export function adapterRegistry(parts: AdapterRegistryParts): ServiceRegistry {
  const { identity, safety } = parts;
  return {
    provider: identity.provider,
    cluster: identity.name,
    ...(safety === undefined ? {} : { safety }),
    watch: () =>
      new Observable<RegistryEvent>((subscriber) => {
        const watch = new AdapterWatch(parts, (event) => subscriber.next(event));
        subscriber.add(() => watch.end());
        subscriber.add(
          parts.read().subscribe({
            next: (event) => watch.take(event),
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        );
      }),
  };
}

/** How often it is told that a service is still gone. */
const mostConfirmations = 10;

/** One watch. */
class AdapterWatch {
  readonly #parts: AdapterRegistryParts;
  readonly #tell: (event: RegistryEvent) => void;
  readonly #values = new RegistryValues();
  readonly #status = new ReadStatus();
  readonly #damping: FlapDamping | undefined;
  /** By the registry's key, as read. */
  readonly #records = new Map<string, ServiceRecord>();
  /** Which services have which host, by `serviceKey`. */
  readonly #claims = new Map<string, Set<string>>();
  readonly #hostOf = new Map<string, string>();
  readonly #calm = new Map<string, Subscription>();
  /** Services that are gone from the list of their part, and how many lists were without them since. */
  readonly #gone = new Map<string, { readonly part: string; readonly times: number }>();
  /** What each part listed last. */
  readonly #listed = new Map<string, ReadonlySet<string>>();
  /** What was said since everything is said anew; undefined when nothing is. */
  #said: Set<string> | undefined;
  #synced = false;

  constructor(parts: AdapterRegistryParts, tell: (event: RegistryEvent) => void) {
    this.#parts = parts;
    this.#tell = tell;
    const { damping, context } = parts;
    this.#damping =
      damping === undefined ? undefined : new FlapDamping(damping, () => context.scheduler.now());
    this.#emit(this.#values.setStatus({ state: 'connecting' }));
  }

  take(event: ReadEvent): void {
    switch (event.type) {
      case 'registry':
        this.#takeRegistry(event.reading);
        break;
      case 'service':
        this.#takeService(event.service, event.reading);
        this.#said?.add(event.service);
        break;
      case 'removed':
        this.#remove(event.service);
        break;
      case 'listed':
        this.#takeList(event.reading, event.part);
        break;
      case 'restart':
        this.#said = new Set();
        return;
      case 'synced':
        this.#complete();
    }
    this.#tellStatus();
  }

  end(): void {
    for (const waiting of this.#calm.values()) waiting.unsubscribe();
  }

  #takeRegistry(reading: RegistryReading): void {
    if (reading.outcome === 'failed') {
      this.#status.registryFailed(errorMessage(reading.error));
      return;
    }
    this.#status.registryRead();
    if (reading.outcome === 'snapshot') {
      const named = new Set(reading.value.map(({ service }) => service));
      for (const service of [...this.#status.services()]) if (!named.has(service)) this.#remove(service);
      for (const each of reading.value) this.#takeService(each.service, each);
      this.#said = undefined;
      this.#complete();
    } else if (this.#synced) this.#tell({ type: 'unchanged' });
  }

  #takeList(reading: Reading<readonly string[]>, part = ''): void {
    if (reading.outcome === 'failed') {
      this.#status.listFailed(part, errorMessage(reading.error));
      return;
    }
    this.#status.listRead(part);
    if (reading.outcome === 'snapshot') {
      const named = new Set(reading.value);
      const known = part === '' ? this.#status.services() : (this.#listed.get(part) ?? []);
      for (const service of named) this.#gone.delete(service);
      for (const service of [...known]) {
        if (named.has(service)) continue;
        this.#remove(service);
        this.#gone.set(service, { part, times: 0 });
      }
      this.#listed.set(part, named);
    }
    this.#confirmGone(part);
  }

  #takeService(service: string, reading: Reading<ServiceRecord>): void {
    if (reading.outcome === 'failed') {
      const reason = errorMessage(reading.error);
      this.#status.serviceFailed(service, reason);
      this.#tell({ type: 'failed', key: service, reason });
      return;
    }
    this.#status.serviceRead(service);
    const told = reading.outcome === 'snapshot' && this.#take({ ...reading.value, service });
    // Nothing new is something too: a read that succeeded.
    if (!told) this.#tell({ type: 'unchanged', key: service });
  }

  /** Services that a list did not name are not named by another one either. */
  #confirmGone(part: string): void {
    for (const [service, { part: of, times }] of this.#gone) {
      if (of !== part) continue;
      if (times > 0) this.#tell({ type: 'unchanged', key: service });
      if (times < mostConfirmations) this.#gone.set(service, { part, times: times + 1 });
      else this.#gone.delete(service);
    }
  }

  /** Everything has been said: what was not is gone. */
  #complete(): void {
    const said = this.#said;
    this.#said = undefined;
    if (said !== undefined)
      for (const service of [...this.#status.services()]) if (!said.has(service)) this.#remove(service);
    this.#status.registryRead();
    if (!this.#synced) {
      this.#synced = true;
      this.#emit({ type: 'synced' });
    } else this.#tell({ type: 'unchanged' });
  }

  #remove(service: string): void {
    this.#status.removed(service);
    this.#records.delete(service);
    this.#damping?.remove(service);
    this.#calm.get(service)?.unsubscribe();
    this.#calm.delete(service);
    this.#hide(service);
    this.#tell({ type: 'quarantined', key: service });
  }

  /** Puts a record into force, unless it is what was read before: most reads of most services find nothing new. */
  #take(record: ServiceRecord): boolean {
    return !deepEqual(this.#records.get(record.service), record) && this.#show(record);
  }

  /** Puts a record into force. @returns whether anything was told. */
  #show(record: ServiceRecord): boolean {
    const { service } = record;
    this.#records.set(service, record);
    const fault = recordFault(record);
    if (fault !== undefined) return this.#quarantine(service, fault);
    const damped = this.#damping?.damp(record);
    if (damped !== undefined) this.#wakeAt(service, damped.until);
    const converted = convertRecord(damped?.record ?? record, this.#parts.mapping, this.#parts.identity);
    if (converted.type === 'excluded') {
      this.#hide(service);
      return false;
    }
    if (converted.type === 'illegal') return this.#quarantine(service, converted.reason);
    const flapping = (damped?.instances ?? []).map(
      (id) => `instance ${id} changes too often: it counts as unhealthy`,
    );
    const reasons = [converted.reason, ...flapping].filter((reason) => reason !== undefined);
    const owner = this.#claim(service, converted);
    if (owner !== service) {
      this.#withdraw(service);
      const { hostname } = converted.service;
      return this.#quarantine(
        service,
        `its host ${hostname} is that of the service ${JSON.stringify(owner)} already`,
      );
    }
    this.#quarantine(service, reasons.length === 0 ? undefined : reasons.join('; '));
    return this.#say(service, converted);
  }

  #say(key: string, { service, endpoints }: Extract<Converted, { type: 'service' }>): boolean {
    const { hostname, attributes } = service;
    const first = this.#emit(this.#values.setService(key, service));
    const value = { hostname, namespace: attributes.namespace, endpoints };
    return this.#emit(this.#values.setEndpoints(key, value)) || first;
  }

  /** The service that has the host from now on: of several the first by key. It may be another one than before. */
  #claim(key: string, { service }: Extract<Converted, { type: 'service' }>): string {
    const host = serviceKey(service.hostname, service.attributes.namespace);
    if (this.#hostOf.get(key) !== host) this.#unclaim(key);
    this.#hostOf.set(key, host);
    const claims = this.#claims.get(host) ?? new Set();
    const before = firstOf(claims);
    claims.add(key);
    this.#claims.set(host, claims);
    const owner = firstOf(claims) ?? key;
    if (owner === key && before !== undefined && before !== key) this.#showAgain(before);
    return owner;
  }

  #unclaim(key: string): void {
    const host = this.#hostOf.get(key);
    this.#hostOf.delete(key);
    const claims = host === undefined ? undefined : this.#claims.get(host);
    if (host === undefined || claims === undefined) return;
    const before = firstOf(claims);
    claims.delete(key);
    if (claims.size === 0) this.#claims.delete(host);
    const next = firstOf(claims);
    if (before === key && next !== undefined) this.#showAgain(next);
  }

  #showAgain(service: string): void {
    const record = this.#records.get(service);
    if (record !== undefined) this.#show(record);
  }

  /** The service is not in force any more, and another one may have its host. */
  #hide(service: string): void {
    this.#withdraw(service);
    this.#unclaim(service);
  }

  #withdraw(service: string): void {
    // What only the disk has told of it goes too.
    if (!this.#emit(this.#values.removeService(service)))
      this.#tell({ type: 'service-removed', key: service });
  }

  /** @returns true, as something is told. */
  #quarantine(key: string, reason: string | undefined): boolean {
    this.#tell(reason === undefined ? { type: 'quarantined', key } : { type: 'quarantined', key, reason });
    return true;
  }

  #wakeAt(service: string, at: number | undefined): void {
    this.#calm.get(service)?.unsubscribe();
    this.#calm.delete(service);
    if (at === undefined) return;
    const { scheduler } = this.#parts.context;
    const wait = Math.max(0, at - scheduler.now());
    this.#calm.set(
      service,
      scheduler.schedule(() => this.#showAgain(service), wait),
    );
  }

  #tellStatus(): void {
    this.#emit(this.#values.setStatus(this.#status.of(this.#synced)));
  }

  #emit(event: RegistryEvent | undefined): boolean {
    if (event !== undefined) this.#tell(event);
    return event !== undefined;
  }
}

function firstOf(keys: ReadonlySet<string>): string | undefined {
  let first: string | undefined;
  for (const key of keys) if (first === undefined || key < first) first = key;
  return first;
}

/** What an adapter without types may get wrong. */
function recordFault({ instances }: ServiceRecord): string | undefined {
  if (!Array.isArray(instances)) return 'it cannot be understood: its instances are no list';
  return instances.every(isRecord) ? undefined : 'it cannot be understood: an instance is no object';
}
