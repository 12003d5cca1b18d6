/** What the server tells of itself while it works: for logs and metrics. Nothing of it changes what is served. */

/** A connected stream, for people and machines. */
export interface StreamIdentity {
  /** Unique for the life of the process: `<node id>-<number>`, as Istio's connection ids are. */
  readonly connectionId: string;
  readonly nodeId: string;
  /** The client's address as the transport saw it. */
  readonly peer: string;
}

export interface PushReport {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly resources: number;
  readonly bytes: number;
  /** Why: `request` for an answer, else the reason of the change. */
  readonly reason: string;
}

export interface NackReport {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly code: number;
  /** What the client said is wrong. */
  readonly message: string;
}

/** All methods must return quickly and not throw. */
export interface XdsObserver {
  connected(stream: StreamIdentity, description: Readonly<Record<string, unknown>>): void;
  /** `error` when the stream ended for another reason than the client's wish. */
  disconnected(stream: StreamIdentity, error: Error | undefined): void;
  /** A stream was refused before it became one. */
  refused(peer: string, error: Error): void;
  pushed(stream: StreamIdentity, report: PushReport): void;
  acked(stream: StreamIdentity, typeUrl: string, nonce: string): void;
  nacked(stream: StreamIdentity, report: NackReport): void;
  /** A request named a response that is not the last one of its type. */
  staleNonce(stream: StreamIdentity, typeUrl: string): void;
  /** A type that is not served was asked for; said once for each stream and type. */
  unsupportedType(stream: StreamIdentity, typeUrl: string): void;
}
