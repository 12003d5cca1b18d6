/** The rules that protect a mesh from one of its registries, and what they do at present. */
import type { LastKnownKeeper } from './last-known.js';

/** When a removal of endpoints is held back. Times in milliseconds. */
export interface GuardRules {
  /** The share of a registry's endpoints, from 0 to 1, that may go within `window`; more is held. */
  readonly share: number;
  /** Fewer endpoints than this may always go, unless they are a service's last. */
  readonly least: number;
  readonly window: number;
  /** How many further reads that say the same confirm a removal. */
  readonly confirmations: number;
  /** After which time without any sign of life of what was removed a removal counts as confirmed. */
  readonly holdFor: number;
}

/** The guard of adapters, unless their settings say otherwise. */
export const defaultGuard: GuardRules = Object.freeze({
  share: 0.3,
  least: 5,
  window: 30_000,
  confirmations: 2,
  holdFor: 30_000,
});

/** What a registry's store does beside holding its values. Nothing of it is on when absent. */
export interface SafetyRules {
  /** A sudden loss of endpoints is held until it is confirmed. */
  readonly guard?: GuardRules;
  /** What was last known is kept on disk. */
  readonly lastKnown?: LastKnownKeeper;
}

/** A part of a registry that could not be read; what is known of it stays in force. */
export interface StalePart {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Why it could not be read. */
  readonly reason: string;
  /** Whether the registry as a whole could not be read, or this part of it. */
  readonly of: 'registry' | 'part';
}

/** A removal that is held back: what it would remove stays in force. */
export interface HeldRemoval {
  /** The registry's key. */
  readonly key: string;
  readonly hostname: string;
  readonly namespace: string;
  /** How many endpoints would be gone. */
  readonly endpoints: number;
  /** Which rule holds it, as a sentence part. */
  readonly reason: string;
  /** Milliseconds since the epoch: when it was held, and until when it is at the most. */
  readonly since: number;
  readonly until: number;
  /** How many further reads have said the same. */
  readonly confirmations: number;
}

/** What became of removals since the start. */
export interface GuardCounts {
  readonly held: number;
  /** Further reads said the same. */
  readonly confirmed: number;
  /** The time was over. */
  readonly expired: number;
  /** A person let them through. */
  readonly overridden: number;
  /** What was gone came back in time. */
  readonly cancelled: number;
}

/** Of a registry without a guard. */
export const noCounts: GuardCounts = Object.freeze({
  held: 0,
  confirmed: 0,
  expired: 0,
  overridden: 0,
  cancelled: 0,
});

/** What the rules do for a registry at present. */
export interface RegistrySafety {
  /** False while the registry as a whole cannot be read. */
  readonly readable: boolean;
  /** By the registry's key. */
  readonly stale: ReadonlyMap<string, StalePart>;
  readonly held: readonly HeldRemoval[];
  readonly counts: GuardCounts;
  /** How many services and endpoints lists are in force that only the disk has told since the start. */
  readonly restored: number;
}

/** Of a registry for which the rules do nothing at present. */
export const noSafety: RegistrySafety = Object.freeze({
  readable: true,
  stale: new Map<string, StalePart>(),
  held: Object.freeze([]),
  counts: noCounts,
  restored: 0,
});
