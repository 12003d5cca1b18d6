/** Recorded answers as a side of a comparison. */
import { assignmentNames } from '../references.js';
import { sideFailure, type KnownProxies, type Side, type SideKind } from '../side.js';
import { proxyName, type Recorded } from './recorded.js';

/** A side that holds the answer of one proxy. */
export function recordedSide(source: string, kind: SideKind, recorded: Recorded): Side {
  const { node } = recorded;
  const name = node === undefined ? undefined : proxyName(node);
  return {
    ...common(source, kind, recorded, typesOf([recorded])),
    proxies: { kind: 'single', name, node },
    answer: async () => ({ answer: recorded.answer, notes: recorded.notes }),
  };
}

/** A side that holds the answers of several proxies by name. */
export function recordedSides(source: string, byName: ReadonlyMap<string, Recorded>): Side {
  const [first] = byName.values();
  if (first === undefined) throw sideFailure(source, 'holds no answer', undefined);
  const names = [...byName.keys()];
  const proxies: KnownProxies = {
    kind: 'named',
    names,
    all: names,
    has: (name) => byName.has(name),
    node: (name) => byName.get(name)?.node,
  };
  return {
    ...common(source, 'file', first, typesOf([...byName.values()])),
    proxies,
    answer: async ({ name }) => {
      const recorded = byName.get(name);
      if (recorded === undefined) {
        throw sideFailure(
          source,
          `has no answer for ${name}`,
          undefined,
          `It has: ${names.slice(0, 20).join(', ')}.`,
        );
      }
      return { answer: recorded.answer, notes: recorded.notes };
    },
  };
}

function common(
  source: string,
  kind: SideKind,
  { description, missingTypes, endpoints, istioVersion }: Recorded,
  types: readonly string[],
): Omit<Side, 'proxies' | 'answer'> {
  return {
    source,
    kind,
    description,
    types,
    missingTypes,
    endpoints,
    hasChanceOrders: true,
    istioVersion: () => istioVersion,
    close: () => undefined,
  };
}

/** A type that no record holds cannot be told; no assignments at all can, where no cluster asks for one. */
function typesOf(records: readonly Recorded[]): string[] {
  const types = new Set(records.flatMap(({ answer }) => Object.keys(answer)));
  const noneAsksForEds = records.every(
    ({ answer }) => answer['cds'] !== undefined && assignmentNames(answer['cds']).size === 0,
  );
  if (noneAsksForEds && !records.some(({ missingTypes }) => missingTypes.has('eds'))) types.add('eds');
  return [...types];
}
