/**
 * Registration of proxies by WorkloadGroups, as Istiod's autoregistration (Istio reference 3.10): a proxy that names a
 * group is a WorkloadEntry of it from when it connects until a grace period after its last stream has ended. Entries are
 * kept in memory, and are always what the group says now.
 */
import { Subscription } from 'rxjs';
import { deepEqual } from '../../base/compare.js';
import { LineLimit } from '../../base/line-limit.js';
import type { Logger } from '../../base/logger.js';
import { MemoryObjectSource } from '../../config/memory-source.js';
import { objectKey, type ConfigObject, type ObjectEvent, type ObjectSource } from '../../config/object.js';
import { validateObject } from '../../config/validation/index.js';
import { entryRef, groupEntry, registrationSource, type RegistrationState } from './group-entry.js';
import type { Registrant } from './registrant.js';
import { withRegistered } from './registered-source.js';

export interface AutoRegistrationOptions {
  /** Milliseconds for which an entry stays after the last stream of its proxy. */
  readonly gracePeriod: number;
  readonly logger: Logger;
}

/** One stream of a registered proxy. */
export interface Registration {
  /** The proxy's agent says how the workload is: why it is not well, or undefined when it is. */
  reportHealth(problem: string | undefined): void;
  /** The stream is over. */
  end(): void;
}

/** What became of proxies that name a group since the start: entries that were made and removed, proxies refused. */
export type RegistrationCounts = Readonly<Record<'registered' | 'refused' | 'removed', number>>;

interface Registered {
  /** As the newest stream says. */
  registrant: Registrant;
  readonly since: number;
  streams: number;
  healthy: boolean | undefined;
  /** Runs while there is no stream. */
  grace: NodeJS.Timeout | undefined;
  entry: ConfigObject<'WorkloadEntry'> | undefined;
}

/** Knows the WorkloadGroups of the primary cluster and who is registered by them. */
export class AutoRegistration {
  readonly #gracePeriod: number;
  readonly #logger: Logger;
  readonly #lines: LineLimit;
  readonly #entries = new MemoryObjectSource('', [], registrationSource);
  /** By `Kind/namespace/name`. */
  readonly #groups = new Map<string, ConfigObject<'WorkloadGroup'>>();
  readonly #registered = new Map<string, Registered>();
  readonly #subscription = new Subscription();
  readonly #counts = { registered: 0, refused: 0, removed: 0 };

  constructor({ gracePeriod, logger }: AutoRegistrationOptions) {
    this.#gracePeriod = gracePeriod;
    this.#logger = logger;
    this.#lines = new LineLimit({
      summarise: (more) => logger.info('more WorkloadEntries were registered or removed', { count: more }),
    });
  }

  /** What became of proxies so far. */
  get counts(): RegistrationCounts {
    return this.#counts;
  }

  /** Reads groups from the primary cluster's objects. What it gives is these with the entries that are registered. */
  extend(cluster: ObjectSource): ObjectSource {
    this.#subscription.add(cluster.watch().subscribe((event) => this.#takeGroup(event)));
    return withRegistered(cluster, this.#entries);
  }

  /** The group that a proxy names, if there is one. */
  groupOf({ namespace, group }: Registrant): ConfigObject<'WorkloadGroup'> | undefined {
    return this.#groups.get(objectKey({ kind: 'WorkloadGroup', namespace, name: group }));
  }

  /** What is wrong with the entry that a proxy would become, one line each: a node may have labels that are none. */
  problems(registrant: Registrant): readonly string[] {
    const group = this.groupOf(registrant);
    if (group === undefined) return [];
    return validateObject(groupEntry(group, registrant, { healthy: undefined, since: 0 }))
      .filter(({ severity }) => severity === 'error')
      .map(({ path, message }) => `${path}: ${message}`);
  }

  /** A proxy may not be registered, and is refused: it is counted. */
  refused(): void {
    this.#counts.refused += 1;
  }

  /** A stream of a proxy begins. The proxy is registered as long as its group is there. */
  connect(registrant: Registrant): Registration {
    const key = objectKey(entryRef(registrant));
    const registered = this.#registered.get(key) ?? {
      registrant,
      since: Math.floor(Date.now() / 1000),
      streams: 0,
      healthy: undefined,
      grace: undefined,
      entry: undefined,
    };
    this.#registered.set(key, registered);
    clearTimeout(registered.grace);
    registered.grace = undefined;
    registered.registrant = registrant;
    registered.streams += 1;
    this.#publish(registered);
    let isOver = false;
    return {
      reportHealth: (problem) => {
        if (isOver) return;
        registered.healthy = problem === undefined;
        this.#publish(registered);
      },
      end: () => {
        if (isOver) return;
        isOver = true;
        this.#disconnect(key, registered);
      },
    };
  }

  /** Nothing is registered or removed any more. */
  dispose(): void {
    this.#subscription.unsubscribe();
    for (const { grace } of this.#registered.values()) clearTimeout(grace);
    this.#registered.clear();
    this.#lines.flush();
  }

  #disconnect(key: string, registered: Registered): void {
    registered.streams -= 1;
    if (registered.streams > 0 || this.#registered.get(key) !== registered) return;
    registered.grace = setTimeout(() => {
      this.#registered.delete(key);
      this.#withdraw(registered);
    }, this.#gracePeriod);
    registered.grace.unref();
  }

  #takeGroup(event: ObjectEvent): void {
    if (event.type === 'upsert' && event.object.kind === 'WorkloadGroup') {
      const { namespace, name } = event.object.metadata;
      this.#groups.set(objectKey({ kind: 'WorkloadGroup', namespace, name }), event.object);
      this.#publishGroup(namespace, name);
    } else if (event.type === 'removed' && event.ref.kind === 'WorkloadGroup') {
      this.#groups.delete(objectKey(event.ref));
      this.#publishGroup(event.ref.namespace, event.ref.name);
    }
  }

  #publishGroup(namespace: string, group: string): void {
    for (const registered of this.#registered.values()) {
      const { registrant } = registered;
      if (registrant.group === group && registrant.namespace === namespace) this.#publish(registered);
    }
  }

  /** Brings the entry to what group and proxy say; without its group it is gone, as what the group owns. */
  #publish(registered: Registered): void {
    const { registrant, entry: before } = registered;
    const group = this.groupOf(registrant);
    if (group === undefined) {
      this.#withdraw(registered);
      return;
    }
    const state: RegistrationState = registered;
    const entry = groupEntry(group, registrant, state);
    if (before !== undefined && deepEqual(before, entry)) return;
    registered.entry = entry;
    this.#entries.apply(entry);
    if (before !== undefined) return;
    this.#counts.registered += 1;
    this.#tell('registered a proxy as a WorkloadEntry', registrant);
  }

  #withdraw(registered: Registered): void {
    if (registered.entry === undefined) return;
    registered.entry = undefined;
    this.#entries.delete(entryRef(registered.registrant));
    this.#counts.removed += 1;
    this.#tell('removed the WorkloadEntry of a registered proxy', registered.registrant);
  }

  #tell(message: string, registrant: Registrant): void {
    const { namespace, name } = entryRef(registrant);
    this.#lines.offer(() =>
      this.#logger.info(message, { entry: `${namespace}/${name}`, group: registrant.group }),
    );
  }
}
