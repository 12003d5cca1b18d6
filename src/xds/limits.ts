/** What a client may ask of the server, so that no client costs the others memory or time. */

export interface StreamLimits {
  /** Names that a stream may subscribe to of one type. */
  readonly maxResourceNames: number;
  /** Bytes of these names altogether, a character counting as one. */
  readonly maxResourceNameBytes: number;
  /** Bytes of the node in a stream's first request. */
  readonly maxNodeBytes: number;
  /** Types that a stream may ask for; further ones are left unanswered. */
  readonly maxTypes: number;
}

export interface ServerLimits extends StreamLimits {
  /** Bytes of a request; more ends its stream with RESOURCE_EXHAUSTED. */
  readonly maxRequestBytes: number;
  /** Streams that may be open at once; further ones end with RESOURCE_EXHAUSTED. */
  readonly maxStreams: number;
  /** Streams that may begin in a second; further ones wait for up to a second and then end with RESOURCE_EXHAUSTED. 0: any number. */
  readonly maxStreamsPerSecond: number;
  /** Bytes of responses that may be on their way to clients that read; further responses wait. */
  readonly maxBytesInFlight: number;
  /** Bytes of responses that clients may be slow to read altogether; beyond that the slowest are disconnected. */
  readonly maxBytesStalled: number;
  /** Milliseconds that a client may take to read a response before its stream ends. */
  readonly sendTimeout: number;
}

/** Limits that no well-behaved client of a mesh of thousands of services meets. */
export const defaultLimits: ServerLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxStreams: 10_000,
  maxStreamsPerSecond: 0,
  maxResourceNames: 50_000,
  maxResourceNameBytes: 16 * 1024 * 1024,
  maxNodeBytes: 256 * 1024,
  maxTypes: 64,
  maxBytesInFlight: 32 * 1024 * 1024,
  maxBytesStalled: 512 * 1024 * 1024,
  sendTimeout: 60_000,
};
