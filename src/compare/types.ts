/** Which types of resources two sides are compared for. */
import { PilotError } from '../base/errors.js';
import { comparableTypes, type Side } from './side.js';

/** Types that are compared, and those that are not although a side has them. */
export interface ChosenTypes {
  readonly compared: readonly string[];
  readonly notCompared: readonly { readonly type: string; readonly reason: string }[];
}

/**
 * The types that are asked for and that both sides can tell; `asked` undefined asks for all, of which names are passed
 * over where no proxy is served any.
 * @throws PilotError USAGE for a type that does not exist, COMPARE_FAILED when none is left
 */
export function chooseTypes(
  sides: readonly [Side, Side],
  labels: readonly [string, string],
  asked: readonly string[] | undefined,
  hasNames: boolean,
): ChosenTypes {
  const known = [...new Set([...comparableTypes, ...sides.flatMap(({ types }) => types)])];
  const unknown = asked?.find((type) => !known.includes(type));
  if (unknown !== undefined) {
    throw new PilotError('USAGE', `--type: "${unknown}" is none of ${known.join(', ')}`);
  }
  const wanted = known.filter((type) =>
    asked === undefined ? type !== 'nds' || hasNames : asked.includes(type),
  );
  const why = (side: Side, type: string, label: string): string[] =>
    type === 'nds' && !hasNames ? [noNames] : whyNot(side, type, label);
  const compared = wanted.filter(
    (type) => sides.every((side) => side.types.includes(type)) && (type !== 'nds' || hasNames),
  );
  const notCompared = wanted
    .filter((type) => !compared.includes(type) && sides.some((side) => side.types.includes(type)))
    .map((type) => ({
      type,
      reason: [...new Set(sides.flatMap((side, index) => why(side, type, labels[index] ?? '')))].join('; '),
    }));
  if (compared.length === 0) {
    const reasons = wanted.flatMap((type) =>
      sides.flatMap((side, index) => why(side, type, labels[index] ?? '')),
    );
    throw new PilotError('COMPARE_FAILED', 'there is no type of resource that both sides can tell', {
      hint: [...new Set(reasons)].join('; '),
    });
  }
  return { compared, notCompared };
}

const noNames = 'no proxy is served names, as no agent of theirs captures DNS (DNS_CAPTURE in the metadata)';

function whyNot(side: Side, type: string, label: string): string[] {
  if (side.types.includes(type)) return [];
  return [`${label} ${side.missingTypes.get(type) ?? `has no ${type}`}`];
}
