/**
 * Pilotlight as the owner of ServiceEntries' addresses in a cluster (`--auto-allocate write`): of all who run so, the one
 * that has a Lease writes them to the statuses, as Istio's controller does (Istio reference 3.7).
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../base/logger.js';
import type { LabelSelector } from '../config/mesh-config.js';
import type { ObjectEvent, ObjectSource } from '../config/object.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import {
  LeaderElection,
  type ElectionState,
  type LeaseTiming,
  type Term,
} from '../kubernetes/leader-election.js';
import { apiLeaseStore } from '../kubernetes/lease.js';
import { NamespaceTable } from '../registry/objects/namespaces.js';
import { AddressTerm, type AddressProgress } from './address-term.js';
import type { WritableEntry } from './address-plan.js';
import type { WriteResult } from './address-write.js';
import { Outage } from './outage.js';

/** The name of the Lease, in the system namespace. */
const addressLeaseName = 'pilotlight-addresses';

export interface AddressWriterOptions {
  /** The primary cluster's API. It is used, not owned. */
  readonly client: ApiClient;
  /** Its objects, for the labels of namespaces. */
  readonly source: ObjectSource;
  readonly systemNamespace: string;
  readonly logger: Logger;
  /** Who this is among those who run so; the host's name with something of its own when absent. */
  readonly identity?: string;
  readonly leaseTiming?: LeaseTiming;
}

/** How often each outcome of a write came about. */
export type WriteCounts = Readonly<Record<WriteResult['outcome'], number>>;

/** How it goes, for people. */
export interface AddressWriterStatus {
  /** `namespace/name`. */
  readonly lease: string;
  readonly leading: boolean;
  /** Who has the Lease; empty when nobody does. */
  readonly leader: string;
  /** Since the start, by this process. */
  readonly writes: WriteCounts;
  /** While this process leads and has read the entries. */
  readonly progress?: AddressProgress;
  /** Why the Lease cannot be had, entries cannot be read or statuses cannot be written at present. */
  readonly errors: readonly string[];
}

export class AddressWriter {
  readonly #options: AddressWriterOptions;
  readonly #logger: Logger;
  readonly #leaseName: string;
  readonly #identity: string;
  readonly #election: LeaderElection;
  readonly #namespaces = new NamespaceTable();
  readonly #end = new AbortController();
  readonly #outages: Readonly<Record<'lease' | 'reading' | 'writing', Outage>>;
  readonly #writes: Record<WriteResult['outcome'], number>;
  #selectors: readonly LabelSelector[] = [];
  #progress: AddressProgress | undefined;
  #term: AddressTerm | undefined;
  #leader = '';
  #running: Promise<void> | undefined;

  constructor(options: AddressWriterOptions) {
    const { client, source, systemNamespace, logger, leaseTiming } = options;
    this.#options = options;
    this.#logger = logger;
    this.#leaseName = `${systemNamespace}/${addressLeaseName}`;
    this.#identity = options.identity ?? `${hostname()}_${randomUUID()}`;
    this.#election = new LeaderElection({
      store: apiLeaseStore(client, systemNamespace, addressLeaseName),
      identity: this.#identity,
      lead: (term) => this.#lead(term),
      onChange: (state) => this.#elected(state),
      ...(leaseTiming !== undefined && { timing: leaseTiming }),
    });
    const outage = (what: string, needed: string): Outage =>
      new Outage(
        logger,
        `${source.name}: addresses of ServiceEntries are not written: ${what}`,
        `needed: ${needed}; deploy/addresses grants it`,
      );
    this.#outages = {
      lease: outage(
        `the Lease ${this.#leaseName} cannot be had`,
        `get, create and update leases of coordination.k8s.io in ${systemNamespace}`,
      ),
      reading: outage('entries cannot be read', 'list and watch serviceentries of networking.istio.io'),
      writing: outage('their status cannot be', 'patch serviceentries/status of networking.istio.io'),
    };
    this.#writes = { written: 0, outdated: 0, rejected: 0, failed: 0 };
  }

  /** Takes part in the election, and follows the namespaces of the cluster. */
  start(): void {
    const subscription = this.#options.source.watch().subscribe((event) => this.#takeNamespace(event));
    this.#running = this.#election.run(this.#end.signal).finally(() => subscription.unsubscribe());
  }

  /** Sets `meshConfig.discoverySelectors`: entries of other namespaces are left alone, as by Istio. */
  select(selectors: readonly LabelSelector[]): void {
    this.#selectors = selectors;
    this.#namespaces.select(selectors);
    this.#term?.replan();
  }

  status(): AddressWriterStatus {
    const errors = Object.values(this.#outages).flatMap(({ error }) => error?.message ?? []);
    return {
      lease: this.#leaseName,
      leading: this.#election.state.leading,
      leader: this.#election.state.holder,
      writes: { ...this.#writes },
      ...(this.#progress !== undefined && { progress: this.#progress }),
      errors,
    };
  }

  /** Writes nothing more, and gives up the Lease. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #lead(term: Term): Promise<void> {
    let starved = 0;
    this.#term = new AddressTerm(this.#options.client, term, {
      selected: (namespace) => this.#namespaces.selected(namespace),
      progress: (progress) => {
        this.#progress = progress;
        if (progress.starved > starved)
          this.#logger.warn(
            `${progress.starved} hosts of ServiceEntries have no address: the ranges are used up`,
          );
        ({ starved } = progress);
      },
      wrote: (result, entry) => this.#count(result, entry),
      reading: (error) => this.#outages.reading.set(error),
      writing: (error) => this.#outages.writing.set(error),
    });
    await this.#term.run();
    this.#term = undefined;
    this.#progress = undefined;
    this.#outages.reading.forget();
    this.#outages.writing.forget();
  }

  #elected({ leading, holder, error }: ElectionState): void {
    // As long as this instance leads, the Lease is none of a person's concern.
    this.#outages.lease.set(leading ? undefined : error);
    const leader = leading ? this.#identity : holder;
    if (leader === this.#leader || (holder === this.#identity && !leading)) return;
    this.#leader = leader;
    const { name } = this.#options.source;
    if (leading) this.#logger.info(`${name}: addresses of ServiceEntries are written by this instance`);
    else if (leader !== '')
      this.#logger.info(`${name}: addresses of ServiceEntries are written by ${leader}`);
  }

  #count(result: WriteResult, { metadata: { namespace, name } }: WritableEntry): void {
    this.#writes[result.outcome] += 1;
    if (result.outcome === 'rejected')
      this.#logger.warn(
        `the addresses of ServiceEntry ${namespace}/${name} are refused: ${result.error.message}`,
      );
  }

  #takeNamespace(event: ObjectEvent): void {
    if (event.type === 'upsert' && event.object.kind === 'Namespace')
      this.#namespaces.set(event.object.metadata.name, event.object);
    else if (event.type === 'removed' && event.ref.kind === 'Namespace')
      this.#namespaces.set(event.ref.name, undefined);
    else return;
    if (this.#selectors.length > 0) this.#term?.replan();
  }
}
