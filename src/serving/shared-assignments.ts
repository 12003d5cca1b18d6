/**
 * The assignments of each group of proxies for each set of names: made once for each snapshot. Of the snapshot before,
 * those of services that did not change stay, and where nothing but endpoints changed, the whole set but for these.
 */
import { SharedWork, type Piecewise } from '../base/piecewise.js';
import type { EncodedResource } from '../envoy/resource.js';
import type { ProxyContext, Snapshot } from '../mesh/snapshot.js';
import { selfCluster, translateAssignment } from '../translate/endpoint/endpoints.js';
import type { Memo } from '../translate/memo.js';
import { parseClusterName } from '../translate/names.js';
import type { TranslationProblem } from '../translate/translation.js';
import type { ResourceSet, Subscription } from '../xds/source.js';
import { changedHosts, sameButEndpoints } from './changed-hosts.js';
import { MadeAssignments } from './made-assignments.js';
import type { ProxyGroup } from './proxy-group.js';
import { resourceSet } from './resource-sets.js';

type NameSet = ReadonlySet<string>;

/** What was made for one set of names, by the snapshot that it was made from. */
interface Answer {
  readonly snapshot: Snapshot;
  readonly work: SharedWork<Made>;
}

interface Made {
  readonly set: ResourceSet;
  /** Each name has a resource, at its place: what changes can be put there. */
  readonly complete: boolean;
}

type Answers = WeakMap<NameSet, Answer>;

/** What a group is served. */
interface OfGroup {
  readonly answers: { readonly true: Answers; readonly false: Answers };
  /** The assignments that were made last for it, whoever asked for them. */
  made: MadeAssignments;
}

export class SharedAssignments {
  readonly #memo: Memo;
  readonly #report: (problem: TranslationProblem) => void;
  readonly #groups = new WeakMap<ProxyGroup, OfGroup>();

  constructor(memo: Memo, report: (problem: TranslationProblem) => void) {
    this.#memo = memo;
    this.#report = report;
  }

  /**
   * The assignments that a proxy of a group asks for. A proxy that asks for its own siblings shares them with no one.
   * @param groupBefore the group that the proxy was in before, if any.
   * @param before what the proxy had: the result if it has the same.
   */
  *assignments(
    context: ProxyContext,
    { group, groupBefore }: { readonly group: ProxyGroup; readonly groupBefore: ProxyGroup | undefined },
    subscription: Subscription,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    const { names, placeholders } = subscription;
    const ofGroup = this.#of(context, group, groupBefore);
    if (names.has(selfCluster)) return (yield* this.#all(context, ofGroup, subscription, before)).set;
    const answers = ofGroup.answers[placeholders ? 'true' : 'false'];
    const known = answers.get(names);
    if (known?.snapshot === context.snapshot) return (yield* known.work.result()).set;
    const work = new SharedWork(this.#make(context, ofGroup, subscription, known, before));
    answers.set(names, { snapshot: context.snapshot, work });
    return (yield* work.result()).set;
  }

  /** What was made already of what proxies of a group ask for. */
  known(
    snapshot: Snapshot,
    group: ProxyGroup,
    names: NameSet,
    placeholders: boolean,
  ): ResourceSet | undefined {
    const answer = this.#groups.get(group)?.answers[placeholders ? 'true' : 'false'].get(names);
    return answer?.snapshot === snapshot ? answer.work.done?.set : undefined;
  }

  #of(context: ProxyContext, group: ProxyGroup, groupBefore: ProxyGroup | undefined): OfGroup {
    let ofGroup = this.#groups.get(group);
    if (ofGroup === undefined) {
      const before = groupBefore?.key === group.key ? this.#groups.get(groupBefore)?.made : undefined;
      const made = before?.goTo(context) ?? new MadeAssignments(context);
      ofGroup = { answers: { true: new WeakMap(), false: new WeakMap() }, made };
      this.#groups.set(group, ofGroup);
    }
    return ofGroup;
  }

  *#make(
    context: ProxyContext,
    ofGroup: OfGroup,
    subscription: Subscription,
    known: Answer | undefined,
    before: ResourceSet | undefined,
  ): Piecewise<Made> {
    if (known === undefined || known.work.failed)
      return yield* this.#all(context, ofGroup, subscription, before);
    const made = yield* known.work.result();
    if (!made.complete || !sameButEndpoints(known.snapshot, context.snapshot))
      return yield* this.#all(context, ofGroup, subscription, made.set);
    return yield* this.#changed(
      context,
      ofGroup,
      subscription,
      made.set,
      changedHosts(known.snapshot, context.snapshot),
    );
  }

  *#all(
    context: ProxyContext,
    ofGroup: OfGroup,
    subscription: Subscription,
    before: ResourceSet | undefined,
  ): Piecewise<Made> {
    const resources: EncodedResource[] = [];
    for (const name of subscription.names) {
      const resource = this.#one(context, ofGroup, subscription, name);
      if (resource !== undefined) resources.push(resource);
      yield;
    }
    const set = resourceSet(resources, before);
    return { set, complete: resources.length === subscription.names.size };
  }

  /** The set before, with what is to be made anew in its place. */
  *#changed(
    context: ProxyContext,
    ofGroup: OfGroup,
    subscription: Subscription,
    before: ResourceSet,
    hosts: ReadonlySet<string>,
  ): Piecewise<Made> {
    let resources: EncodedResource[] | undefined;
    for (const host of hosts) {
      for (const { name, place } of placesByHost(subscription.names).get(host) ?? []) {
        const resource = this.#one(context, ofGroup, subscription, name);
        if (resource === undefined) return yield* this.#all(context, ofGroup, subscription, before);
        if (resource === before.resources[place]) continue;
        resources ??= [...before.resources];
        resources[place] = resource;
        yield;
      }
    }
    return { set: resources === undefined ? before : resourceSet(resources), complete: true };
  }

  #one(
    context: ProxyContext,
    ofGroup: OfGroup,
    { placeholders }: Subscription,
    name: string,
  ): EncodedResource | undefined {
    if (ofGroup.made.snapshot !== context.snapshot) ofGroup.made = ofGroup.made.goTo(context);
    const made = ofGroup.made.get(name);
    if (made !== undefined) return made;
    const { resource, problems } = translateAssignment(context, name, this.#memo);
    for (const problem of problems) this.#report(problem);
    // A placeholder may be for any text, and one's own siblings are not the group's: nothing is kept of them.
    if (resource?.placeholder === true) return placeholders ? resource : undefined;
    if (resource !== undefined && name !== selfCluster) ofGroup.made.set(name, resource);
    return resource;
  }
}

interface Place {
  readonly name: string;
  readonly place: number;
}

const places = new WeakMap<NameSet, ReadonlyMap<string, readonly Place[]>>();

/** Where in a set of names those of each host stand; found once for each set. */
function placesByHost(names: NameSet): ReadonlyMap<string, readonly Place[]> {
  let index = places.get(names);
  if (index === undefined) {
    const made = new Map<string, Place[]>();
    let place = 0;
    for (const name of names) {
      const host = parseClusterName(name)?.hostname ?? name;
      const ofHost = made.get(host);
      if (ofHost === undefined) made.set(host, [{ name, place }]);
      else ofHost.push({ name, place });
      place += 1;
    }
    index = made;
    places.set(names, index);
  }
  return index;
}
