/** Compares two sides for some proxies: what a report is made from. */
import { PilotError } from '../base/errors.js';
import { istioVersion } from '../base/version.js';
import type { JsonObject } from '../envoy/json-value.js';
import { differences, type Difference } from './difference.js';
import { dialectOf } from '../mesh/dialect.js';
import { comparableAssignments, detailNotes } from './endpoint-detail.js';
import { withoutIgnored, type Ignore } from './ignore.js';
import { chanceOrdersNote, withoutChanceOrders } from './normalise.js';
import type { ProxyPair } from './proxy-pairs.js';
import { compareResources, type Answer, type ResourceDifference } from './resources.js';
import { mayBeServedNames, type Side, type SideAnswer } from './side.js';
import { chooseTypes } from './types.js';

/** How to compare. */
export interface ComparisonOptions {
  readonly proxies: readonly ProxyPair[];
  /** Short names; undefined for every type that both sides can tell. */
  readonly types?: readonly string[] | undefined;
  /** Orders that Istio leaves to chance count too. */
  readonly exact: boolean;
  readonly ignores: readonly Ignore[];
  /** What the sides are called in the report. */
  readonly labels: readonly [left: string, right: string];
}

/** A side, as a report names it. */
export interface ComparedSide {
  /** What it is called in the report. */
  readonly label: string;
  readonly source: string;
  readonly description: string;
  /** The Istio version that it says it is of. */
  readonly istioVersion: string | undefined;
}

/** One type of resource for one proxy. */
export interface TypeComparison {
  readonly type: string;
  /** How many resources each side has. */
  readonly left: number;
  readonly right: number;
  readonly found: readonly ResourceDifference[];
}

/** One proxy. */
export interface ProxyComparison {
  readonly name: string;
  readonly types: readonly TypeComparison[];
  /** What is worth knowing about this proxy's answers. */
  readonly notes: readonly string[];
  /** Why it could not be compared; there are no types then. */
  readonly failure?: string;
}

/** Two sides, compared. */
export interface Comparison {
  readonly left: ComparedSide;
  readonly right: ComparedSide;
  /** The types that were compared. */
  readonly types: readonly string[];
  /** Types that were not, and why. */
  readonly notCompared: readonly { readonly type: string; readonly reason: string }[];
  readonly proxies: readonly ProxyComparison[];
  /** What a person should doubt the result for. */
  readonly warnings: readonly string[];
  /** How it was compared. */
  readonly notes: readonly string[];
  /** How many differences each `--ignore` kept out. */
  readonly ignored: readonly { readonly path: string; readonly differences: number }[];
}

/** Whether everything was compared and nothing differs. */
export function isEqual({ proxies }: Comparison): boolean {
  return proxies.every(isProxyEqual);
}

/** Whether a proxy was compared and nothing differs. */
export function isProxyEqual({ types, failure }: ProxyComparison): boolean {
  return failure === undefined && types.every(({ found }) => found.length === 0);
}

/** Whether some proxy could not be compared. */
export function isIncomplete({ proxies }: Comparison): boolean {
  return proxies.some(({ failure }) => failure !== undefined);
}

/**
 * Asks both sides about each proxy and compares what they say.
 * @throws PilotError COMPARE_FAILED when a server or the only proxy's side cannot tell, or there is no type that both
 * can tell
 */
export async function compareSides(left: Side, right: Side, options: ComparisonOptions): Promise<Comparison> {
  const sides = [left, right] as const;
  const hasNames = options.proxies.some(
    ({ left: a, right: b }) => mayBeServedNames(a) || mayBeServedNames(b),
  );
  const { compared: types, notCompared } = chooseTypes(sides, options.labels, options.types, hasNames);
  const ignoreOrders = !options.exact && sides.some(({ hasChanceOrders }) => hasChanceOrders);
  const compare = rememberingCompare(ignoreOrders);
  const proxies: ProxyComparison[] = [];
  for (const pair of options.proxies) {
    const answers = await askBoth(sides, pair, types);
    if (answers instanceof PilotError) {
      if (options.proxies.length === 1) throw answers;
      proxies.push({ name: pair.name, types: [], notes: [], failure: answers.message });
      continue;
    }
    const notes = [
      ...(pair.note === undefined ? [] : [pair.note]),
      ...new Set(answers.flatMap((answer) => answer.notes)),
    ];
    const ofTypes = types.map((type) =>
      compareType(type, sides, [answers[0].answer, answers[1].answer], compare, options.ignores),
    );
    if (ofTypes.some(({ found }) => found.length > 0)) notes.push(...dialectNotes(sides, pair));
    proxies.push({ name: pair.name, types: ofTypes, notes });
  }
  const [leftSide, rightSide] = sides.map((side, index) => comparedSide(side, options.labels[index] ?? ''));
  if (leftSide === undefined || rightSide === undefined) throw new PilotError('INTERNAL', 'a side is lost');
  return {
    left: leftSide,
    right: rightSide,
    types,
    notCompared,
    proxies,
    warnings: [...versionWarnings([leftSide, rightSide]), ...unusedIgnores(options.ignores)],
    notes: [
      ...(ignoreOrders ? [chanceOrdersNote] : []),
      ...(types.includes('eds') ? detailNotes(sides.map(({ endpoints }) => endpoints)) : []),
    ],
    ignored: options.ignores.map(({ text, matched }) => ({ path: text, differences: matched })),
  };
}

