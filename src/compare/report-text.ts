/**
 * A comparison as text for a person: which sides, then each proxy that differs with what is only on one side and
 * the fields that differ, then where differences are many, then counts.
 */
import { aligned } from '../base/aligned.js';
import { istioVersion } from '../base/version.js';
import type { Json } from '../envoy/json-value.js';
import type { Colours } from './colours.js';
import {
  isProxyEqual,
  type ComparedSide,
  type Comparison,
  type ProxyComparison,
  type TypeComparison,
} from './comparison.js';
import type { Difference } from './difference.js';
import { frequentPaths } from './frequent-paths.js';
import type { ResourceDifference } from './resources.js';

/** How the report is written. */
export interface TextOptions {
  readonly colours: Colours;
  /** Most resources that are shown for a proxy and type; the rest is counted. */
  readonly limit: number;
}

/** Longest value that is shown whole. */
const longestValue = 160;

/** The whole report, ending in a newline. */
export function reportText(comparison: Comparison, { colours, limit }: TextOptions): string {
  const { left, right, proxies } = comparison;
  const lines = [
    ...heading(comparison, colours),
    ...proxies.filter(isProxyEqual).map((proxy) => equalLine(proxy, colours)),
    ...proxies.flatMap((proxy) => failureLine(proxy, colours)),
    ...proxyNotes(proxies, colours),
    ...proxies
      .filter(isDifferent)
      .flatMap((proxy) => ['', ...proxyLines(proxy, [left, right], colours, limit)]),
    ...frequencyLines(comparison, colours),
    '',
    ...conclusion(comparison, colours),
  ];
  return `${lines.join('\n')}\n`;
}

/** Counts by proxy and type, a line each. */
export function reportSummary(comparison: Comparison): string {
  const { left, right, proxies } = comparison;
  const rows = proxies.flatMap(({ name, types }) =>
    types.map((one) => {
      const { onlyLeft, onlyRight, different } = counts(one);
      return [
        name,
        one.type,
        String(one.left - onlyLeft - different),
        String(different),
        String(onlyLeft),
        String(onlyRight),
      ];
    }),
  );
  return aligned([
    ['PROXY', 'TYPE', 'EQUAL', 'DIFFERENT', `ONLY ${left.label}`, `ONLY ${right.label}`],
    ...rows,
  ])
    .map((line) => `${line}\n`)
    .join('');
}

function heading(
  { left, right, notCompared, notes, warnings, types }: Comparison,
  colours: Colours,
): string[] {
  return [
    colours.left(`- ${sideLine(left)}`),
    colours.right(`+ ${sideLine(right)}`),
    colours.faint(
      `compared: ${types.join(', ')}; Pilotlight equals Istio ${istioVersion.line} (${istioVersion.module})`,
    ),
    ...notCompared.map(({ type, reason }) => colours.faint(`not compared: ${type}: ${reason}`)),
    ...notes.map((note) => colours.faint(`note: ${note}`)),
    ...warnings.map((warning) => colours.warning(`warning: ${warning}`)),
  ];
}

function sideLine({ label, source, description, istioVersion: version }: ComparedSide): string {
  const name = label === source ? source : `${label}: ${source}`;
  return `${name} (${description}${version === undefined ? '' : `, Istio ${version}`})`;
}

function equalLine({ name, types }: ProxyComparison, colours: Colours): string {
  const what = types.map(({ type, left }) => `${left} ${type}`).join(', ');
  return `${colours.good('=')} ${name}: equal (${what})`;
}

function failureLine({ name, failure }: ProxyComparison, colours: Colours): string[] {
  return failure === undefined ? [] : [colours.warning(`! ${name} could not be compared: ${failure}`)];
}

function isDifferent(proxy: ProxyComparison): boolean {
  return proxy.failure === undefined && !isProxyEqual(proxy);
}

/** What is said of several proxies is said once. */
function proxyNotes(proxies: readonly ProxyComparison[], colours: Colours): string[] {
  const byNote = new Map<string, ProxyComparison[]>();
  for (const proxy of proxies) {
    for (const note of proxy.notes) byNote.set(note, [...(byNote.get(note) ?? []), proxy]);
  }
  return [...byNote].map(([note, noted]) =>
    colours.faint(proxies.length === 1 ? `note: ${note}` : `note: ${note} (${names(noted)})`),
  );
}

type Labels = readonly [left: ComparedSide, right: ComparedSide];

function proxyLines(
  { name, types }: ProxyComparison,
  sides: Labels,
  colours: Colours,
  limit: number,
): string[] {
  return [colours.title(name), ...types.flatMap((one) => typeLines(one, sides, colours, limit))];
}

