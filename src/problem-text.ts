/** Refused documents and unused kinds, as lines for a person. */
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import type { Problem } from './config/object.js';

/** One line: `file:line: error: Kind namespace/name: path: message`. */
export function formatProblem({ severity, file, line, object, path, message }: Problem): string {
  const where = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  return [`${where}${severity}`, object, path === '' ? undefined : path, message]
    .filter((part) => part !== undefined)
    .join(': ');
}

/** Lines for policies that are not enforced: each is named, since whoever wrote it counts on it. */
export function notEnforcedLines(state: MeshDirectoryState): string[] {
  return state.notEnforced.map(
    ({ kind, namespace, name, file, line }) =>
      `${file}:${line}: warning: ${kind} ${namespace}/${name} is not enforced: Pilotlight does not implement ${kind}`,
  );
}

/** One line that names the kinds which were passed over, or none. */
export function unusedKindsLine(state: MeshDirectoryState): string | undefined {
  if (state.unusedKinds.size === 0) return undefined;
  const kinds = [...state.unusedKinds].map(([kind, count]) => `${kind} (${count})`);
  return `kinds that are not used: ${kinds.join(', ')}`;
}
