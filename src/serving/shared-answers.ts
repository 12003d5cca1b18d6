/** Answers that are the same for many proxies: each made once for each snapshot and set of names. */
import { SharedWork, type Piecewise } from '../base/piecewise.js';
import type { ProxyContext, Snapshot } from '../mesh/snapshot.js';
import type { Translation, TranslationProblem } from '../translate/translation.js';
import type { ResourceSet } from '../xds/source.js';
import type { ProxyGroup } from './proxy-group.js';
import { resourceSet } from './resource-sets.js';

type NameSet = ReadonlySet<string>;

interface Answer {
  readonly snapshot: Snapshot;
  readonly work: SharedWork<ResourceSet>;
}

/** Which answer is asked for. */
export interface AskedAnswer {
  readonly context: ProxyContext;
  /** The proxies that are answered alike. Its answers are kept as long as someone keeps it. */
  readonly group: ProxyGroup;
  readonly names: NameSet;
}

/** The answers of one type of resource. */
export class SharedAnswers {
  readonly #report: (problem: TranslationProblem) => void;
  readonly #answers = new WeakMap<ProxyGroup, WeakMap<NameSet, Answer>>();

  constructor(report: (problem: TranslationProblem) => void) {
    this.#report = report;
  }

  /**
   * The answer, which is the very same object as long as it has the same resources.
   *
   * @param translate makes it if no other proxy has asked for it
   * @param before what the proxy had
   */
  *answer(
    { context, group, names }: AskedAnswer,
    translate: () => Piecewise<Translation>,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    const { snapshot } = context;
    const ofGroup = this.#answers.get(group) ?? new WeakMap<NameSet, Answer>();
    this.#answers.set(group, ofGroup);
    const known = ofGroup.get(names);
    if (known?.snapshot === snapshot && !known.work.failed) return yield* known.work.result();
    const work = new SharedWork(this.#make(translate, before));
    ofGroup.set(names, { snapshot, work });
    return yield* work.result();
  }

  *#make(translate: () => Piecewise<Translation>, before: ResourceSet | undefined): Piecewise<ResourceSet> {
    const { resources, problems } = yield* translate();
    for (const problem of problems) this.#report(problem);
    return resourceSet(resources, before);
  }
}
