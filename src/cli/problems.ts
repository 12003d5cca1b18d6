/** Says what is wrong or unused in a mesh directory. */
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import { formatProblem, notEnforcedLines, unusedKindsLine } from '../problem-text.js';
import type { Output } from './output.js';

/** Every finding, a line each. */
export function sayProblems(output: Output, state: MeshDirectoryState): void {
  for (const problem of state.problems) output.say(formatProblem(problem));
  for (const line of notEnforcedLines(state, 'warning: ')) output.say(line);
  const unused = unusedKindsLine(state);
  if (unused !== undefined) output.say(unused);
}
