/** Whether a module's export is an adapter. */
import { isRecord } from '../base/is-record.js';

/** What keeps a value from being an adapter, as a sentence part; undefined when nothing does. */
export function describeAdapterFault(value: unknown): string | undefined {
  if (!isRecord(value)) return 'it exports no `adapter`';
  const { type, settings, open } = value;
  if (typeof type !== 'string' || !/^[a-z][a-z0-9-]*$/.test(type))
    return 'the type of its adapter is no name of small letters, digits and hyphens';
  if (!isRecord(settings)) return 'the settings of its adapter are no JSON Schema';
  return typeof open === 'function' ? undefined : 'its adapter has no function open';
}
