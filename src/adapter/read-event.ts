/** What a reader says over time. `periodic`, `longPolling` and `streaming` make these; a reader of one's own may too. */
import type { Reading, RegistryReading } from './reading.js';
import type { ServiceRecord } from './record.js';

/** One thing that a reader found out. */
export type ReadEvent =
  /** The whole registry was read, or could not be. */
  | { readonly type: 'registry'; readonly reading: RegistryReading }
  /** One service was read, or could not be. */
  | { readonly type: 'service'; readonly service: string; readonly reading: Reading<ServiceRecord> }
  /** The registry says that a service is gone. */
  | { readonly type: 'removed'; readonly service: string }
  /**
   * The services that there are, or that these could not be told; those that are not among them are gone. When a
   * registry is listed in parts, that is said of each part alone: the others keep their services.
   */
  | { readonly type: 'listed'; readonly reading: Reading<readonly string[]>; readonly part?: string }
  /**
   * Everything is said anew from here on, as after a connection that was lost: what is not said again before `synced`
   * is gone, and not before.
   */
  | { readonly type: 'restart' }
  /** Everything has been said once. A snapshot of the whole registry says so too. */
  | { readonly type: 'synced' };
