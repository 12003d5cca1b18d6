/** Helpers of tests that read documents from text. */
import { readContent } from '../../../src/config/mesh-directory/file-content.js';
import { assemble } from '../../../src/config/mesh-directory/assemble.js';
import { fileRole } from '../../../src/config/mesh-directory/file-role.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import type { ConfigObject, Kind, Problem } from '../../../src/config/object.js';

/** The state of a directory that holds these files, given by path and text. */
export async function stateOf(files: Readonly<Record<string, string>>): Promise<MeshDirectoryState> {
  const read = await Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      const context = { source: 'test', file: path, role: fileRole(path), breathe: async () => undefined };
      return { path, content: await readContent(text, context, []) };
    }),
  );
  return assemble(undefined, read, [], {}).state;
}

/** What is wrong or doubtful with a file of objects. */
export async function problemsOf(text: string): Promise<readonly Problem[]> {
  return (await stateOf({ 'input.yaml': text })).problems;
}

/** What the only object of a kind in a file holds. Throws with the problems when there is none. */
export async function objectOf<K extends Kind>(kind: K, text: string): Promise<ConfigObject<K>> {
  const state = await stateOf({ 'input.yaml': text });
  const found = [...(state.clusters.get('Kubernetes')?.values() ?? [])].find(
    (object) => object.kind === kind,
  );
  if (found === undefined) throw new Error(`no ${kind}: ${JSON.stringify(state.problems)}`);
  return found as unknown as ConfigObject<K>;
}
