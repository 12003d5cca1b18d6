/** Refused documents and unused kinds, as lines for a person. */
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import type { Problem } from './config/object.js';

/** One line: `file:line: error: Kind namespace/name: path: message`. */
export function formatProblem(problem: Problem): string {
  return problemLine(problem, `${problem.severity}: `);
}

/** The same without its severity, for logs that have a level. */
export function formatFinding(problem: Problem): string {
  return problemLine(problem, '');
}

function problemLine({ file, line, object, path, message }: Problem, severity: string): string {
  const where = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  const parts = [object, path === '' ? undefined : path, message].filter((part) => part !== undefined);
  return `${where}${severity}${parts.join(': ')}`;
}

/** Lines for policies that are not enforced: each is named, since whoever wrote it counts on it. */
export function notEnforcedLines(state: MeshDirectoryState, severity: string): string[] {
  return state.notEnforced.map(
    ({ kind, namespace, name, file, line }) =>
      `${file}:${line}: ${severity}${kind} ${namespace}/${name} is not enforced: Pilotlight does not implement ${kind}`,
  );
}

/** One line that names the kinds which were passed over, or none. */
export function unusedKindsLine(state: MeshDirectoryState): string | undefined {
  if (state.unusedKinds.size === 0) return undefined;
  const kinds = [...state.unusedKinds].map(([kind, count]) => `${kind} (${count})`);
  return `kinds that are not used: ${kinds.join(', ')}`;
}
