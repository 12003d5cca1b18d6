/** Which proxies two sides are compared for, and how each side is asked about them. */
import { PilotError } from '../base/errors.js';
import type { NodeDescription } from '../mesh/node.js';
import type { KnownProxies, ProxyRequest, Side } from './side.js';

/** What the person named. */
export interface PairChoice {
  readonly names: readonly string[];
  /** Nodes from files, with the names that they have by themselves. */
  readonly nodes: readonly { readonly name: string; readonly node: NodeDescription }[];
  readonly all: boolean;
}

/** One proxy, asked of both sides. */
export interface ProxyPair {
  readonly name: string;
  readonly left: ProxyRequest;
  readonly right: ProxyRequest;
  readonly note?: string;
}

type Sides = readonly [left: Side, right: Side];

/**
 * The proxies to compare. Where none is named, a side that holds one proxy's answer says which, and a file with
 * answers by name means all of them. A node that only one side knows is given to the other as well.
 * @throws PilotError USAGE that says what there is when it is not clear which proxies are meant
 */
export function pairProxies(sides: Sides, choice: PairChoice): readonly ProxyPair[] {
  const known = sides.map(({ proxies }) => proxies);
  const fromFiles = choice.nodes.map(({ name, node }) => ({
    name,
    left: { name, node },
    right: { name, node },
  }));
  const names = [...choice.names, ...(choice.all ? allNames(sides) : [])];
  const chosen = [...names.map((name) => namedPair(sides, name)), ...fromFiles];
  if (chosen.length > 0) return [...new Map(chosen.map((pair) => [pair.name, pair])).values()];
  if (choice.all)
    throw new PilotError('USAGE', '--all-proxies: no side knows any proxy', { hint: whatThereIs(sides) });
  const single = known.find((proxies) => proxies.kind === 'single' && proxies.node !== undefined);
  const held = single ?? known.find((proxies) => proxies.kind === 'single');
  if (held?.kind === 'single') return [heldPair(sides, held)];
  const recorded = sides.find(({ kind, proxies }) => kind === 'file' && proxies.kind === 'named');
  if (recorded?.proxies.kind === 'named') return recorded.proxies.all.map((name) => namedPair(sides, name));
  throw new PilotError('USAGE', 'no proxy to compare for', {
    hint: `Name one with --proxy, give its node with --node FILE, or compare for each with --all-proxies. ${whatThereIs(sides)}`,
  });
}

function allNames(sides: Sides): string[] {
  return [...new Set(sides.flatMap(({ proxies }) => (proxies.kind === 'named' ? proxies.all : [])))];
}

function namedPair(sides: Sides, name: string): ProxyPair {
  const nodes = sides.map(({ proxies }) => nodeOf(proxies, name));
  const [left, right] = sides.map((side, index) =>
    request(side, name, nodes[index] ?? nodes.find((node) => node !== undefined), sides),
  );
  if (left === undefined || right === undefined) throw new PilotError('INTERNAL', 'a side is lost');
  const missing = sides.find(
    ({ kind, proxies }) => kind === 'directory' && proxies.kind === 'named' && !proxies.has(name),
  );
  const knowing = sides.find(
    ({ kind, proxies }) => kind === 'directory' && proxies.kind === 'named' && proxies.has(name),
  );
  if (missing === undefined || knowing === undefined) return { name, left, right };
  return {
    name,
    left,
    right,
    note: `only ${knowing.source} knows this proxy; ${missing.source} was asked with its node`,
  };
}

function nodeOf(proxies: KnownProxies, name: string): NodeDescription | undefined {
  if (proxies.kind === 'named') return proxies.has(name) ? proxies.node(name) : undefined;
  return proxies.kind === 'single' && proxies.name === name ? proxies.node : undefined;
}

function request(side: Side, name: string, node: NodeDescription | undefined, sides: Sides): ProxyRequest {
  const { proxies, kind, source } = side;
  const isAskedByName = proxies.kind === 'single' || (kind === 'file' && proxies.kind === 'named');
  if (!isAskedByName && node === undefined) {
    throw new PilotError('USAGE', `there is no proxy "${name}" whose node ${source} could be asked as`, {
      hint: `${whatThereIs(sides)} --node FILE gives a node.`,
    });
  }
  return { name, node };
}

/** Both sides asked as the proxy whose answer one of them holds. */
function heldPair(sides: Sides, held: Extract<KnownProxies, { kind: 'single' }>): ProxyPair {
  const name = held.name ?? 'the proxy';
  const [left, right] = sides.map((side): ProxyRequest => {
    const isAsked = side.proxies.kind !== 'single';
    const node = held.node ?? (held.name === undefined ? undefined : nodeOf(side.proxies, held.name));
    if (isAsked && node === undefined && !(side.kind === 'file' && held.name !== undefined)) {
      throw new PilotError('USAGE', `it is not told which proxy ${heldSource(sides, held)} is of`, {
        hint: `Name it with --proxy, or give its node with --node FILE. ${whatThereIs(sides)}`,
      });
    }
    return { name, node };
  });
  if (left === undefined || right === undefined) throw new PilotError('INTERNAL', 'a side is lost');
  return { name, left, right };
}

function heldSource(sides: Sides, held: KnownProxies): string {
  return sides.find(({ proxies }) => proxies === held)?.source ?? 'the file';
}

const longestList = 20;

function whatThereIs(sides: Sides): string {
  const names = [...new Set(sides.flatMap(({ proxies }) => (proxies.kind === 'named' ? proxies.names : [])))];
  if (names.length === 0) return 'No side knows a proxy by name.';
  const more = names.length > longestList ? ` and ${names.length - longestList} more` : '';
  return `There is: ${names.slice(0, longestList).join(', ')}${more}.`;
}
