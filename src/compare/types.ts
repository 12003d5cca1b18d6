/** Which types of resources two sides are compared for. */
import { PilotError } from '../base/errors.js';
import { comparableTypes, type Side } from './side.js';

/** Types that are compared, and those that are not although a side has them. */
export interface ChosenTypes {
  readonly compared: readonly string[];
  readonly notCompared: readonly { readonly type: string; readonly reason: string }[];
}

/**
 * The types that are asked for and that both sides can tell; `asked` undefined asks for all.
 * @throws PilotError USAGE for a type that does not exist, COMPARE_FAILED when none is left
 */
export function chooseTypes(
  sides: readonly [Side, Side],
  labels: readonly [string, string],
  asked: readonly string[] | undefined,
): ChosenTypes {
  const known = [...new Set([...comparableTypes, ...sides.flatMap(({ types }) => types)])];
  const unknown = asked?.find((type) => !known.includes(type));
  if (unknown !== undefined) {
    throw new PilotError('USAGE', `--type: "${unknown}" is none of ${known.join(', ')}`);
  }
  const wanted = known.filter((type) => asked === undefined || asked.includes(type));
  const isOffered = (side: Side, type: string): boolean =>
    side.types.includes(type) && (asked !== undefined || side.kind !== 'server' || alwaysServed.has(type));
  const compared = wanted.filter((type) => sides.every((side) => isOffered(side, type)));
  const notCompared = wanted
    .filter((type) => !compared.includes(type) && sides.some((side) => side.types.includes(type)))
    .map((type) => ({
      type,
      reason: sides.flatMap((side, index) => whyNot(side, type, labels[index] ?? '')).join('; '),
    }));
  if (compared.length === 0) {
    const reasons = wanted.flatMap((type) =>
      sides.flatMap((side, index) => whyNot(side, type, labels[index] ?? '')),
    );
    throw new PilotError('COMPARE_FAILED', 'there is no type of resource that both sides can tell', {
      hint: [...new Set(reasons)].join('; '),
    });
  }
  return { compared, notCompared };
}

/** What every server is taken to serve; it cannot be told of another type whether a server is slow or does not have it. */
const alwaysServed: ReadonlySet<string> = new Set(['cds', 'eds']);

function whyNot(side: Side, type: string, label: string): string[] {
  if (side.types.includes(type)) {
    return side.kind === 'server' && !alwaysServed.has(type)
      ? [`${label} is asked for it with --type ${type} only`]
      : [];
  }
  return [`${label} ${side.missingTypes.get(type) ?? `has no ${type}`}`];
}