function comparedSide(side: Side, label: string): ComparedSide {
  return { label, source: side.source, description: side.description, istioVersion: side.istioVersion() };
}

/**
 * Both sides' answers; an error where a side that is no server cannot tell about this proxy, which says nothing about
 * the next one.
 */
async function askBoth(
  [left, right]: readonly [Side, Side],
  pair: ProxyPair,
  types: readonly string[],
): Promise<readonly [SideAnswer, SideAnswer] | PilotError> {
  const [a, b] = await Promise.allSettled([left.answer(pair.left, types), right.answer(pair.right, types)]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  const failures = [
    ...(a.status === 'rejected' ? [{ side: left, reason: a.reason as unknown }] : []),
    ...(b.status === 'rejected' ? [{ side: right, reason: b.reason as unknown }] : []),
  ];
  const failed = failures.find(({ side }) => side.kind === 'server') ?? failures[0];
  if (failed === undefined || !(failed.reason instanceof PilotError)) throw failed?.reason;
  const { code, message, hint } = failed.reason;
  const error = new PilotError(code, `${pair.name}: ${message}`, {
    cause: failed.reason,
    ...(hint !== undefined && { hint }),
  });
  if (failed.side.kind === 'server') throw error;
  return error;
}

function compareType(
  type: string,
  [left, right]: readonly [Side, Side],
  [a, b]: readonly [Answer, Answer],
  compare: CompareResource,
  ignores: readonly Ignore[],
): TypeComparison {
  const whole = [a[type] ?? [], b[type] ?? []] as const;
  const [lefts, rights] =
    type === 'eds'
      ? comparableAssignments(
          { detail: left.endpoints, assignments: whole[0] },
          { detail: right.endpoints, assignments: whole[1] },
        )
      : whole;
  const found = compareResources(type, lefts, rights, compare);
  return { type, left: lefts.length, right: rights.length, found: withoutIgnored(found, ignores) };
}

/** Why a directory may differ from an Istiod that is right. */
function dialectNotes(sides: readonly Side[], { left: { node } }: ProxyPair): string[] {
  const directory = sides.find(({ kind }) => kind === 'directory');
  const server = sides.find(({ kind }) => kind === 'server');
  if (directory === undefined || server === undefined || node === undefined) return [];
  const dialect = dialectOf({ metadata: node.metadata ?? {}, userAgent: node.user_agent_name ?? '' });
  if (dialect !== 'plain') return [];
  return [
    `the node has no ISTIO_VERSION, so ${directory.source} leaves out what a plain Envoy cannot load; Istiod serves it all the same (docs/dialects.md)`,
  ];
}

type CompareResource = (left: JsonObject, right: JsonObject) => readonly Difference[];

/** Proxies that see the same mesh share resources; a pair of them is compared once. */
function rememberingCompare(ignoreOrders: boolean): CompareResource {
  const known = new WeakMap<JsonObject, WeakMap<JsonObject, readonly Difference[]>>();
  return (left, right) => {
    const ofLeft = known.get(left) ?? new WeakMap<JsonObject, readonly Difference[]>();
    known.set(left, ofLeft);
    const found =
      ofLeft.get(right) ??
      (ignoreOrders
        ? differences(withoutChanceOrders(left), withoutChanceOrders(right))
        : differences(left, right));
    ofLeft.set(right, found);
    return found;
  };
}

function versionWarnings(sides: readonly ComparedSide[]): string[] {
  return sides
    .filter(({ istioVersion: version }) => version !== undefined && !isOurVersion(version))
    .map(
      ({ label, istioVersion: version }) =>
        `${label} says that its Istio is ${version}; Pilotlight equals Istio ${istioVersion.line}, so differences may be those between the two`,
    );
}

/** Whether a version is of the release line that Pilotlight equals. */
export function isOurVersion(version: string): boolean {
  const { line, module } = istioVersion;
  return (
    version === module ||
    version === line ||
    new RegExp(`^v?${line.replace('.', '\\.')}[.\\-+]`).test(version)
  );
}

function unusedIgnores(ignores: readonly Ignore[]): string[] {
  return ignores
    .filter(({ matched }) => matched === 0)
    .map(({ text }) => `--ignore ${text} matched no difference`);
}
