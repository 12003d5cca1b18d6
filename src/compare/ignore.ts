/** `--ignore`: differences that a person does not want to hear of. */
import { PilotError } from '../base/errors.js';
import type { Difference } from './difference.js';
import { parsePath, type PathStep } from './path.js';
import type { ResourceDifference } from './resources.js';

/** One `--ignore`, and how many differences it kept out of the report. */
export interface Ignore {
  readonly text: string;
  readonly type: string | undefined;
  readonly steps: readonly PathStep[];
  matched: number;
}

/**
 * Reads a pattern: a path as reports print it, `*` for any one field, `[*]` for any element, before it perhaps a type
 * and a colon (`cds:metadata`). What stands below the path is ignored with it.
 * @throws PilotError USAGE
 */
export function parseIgnore(text: string): Ignore {
  const typed = /^([a-z]+):(.*)$/s.exec(text);
  const [type, path] = typed === null ? [undefined, text] : [typed[1], typed[2] ?? ''];
  if (path === '') throw new PilotError('USAGE', `--ignore "${text}" names no field`);
  return { text, type, steps: parsePath(path), matched: 0 };
}

/** What is left of the differences; counts in `ignores` what each of them took. */
export function withoutIgnored(
  found: readonly ResourceDifference[],
  ignores: readonly Ignore[],
): readonly ResourceDifference[] {
  if (ignores.length === 0) return found;
  return found.flatMap((resource): ResourceDifference[] => {
    if (resource.kind !== 'different') return [resource];
    const differences = resource.differences.filter(
      (difference) => !isIgnored(resource.type, difference, ignores),
    );
    return differences.length === 0 ? [] : [{ ...resource, differences }];
  });
}

function isIgnored(type: string, { path }: Difference, ignores: readonly Ignore[]): boolean {
  if (path === '') return false;
  const steps = parsePath(path);
  const matching = ignores.filter((ignore) => (ignore.type ?? type) === type && covers(ignore.steps, steps));
  for (const ignore of matching) ignore.matched += 1;
  return matching.length > 0;
}

function covers(pattern: readonly PathStep[], path: readonly PathStep[]): boolean {
  return (
    pattern.length <= path.length &&
    pattern.every(({ kind, text }, index) => {
      const step = path[index];
      return step !== undefined && step.kind === kind && (text === '*' || text === step.text);
    })
  );
}
