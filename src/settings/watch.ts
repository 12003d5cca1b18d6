/**
 * Watches the settings file while the server runs. A file that is wrong is refused and changes nothing; of one that
 * is right, what can be taken up at once is, and the rest is named.
 */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { deepEqual } from '../base/compare.js';
import { errorMessage } from '../base/errors.js';
import { readSettingsFile, type FileValues } from './load.js';
import { settings, type SettingName, type Settings } from './settings.js';

/** Editors write in several steps; in milliseconds. */
const quietTime = 50;

export interface SettingsWatch {
  /** Settings as the new file gives them, with flags and environment over it. */
  changed(settings: Settings, names: readonly SettingName[]): void;
  /** The file was read and is right, whether or not a setting differs; with its values. */
  read?(values: FileValues): void;
  /** The file cannot be used; what is in force stays. */
  refused(reason: string): void;
}

/**
 * Watches a file until `signal` is aborted.
 *
 * @param resolve puts flags, environment and the file's values together. @throws PilotError USAGE.
 */
export function watchSettingsFile(
  path: string,
  initial: Settings,
  resolve: (file: FileValues) => Settings,
  observer: SettingsWatch,
  signal: AbortSignal,
): void {
  let inForce = initial;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      const values = (await readSettingsFile(path, false)) ?? {};
      const next = resolve(values);
      const names = changedSettings(inForce, next);
      inForce = next;
      if (names.length > 0) observer.changed(next, names);
      observer.read?.(values);
    } catch (error) {
      observer.refused(errorMessage(error));
    }
  };
  // The folder is watched, since editors replace the file.
  const watcher = watch(dirname(path), { signal }, (_event, name) => {
    if (name !== basename(path)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), quietTime);
  });
  watcher.on('error', (error) => observer.refused(`it is not watched any more: ${errorMessage(error)}`));
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

function changedSettings(before: Settings, after: Settings): SettingName[] {
  return (Object.keys(settings) as SettingName[]).filter((name) => !deepEqual(before[name], after[name]));
}
