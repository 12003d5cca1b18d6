/**
 * The assignments of each group of proxies for each set of names: made once for each snapshot; and where nothing but
 * endpoints changed, only those of the services whose endpoints did.
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

export class SharedAssignments {
  readonly #memo: Memo;
  readonly #report: (problem: TranslationProblem) => void;
  /** With and without placeholders. */
  readonly #answers = { true: new WeakMap<ProxyGroup, Answers>(), false: new WeakMap<ProxyGroup, Answers>() };

  constructor(memo: Memo, report: (problem: TranslationProblem) => void) {
    this.#memo = memo;
    this.#report = report;
  }

  /**
   * The assignments that a proxy of a group asks for. A proxy that asks for its own siblings shares them with no one.
   * @param before what the proxy had: the result if it has the same.
   */
  *assignments(
    context: ProxyContext,
    group: ProxyGroup,
    subscription: Subscription,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    const { names, placeholders } = subscription;
    if (names.has(selfCluster)) return (yield* this.#all(context, subscription, before)).set;
    const byGroup = this.#answers[placeholders ? 'true' : 'false'];
    const answers = byGroup.get(group) ?? new WeakMap<NameSet, Answer>();
    byGroup.set(group, answers);
    const known = answers.get(names);
    if (known?.snapshot === context.snapshot) return (yield* known.work.result()).set;
    const work = new SharedWork(this.#make(context, subscription, known, before));
    answers.set(names, { snapshot: context.snapshot, work });
    return (yield* work.result()).set;
  }

  *#make(
    context: ProxyContext,
    subscription: Subscription,
    known: Answer | undefined,
    before: ResourceSet | undefined,
  ): Piecewise<Made> {
    if (known === undefined || known.work.failed) return yield* this.#all(context, subscription, before);
    const made = yield* known.work.result();
    if (!made.complete || !sameButEndpoints(known.snapshot, context.snapshot))
      return yield* this.#all(context, subscription, made.set);
    return yield* this.#changed(
      context,
      subscription,
      made.set,
      changedHosts(known.snapshot, context.snapshot),
    );
  }

  *#all(context: ProxyContext, subscription: Subscription, before: ResourceSet | undefined): Piecewise<Made> {
    const resources: EncodedResource[] = [];
    for (const name of subscription.names) {
      const resource = this.#one(context, subscription, name);
      if (resource !== undefined) resources.push(resource);
      yield;
    }
    const set = resourceSet(resources, before);
    return { set, complete: resources.length === subscription.names.size };
  }

  /** The set before, with what is to be made anew in its place. */
  *#changed(
    context: ProxyContext,
    subscription: Subscription,
    before: ResourceSet,
    hosts: ReadonlySet<string>,
  ): Piecewise<Made> {
    let resources: EncodedResource[] | undefined;
    for (const host of hosts) {
      for (const { name, place } of placesByHost(subscription.names).get(host) ?? []) {
        const resource = this.#one(context, subscription, name);
        if (resource === undefined) return yield* this.#all(context, subscription, before);
        if (resource === before.resources[place]) continue;
        resources ??= [...before.resources];
        resources[place] = resource;
        yield;
      }
    }
    return { set: resources === undefined ? before : resourceSet(resources), complete: true };
  }

  #one(context: ProxyContext, { placeholders }: Subscription, name: string): EncodedResource | undefined {
    const { resource, problems } = translateAssignment(context, name, this.#memo);
    for (const problem of problems) this.#report(problem);
    return resource?.placeholder === true && !placeholders ? undefined : resource;
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
