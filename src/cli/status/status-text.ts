/** The status of proxies for people: one line for each, or everything of one. */
import { aligned } from '../../base/aligned.js';
import type { Colours } from '../../compare/colours.js';
import type { SyncState } from '../../xds/status.js';
import { compareTypes, isSynced, type ProxyStatus, type TypeState } from './proxy-status.js';

/** Characters of a refusal's reason where it has one line. */
const longestReason = 300;

/** All proxies, a line each, with the reasons of refusals below. Empty for no proxies. */
export function statusTable(proxies: readonly ProxyStatus[], colours: Colours): string {
  if (proxies.length === 0) return '';
  const types = [...new Set(proxies.flatMap((proxy) => proxy.types.map(({ type }) => type)))].sort(
    compareTypes,
  );
  const header = ['NAME', ...types.map(shortType), 'DIALECT', 'VARIANT', 'VERSION'].map((text) =>
    plain(text),
  );
  const rows = proxies.map((proxy) => [
    plain(proxy.name),
    ...types.map((type) =>
      stateCell(
        proxy.types.find((each) => each.type === type),
        colours,
      ),
    ),
    plain(orDash(proxy.dialect)),
    plain(orDash(proxy.variant)),
    plain(orDash(proxy.istioVersion)),
  ]);
  const [heading = '', ...lines] = columns([header, ...rows]);
  const below = proxies.map((proxy) => reasonLines(proxy, colours));
  return [colours.title(heading), ...lines.flatMap((line, index) => [line, ...(below[index] ?? [])])]
    .map((line) => `${line}\n`)
    .join('');
}

/** Everything of one proxy. */
export function proxyDetails(proxy: ProxyStatus, colours: Colours): string {
  const facts: [string, string][] = [
    ['node', proxy.nodeId],
    ['connection', proxy.connections.join(', ')],
    ['address', proxy.address],
    ['connected', proxy.connectedAgo === undefined ? '' : `${age(proxy.connectedAgo)} ago`],
    ['namespace', proxy.namespace],
    ['cluster', proxy.cluster],
    ['dialect', proxy.dialect],
    ['variant', proxy.variant],
    ['istio', proxy.istioVersion],
  ];
  const header = ['TYPE', 'STATE', 'RESOURCES', 'ASKED FOR', 'SENT', 'ACCEPTED', 'REFUSED', 'VERSION'];
  const rows = proxy.types.map((type) => [
    plain(shortType(type.type)),
    { text: type.state, paint: paintOf(type.state, colours) },
    plain(orDash(type.resources?.toString() ?? '')),
    plain(askedFor(type)),
    ...[type.sentAgo, type.acceptedAgo, type.refusedAgo].map((seconds) =>
      plain(seconds === undefined ? '-' : `${age(seconds)} ago`),
    ),
    plain(orDash(type.version)),
  ]);
  const [heading = '', ...lines] = columns([header.map((text) => plain(text)), ...rows]);
  const errors = proxy.types.flatMap(({ type, error }) =>
    error === undefined
      ? []
      : [
          '',
          `  ${colours.left(`${shortType(type)} was refused:`)}`,
          ...error.split('\n').map((line) => `    ${printable(line)}`),
        ],
  );
  return [
    colours.title(printable(proxy.name)),
    ...facts
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `  ${name.padEnd(10)}  ${printable(value)}`),
    ...(lines.length === 0 ? ['', '  nothing is asked for'] : ['', `  ${colours.title(heading)}`]),
    ...lines.map((line) => `  ${line}`),
    ...errors,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** One proxy's states in a line of its own, without ages, so that it only differs when something happened. */
export function statusLine({ name, types, dialect, variant }: ProxyStatus): string {
  const states = types.map(
    ({ type, state, error }) =>
      `${shortType(type)} ${state}${error === undefined ? '' : ` (${firstWords(error)})`}`,
  );
  const about = [dialect, variant].filter((word) => word !== '').join(', ');
  return [
    printable(name),
    ...(about === '' ? [] : [printable(about)]),
    ...(states.length === 0 ? ['nothing asked for'] : states),
  ].join('  ');
}

/** How many there are, and how many of them are synced. */
export function summary(proxies: readonly ProxyStatus[]): string {
  if (proxies.length === 0) return 'no proxy is connected';
  const count = proxies.length === 1 ? '1 proxy' : `${proxies.length} proxies`;
  const behind = proxies.filter((proxy) => !isSynced(proxy)).length;
  return behind === 0 ? `${count}, all synced` : `${count}, ${behind} not synced`;
}

/** Seconds as Kubernetes' tools show ages: `12s`, `3m20s`, `5h`, `2d`. */
export function age(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 120) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return whole % 60 === 0 ? `${minutes}m` : `${minutes}m${whole % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

interface Cell {
  readonly text: string;
  readonly paint: (text: string) => string;
}

function plain(text: string): Cell {
  return { text: printable(text), paint: (same) => same };
}

/** Names and reasons are chosen by clients: what would steer a terminal is shown as a question mark. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

function stateCell(type: TypeState | undefined, colours: Colours): Cell {
  if (type === undefined) return { text: '-', paint: colours.faint };
  const seconds = {
    SYNCED: type.acceptedAgo ?? type.sentAgo,
    STALE: type.sentAgo,
    'NOT SENT': undefined,
    ERROR: type.refusedAgo ?? type.sentAgo,
  }[type.state];
  return {
    text: seconds === undefined ? type.state : `${type.state} (${age(seconds)})`,
    paint: paintOf(type.state, colours),
  };
}

function paintOf(state: SyncState, colours: Colours): (text: string) => string {
  return {
    SYNCED: colours.good,
    STALE: colours.warning,
    'NOT SENT': colours.faint,
    ERROR: colours.left,
  }[state];
}

function reasonLines({ types }: ProxyStatus, colours: Colours): string[] {
  return types.flatMap(({ type, error }) =>
    error === undefined ? [] : [`  ${colours.left(`${shortType(type)} refused:`)} ${firstWords(error)}`],
  );
}

/** A reason as one line that is not too long. */
function firstWords(error: string): string {
  const line = printable(error.replaceAll(/\s+/g, ' ').trim());
  return line.length > longestReason ? `${line.slice(0, longestReason)}…` : line;
}

function askedFor({ wildcard, names }: TypeState): string {
  if (wildcard === undefined && names === undefined) return '-';
  const named = names === 1 ? '1 name' : `${names ?? 0} names`;
  if (wildcard === true) return (names ?? 0) === 0 ? 'all' : `all, and ${named}`;
  return (names ?? 0) === 0 ? 'nothing' : named;
}

/** A type that has no short name by the last part of its URL. */
function shortType(type: string): string {
  return printable(type.slice(type.lastIndexOf('/') + 1).replace(/^.*\.(?=[A-Z])/, ''));
}

function orDash(text: string): string {
  return text === '' ? '-' : text;
}

/** Columns as wide as their widest cell, whatever colours add. */
function columns(rows: readonly (readonly Cell[])[]): string[] {
  return aligned(
    rows,
    ({ text }) => text.length,
    ({ text, paint }) => paint(text),
  );
}
