/** Reading a mesh directory once. */
import type { MeshConfigOptions } from '../decode/mesh-config.js';
import { DirectoryReader } from './reader.js';
import type { MeshDirectoryState } from './state.js';

/**
 * The state of a directory as it is now.
 *
 * @throws PilotError DIRECTORY_UNREADABLE when the path is missing or is no directory.
 */
export async function readMeshDirectory(
  path: string,
  options: MeshConfigOptions = {},
): Promise<MeshDirectoryState> {
  const { state } = await new DirectoryReader(path, options).read();
  return state;
}
