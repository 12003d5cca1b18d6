/**
 * Which services have trouble, from two blocking queries for all of them: on the checks in the state critical and on
 * those in the state warning. So a change of health is heard of at once, of services without a query of their own, too.
 */
import { filter, map, merge, type Observable } from 'rxjs';
import { type AdapterContext, type PollOptions, type PollPosition, polling } from '../../adapter/index.js';
import type { Check, HealthEntry } from './answers.js';
import type { ConsulClient } from './client.js';
import type { Scope } from './scope.js';

const states = ['critical', 'warning'] as const;
type State = (typeof states)[number];

/** Checks by what they are of; each as text. */
interface ChecksOfState {
  readonly ofServices: ReadonlyMap<string, ReadonlySet<string>>;
  readonly ofNodes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What was read of a service last. */
interface ReadService {
  readonly nodes: ReadonlySet<string>;
  readonly checks: Readonly<Record<State, ReadonlySet<string>>>;
}

/**
 * Holds what was read of services against what is said of checks: where they differ, the service has to be read again.
 * Either may be the newer one, as answers overtake each other. Services by their names, not their keys.
 */
export class Troubles {
  readonly #services = new Map<string, ReadService>();
  readonly #said = new Map<State, ChecksOfState>();

  /** Takes in a service that was read. @returns whether it has to be read again. */
  read(service: string, entries: readonly HealthEntry[]): boolean {
    const before = this.#services.get(service);
    const now: ReadService = {
      nodes: new Set(entries.map(({ Node }) => Node.Node)),
      checks: { critical: checksIn('critical', entries), warning: checksIn('warning', entries) },
    };
    this.#services.set(service, now);
    // One that reads as before is not read again and again: when the checks are what is outdated, they will say so.
    const isNews = states.some((state) => !areSame(before?.checks[state], now.checks[state]));
    return isNews && states.some((state) => this.#differs(state, service, now));
  }

  /** Takes in all checks in a state. @returns the services that have to be read again. */
  said(state: State, checks: readonly Check[]): readonly string[] {
    this.#said.set(state, {
      ofServices: grouped(checks, ({ ServiceName }) => ServiceName ?? ''),
      // A check without a service is one of its node.
      ofNodes: grouped(checks, ({ ServiceName, Node }) => (ServiceName ? '' : (Node ?? ''))),
    });
    return [...this.#services].flatMap(([service, known]) =>
      this.#differs(state, service, known) ? [service] : [],
    );
  }

  /** Forgets the services that are gone. @param services those that there are */
  keepOnly(services: readonly string[]): void {
    const listed = new Set(services);
    for (const service of [...this.#services.keys()])
      if (!listed.has(service)) this.#services.delete(service);
  }

  #differs(state: State, service: string, { nodes, checks }: ReadService): boolean {
    const said = this.#said.get(state);
    if (said === undefined) return false;
    const own = said.ofServices.get(service);
    if (own === undefined && said.ofNodes.size === 0) return checks[state].size > 0;
    const expected = new Set(own);
    for (const node of nodes) for (const check of said.ofNodes.get(node) ?? []) expected.add(check);
    return !areSame(expected, checks[state]);
  }
}

/** Names of services that have to be read again, from what is said of checks. */
export function troubledServices(
  troubles: Troubles,
  client: ConsulClient,
  scope: Scope,
  options: PollOptions,
  context: Pick<AdapterContext, 'scheduler' | 'random'>,
): Observable<readonly string[]> {
  const changes = states.map((state) => {
    const poll = (at: PollPosition) => client.checks(state, scope, at);
    return polling({ poll }, options, context).pipe(
      map((reading) => (reading.outcome === 'snapshot' ? troubles.said(state, reading.value) : [])),
    );
  });
  return merge(...changes).pipe(filter((services) => services.length > 0));
}

function checksIn(state: State, entries: readonly HealthEntry[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { Node, Checks } of entries)
    for (const check of Checks) if (check.Status === state) found.add(textOf({ Node: Node.Node, ...check }));
  return found;
}

function grouped(
  checks: readonly Check[],
  of: (check: Check) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const check of checks) {
    const group = of(check);
    if (group !== '') groups.set(group, (groups.get(group) ?? new Set()).add(textOf(check)));
  }
  return groups;
}

function textOf({ Node = '', ServiceName = '', CheckID }: Check): string {
  return JSON.stringify([Node, ServiceName, CheckID]);
}

function areSame(a: ReadonlySet<string> | undefined, b: ReadonlySet<string>): boolean {
  return a !== undefined && a.size === b.size && [...a].every((value) => b.has(value));
}
