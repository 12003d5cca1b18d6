/** Telemetries by the workloads that they are for. */
import type { Telemetry } from '../config/kinds/telemetry.js';
import type { ConfigObject } from '../config/object.js';
import { byNamespace, InternedLists } from './interned-lists.js';
import { attachesTo, targetsOf, type PolicyWorkload } from './policy-target.js';
import type { Table } from './rebuild.js';
import type { TelemetryIndex } from './snapshot.js';

type TelemetryObject = ConfigObject<'Telemetry'>;

/** What Telemetries are indexed from. */
export interface TelemetrySources {
  /** Sorted by age. */
  readonly objects: readonly TelemetryObject[];
  readonly rootNamespace: string;
}

/** The index of all Telemetries. */
export class TelemetryTable implements TelemetryIndex, Table<TelemetrySources> {
  readonly sources: TelemetrySources;
  readonly #byNamespace: ReadonlyMap<string, readonly TelemetryObject[]>;
  readonly #lists: InternedLists<'Telemetry'>;

  constructor(sources: TelemetrySources, previous?: TelemetryTable) {
    this.sources = sources;
    this.#byNamespace = byNamespace(sources.objects);
    this.#lists = new InternedLists(sources.objects, previous === undefined ? undefined : previous.#lists);
  }

  /** The oldest for all of a namespace counts, and every one that is for a part of it. */
  forWorkload(workload: PolicyWorkload): readonly TelemetryObject[] {
    const { namespace } = workload;
    const wide = [...new Set([this.sources.rootNamespace, namespace])].flatMap(
      (each) => this.#of(each).find(({ spec }) => isForAll(spec)) ?? [],
    );
    const ofWorkload = this.#of(namespace).filter(
      ({ spec }) => !isForAll(spec) && attachesTo(spec, namespace, workload),
    );
    return this.#lists.intern([...wide, ...ofWorkload]);
  }

  #of(namespace: string): readonly TelemetryObject[] {
    return this.#byNamespace.get(namespace) ?? [];
  }
}

function isForAll(spec: Telemetry): boolean {
  return Object.keys(spec.selector?.matchLabels ?? {}).length === 0 && targetsOf(spec).length === 0;
}
