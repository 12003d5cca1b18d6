/** What a mesh directory says: the value that everything which works on a directory gets. */
import type { PilotError } from '../../base/errors.js';
import type { AnyObject, Problem } from '../object.js';
import type { MeshConfig, MeshNetworks } from '../mesh-config.js';
import type { ProxyDescription } from '../decode/proxies.js';

export type { ProxyDescription } from '../decode/proxies.js';

/** The id of the cluster whose objects stand in the directory itself. */
export const primaryClusterId = 'Kubernetes';

/** Objects of one cluster by `objectKey`. */
export type ClusterObjects = ReadonlyMap<string, AnyObject>;

/** An object of a security kind that is not implemented, whose author counts on it all the same. */
export interface NotEnforced {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/**
 * The state of a directory. Parts that did not change since the state before are the same JavaScript objects:
 * an object whose document says the same is the same one, even where other documents of its file changed.
 */
export interface MeshDirectoryState {
  readonly mesh: MeshConfig;
  readonly networks: MeshNetworks;
  /** In the order of proxies.yaml. */
  readonly proxies: readonly ProxyDescription[];
  /** Objects in force, by cluster id; `Kubernetes` is always there. */
  readonly clusters: ReadonlyMap<string, ClusterObjects>;
  /** What is wrong or doubtful at present, in path order. */
  readonly problems: readonly Problem[];
  /** How many documents there are of each kind that does not matter, by its name as kubectl writes it. */
  readonly unusedKinds: ReadonlyMap<string, number>;
  readonly notEnforced: readonly NotEnforced[];
  /** How many files there are. */
  readonly files: number;
  /** Why the directory as a whole cannot be read at present; everything else is what it said last. */
  readonly failure?: PilotError;
}
