/** What the server tells of itself while it works: for logs and metrics. Nothing of it changes what is served. */
import type { ProtocolVariant } from './status.js';

/** A connected stream, for people and machines. */
export interface StreamIdentity {
  /** Unique for the life of the process: `<node id>-<number>`, as Istio's connection ids are. */
  readonly connectionId: string;
  readonly nodeId: string;
  /** The client's address as the transport saw it. */
  readonly peer: string;
  readonly variant: ProtocolVariant;
}

/** One response that was handed to the transport. */
export interface PushReport {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly resources: number;
  readonly removed: number;
  readonly bytes: number;
  /** Why: `request` for an answer, else the reason of the change. */
  readonly reason: string;
  /** Milliseconds that the stream waited for its turn. */
  readonly queueMs: number;
  /** Milliseconds that making the resources and the response took, as far as others had not made them before. */
  readonly makeMs: number;
}

export interface NackReport {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly code: number;
  /** What the client said is wrong. */
  readonly message: string;
}

/** A change that was brought to all streams that it concerns: their responses are with the transport. */
export interface ChangeReport {
  readonly reason: string;
  readonly version: string;
  /** Streams that were connected; those among them that were sent something; responses and bytes that these were sent. */
  readonly streams: number;
  readonly concerned: number;
  readonly responses: number;
  readonly bytes: number;
  /** Milliseconds from the first of what changed until the last response was with the transport. */
  readonly ms: number;
}

/** All methods must return quickly and not throw. */
export interface XdsObserver {
  /** A request of so many bytes arrived, whether or not it can be decoded. */
  received?(bytes: number): void;
  connected(stream: StreamIdentity, description: Readonly<Record<string, unknown>>): void;
  /** `error` when the stream ended for another reason than the client's wish. */
  disconnected(stream: StreamIdentity, error: Error | undefined): void;
  /** A stream was refused before it became one. */
  refused(peer: string, error: Error): void;
  pushed(stream: StreamIdentity, report: PushReport): void;
  /** The transport has taken a response over after so many milliseconds: the client reads. */
  sent(stream: StreamIdentity, typeUrl: string, ms: number): void;
  /** The client did not read for longer than a response may wait; its stream ends. */
  sendTimedOut(stream: StreamIdentity): void;
  acked(stream: StreamIdentity, typeUrl: string, nonce: string): void;
  nacked(stream: StreamIdentity, report: NackReport): void;
  /** A change was brought to everyone. */
  changePushed(report: ChangeReport): void;
  /** The last client that a change was sent to has accepted it, so many milliseconds after the change. */
  converged(reason: string, ms: number): void;
  /** A request named a response that is not the last one of its type. */
  staleNonce(stream: StreamIdentity, typeUrl: string): void;
  /** A type that is not served was asked for; said once for each stream and type. */
  unsupportedType(stream: StreamIdentity, typeUrl: string): void;
}
