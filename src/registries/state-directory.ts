/** Where state is kept unless settings say otherwise. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_STATE_HOME/pilotlight`, by default `~/.local/state/pilotlight`. */
export function defaultStateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_STATE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.local', 'state') : base, 'pilotlight');
}
