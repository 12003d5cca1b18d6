/** What a connected stream shows of itself: to status pages, to the command that prints them, and over xDS. */
import type { StreamIdentity } from './observer.js';
import type { ResourceClient } from './source.js';

/** Which variant of the protocol a stream speaks. */
export type ProtocolVariant = 'sotw' | 'delta';

/**
 * How a type stands, in the words of `istioctl proxy-status`: everything sent was accepted; something was sent and
 * neither accepted nor refused yet; nothing was sent; what was sent last was refused.
 */
export type SyncState = 'SYNCED' | 'STALE' | 'NOT SENT' | 'ERROR';

/** What was sent of one type and what became of it. Times are in milliseconds since the epoch. */
export interface TypeStatus {
  readonly typeUrl: string;
  readonly state: SyncState;
  readonly wildcard: boolean;
  /** Names that were asked for; not to be copied lightly, as there may be tens of thousands. */
  readonly names: ReadonlySet<string>;
  /** How many resources the client has been brought to. */
  readonly resources: number;
  /** Empty as long as nothing was sent; the same for what was not accepted yet. */
  readonly nonceSent: string;
  readonly nonceAcked: string;
  readonly versionSent: string;
  readonly versionAcked: string;
  readonly sentAt: number | undefined;
  readonly ackedAt: number | undefined;
  readonly nackedAt: number | undefined;
  /** Why the client refused what was sent last; undefined once it accepts again. */
  readonly lastError: string | undefined;
}

/** A stream that is open now. */
export interface ConnectedStream {
  /** Undefined until the first request said who the client is. */
  readonly identity: StreamIdentity | undefined;
  readonly client: ResourceClient | undefined;
  readonly variant: ProtocolVariant;
  /** The one type of a stream of its own service; undefined for an aggregated stream. */
  readonly onlyType: string | undefined;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  /** What was sent and acknowledged, by type. */
  status(): TypeStatus[];
}

/** The state of a type that was sent, accepted and refused so. */
export function syncState({
  nonceSent,
  nonceAcked,
  lastError,
}: Pick<TypeStatus, 'nonceSent' | 'nonceAcked' | 'lastError'>): SyncState {
  if (nonceSent === '') return 'NOT SENT';
  if (lastError !== undefined) return 'ERROR';
  return nonceAcked === nonceSent ? 'SYNCED' : 'STALE';
}
