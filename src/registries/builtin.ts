/** The adapters that come with Pilotlight, loaded when a registry of their type is asked for. */
import type { Adapter } from '../adapter/adapter.js';

/** By type. */
export const builtinAdapters: Readonly<Record<string, () => Promise<Adapter<never>>>> = {
  consul: async () => (await import('./consul/adapter.js')).adapter,
};
