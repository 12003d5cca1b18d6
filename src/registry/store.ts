/**
 * What one registry holds: its events reduced to immutable views. This is the only state there is of a registry,
 * and the one place where rules live that protect the mesh from a registry that is down, partial or wrong.
 *
 * A value enters by one of the `#admit…` methods and leaves by one of the `#release…` methods or by the sweep that
 * ends a reading; a rule that refuses, delays or holds back a change belongs at one of these three.
 */
import { compareStrings } from '../base/compare.js';
import { errorMessage } from '../base/errors.js';
import type { NetworkGateway } from '../model/network.js';
import type { Service } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { workloadKey } from '../model/workload.js';
import { reuseList } from './changes.js';
import {
  endpointFault,
  gatewayFault,
  legalOnes,
  ownerFault,
  serviceFault,
  workloadFault,
} from './legality.js';
import type { RegistryEvent, RegistryStatus, ServiceRegistry } from './registry.js';
import { ValueTable } from './value-table.js';
import type { Quarantined, RegistryEndpoints, RegistryView } from './view.js';

type EventOf<Type extends RegistryEvent['type']> = Extract<RegistryEvent, { type: Type }>;

const gatewaysKey = 'gateways';

interface Tables {
  readonly service: ValueTable<Service>;
  readonly endpoints: ValueTable<RegistryEndpoints>;
  readonly workload: ValueTable<Workload>;
  readonly gateways: ValueTable<readonly NetworkGateway[]>;
}

/** What a quarantined value is. */
type Part = keyof Tables | 'event';

/** The state of one registry. Not for sharing between registries; `runRegistry` feeds it. */
export class RegistryStore {
  readonly #identity: Pick<ServiceRegistry, 'provider' | 'cluster'>;
  readonly #tables: Tables = {
    service: new ValueTable<Service>(),
    endpoints: new ValueTable<RegistryEndpoints>(),
    workload: new ValueTable<Workload>(),
    gateways: new ValueTable<readonly NetworkGateway[]>(),
  };
  readonly #quarantined = new ValueTable<Quarantined>();
  #quarantineList: readonly Quarantined[] = [];
  #synced = false;
  #status: RegistryStatus = { state: 'connecting' };
  /** The present watch has said how the registry is doing. */
  #statusSaid = false;
  #view: RegistryView | undefined;

  /** @param registry whose values these are; only its identity is used. */
  constructor(registry: Pick<ServiceRegistry, 'provider' | 'cluster'>) {
    this.#identity = { provider: registry.provider, cluster: registry.cluster };
    this.restart();
  }

  /**
   * Takes in an event. Costs what the event's own value costs, however much is known; the first change of a kind of
   * value after a view copies its map once. Never throws: what cannot be used is quarantined.
   * @returns whether the view changed.
   */
  apply(event: RegistryEvent): boolean {
    const changed = this.#apply(event);
    if (changed) this.#view = undefined;
    return changed;
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
      quarantined: this.#listQuarantined(),
    };
    return this.#view;
  }

  #listQuarantined(): readonly Quarantined[] {
    const present = [...this.#quarantined.snapshot().values()].sort((a, b) => compareStrings(a.key, b.key));
    this.#quarantineList = reuseList(this.#quarantineList, present);
    return this.#quarantineList;
  }

  #apply(event: RegistryEvent): boolean {
    switch (event.type) {
      case 'service':
        return this.#guarded('service', event.key, () => this.#admitService(event));
      case 'service-removed':
        return this.#releaseService(event.key);
      case 'endpoints':
        return this.#guarded('endpoints', event.key, () => this.#admitEndpoints(event));
      case 'endpoints-removed':
        return this.#release('endpoints', event.key);
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
    const changed = this.#tables.service.set(key, service);
    return this.#note('service', key, undefined) || changed;
  }

  #admitEndpoints({ key, hostname, namespace, endpoints }: EventOf<'endpoints'>): boolean {
    const fault = ownerFault({ hostname });
    if (fault !== undefined) return this.#quarantine('endpoints', key, fault);
    const { legal, reason } = legalOnes(endpoints, endpointFault);
    const changed = this.#tables.endpoints.set(key, { hostname, namespace, endpoints: legal });
    return this.#note('endpoints', key, reason) || changed;
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

  #releaseService(key: string): boolean {
    const service = this.#release('service', key);
    return this.#release('endpoints', key) || service;
  }

  #release(part: keyof Tables, key: string): boolean {
    const cleared = this.#note(part, key, undefined);
    return this.#tables[part].delete(key) || cleared;
  }

  /** A reading has said everything: what it did not say is gone. */
  #completeReading(): boolean {
    let changed = !this.#synced;
    this.#synced = true;
    for (const table of this.#allTables()) changed = table.sweep() || changed;
    if (!this.#statusSaid) changed = this.#setStatus({ state: 'healthy' }) || changed;
    return changed;
  }

  /** Keeps a value out. One that is known under the key stays in force, as the registry does not say that it is gone. */
  #quarantine(part: keyof Tables, key: string, reason: string): boolean {
    this.#tables[part].mark(key);
    return this.#note(part, key, reason);
  }

  /** Records why a value is kept out, or that none is. */
  #note(part: Part, key: string, reason: string | undefined): boolean {
    const note = `${part} ${key}`;
    return reason === undefined
      ? this.#quarantined.delete(note)
      : this.#quarantined.set(note, { key, reason });
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
    if (known.state === status.state && known.message === status.message) return false;
    this.#status = status;
    return true;
  }

  #allTables(): readonly Pick<ValueTable<unknown>, 'restart' | 'sweep'>[] {
    return [...Object.values(this.#tables), this.#quarantined];
  }
}

const noGateways: readonly NetworkGateway[] = Object.freeze([]);

/** The key of a workload; a name for what is none, as an adapter without types may say. */
function keyOfWorkload(workload: Workload): string {
  return typeof workload === 'object' && workload !== null ? workloadKey(workload) : 'workload';
}

function typeOf(event: never): string {
  return String((event as { readonly type: unknown }).type);
}