function typeLines(one: TypeComparison, sides: Labels, colours: Colours, limit: number): string[] {
  const { type, left, right, found } = one;
  if (found.length === 0) return [`  ${type}: equal (${left})`];
  const shown = found.slice(0, limit);
  const rest = found.length - shown.length;
  return [
    `  ${colours.title(type)}: ${countText(counts(one), sides)} (of ${left === right ? left : `${left} and ${right}`})`,
    ...shown.flatMap((resource) => resourceLines(resource, sides, colours)),
    ...(rest > 0 ? [colours.faint(`    … and ${rest} more; --limit 0 shows all, -o json too`)] : []),
  ];
}

interface Counts {
  readonly onlyLeft: number;
  readonly onlyRight: number;
  readonly different: number;
}

function counts({ found }: TypeComparison): Counts {
  const count = (kind: ResourceDifference['kind']): number => found.filter((one) => one.kind === kind).length;
  return { onlyLeft: count('only-left'), onlyRight: count('only-right'), different: count('different') };
}

function countText({ onlyLeft, onlyRight, different }: Counts, [left, right]: Labels): string {
  return [
    different > 0 ? `${different} different` : '',
    onlyLeft > 0 ? `${onlyLeft} only in ${left.label}` : '',
    onlyRight > 0 ? `${onlyRight} only in ${right.label}` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function resourceLines(resource: ResourceDifference, [left, right]: Labels, colours: Colours): string[] {
  const name = resource.name === '' ? '(without a name)' : resource.name;
  switch (resource.kind) {
    case 'only-left':
      return [colours.left(`    - ${name}  only in ${left.label}`)];
    case 'only-right':
      return [colours.right(`    + ${name}  only in ${right.label}`)];
    case 'different':
      return [
        colours.changed(`    ~ ${name}`),
        ...resource.differences.flatMap((difference) => differenceLines(difference, colours)),
      ];
  }
}

function differenceLines(difference: Difference, colours: Colours): string[] {
  const path = difference.path === '' ? '(whole)' : difference.path;
  const left = difference.kind === 'only-right' ? undefined : difference.left;
  const right = difference.kind === 'only-left' ? undefined : difference.right;
  return [
    `        ${path}${difference.kind === 'order' ? '  (another order)' : ''}`,
    ...(left === undefined ? [] : [colours.left(`          - ${valueText(left)}`)]),
    ...(right === undefined ? [] : [colours.right(`          + ${valueText(right)}`)]),
  ];
}

function valueText(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > longestValue
    ? `${text.slice(0, longestValue)}… (${text.length} characters; -o json shows all)`
    : text;
}

/** Where one thing makes many resources differ, it is said once. */
function frequencyLines(comparison: Comparison, colours: Colours): string[] {
  const frequent = frequentPaths(comparison.proxies);
  if (frequent.length === 0) return [];
  return [
    '',
    colours.title('fields that differ most'),
    ...frequent.map(({ type, path, resources }) => `  ${String(resources).padStart(6)} × ${type}:${path}`),
    colours.faint('  a line’s last part is what --ignore takes'),
  ];
}

function conclusion(comparison: Comparison, colours: Colours): string[] {
  const { proxies, ignored, left, right } = comparison;
  const differing = proxies.filter(isDifferent);
  const failed = proxies.filter(({ failure }) => failure !== undefined).length;
  const taken = ignored.reduce((sum, { differences }) => sum + differences, 0);
  const rest = [
    ...(taken === 0 ? [] : [`${taken} differences ignored`]),
    ...(failed === 0 ? [] : [`${failed} of ${proxies.length} proxies could not be compared`]),
  ];
  if (differing.length === 0) {
    const compared = proxies.length - failed;
    const text = `equal for ${compared === 1 ? 'one proxy' : `${compared} proxies`}`;
    return [(failed === 0 ? colours.good : colours.warning)([text, ...rest].join('; '))];
  }
  const totals = comparison.types.flatMap((type) => {
    const all = differing.flatMap(({ types }) => types.filter((one) => one.type === type)).map(counts);
    const sum = (key: keyof Counts): number => all.reduce((total, one) => total + one[key], 0);
    const total = {
      onlyLeft: sum('onlyLeft'),
      onlyRight: sum('onlyRight'),
      different: sum('different'),
    };
    const text = countText(total, [left, right]);
    return text === '' ? [] : [`${type} ${text}`];
  });
  const who =
    proxies.length === 1
      ? 'different'
      : `different for ${differing.length} of ${proxies.length} proxies (${names(differing)})`;
  return [colours.changed([`${who}: ${totals.join('; ')}`, ...rest].join('; '))];
}

function names(proxies: readonly ProxyComparison[]): string {
  const some = proxies.slice(0, 10).map(({ name }) => name);
  return `${some.join(', ')}${proxies.length > some.length ? `, and ${proxies.length - some.length} more` : ''}`;
}
