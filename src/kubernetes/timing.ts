/** How long things may take. All in milliseconds. */
export interface Timing {
  /** From the first packet to a server until TLS is agreed upon. */
  readonly connect: number;
  /** Until the head of an answer. */
  readonly answer: number;
  /** Silence in the middle of an answer that has an end. */
  readonly stall: number;
  /**
   * Silence on a watch, after which it is begun again. The API server says at least every 75 seconds how far it is
   * (a bookmark), if it does at all.
   */
  readonly silence: number;
  /** After how long the API server is asked to end a watch: between this and twice as much. */
  readonly watch: number;
  /** The first and the longest wait after a failure; it doubles in between. */
  readonly firstRetry: number;
  readonly lastRetry: number;
  /** Pause between two looks at which kinds there are: while some are missing, and when there are all. */
  readonly discoverMissing: number;
  readonly discoverAll: number;
  /** How long a kind has to be missing before its objects are taken to be gone. */
  readonly absence: number;
}

export const defaultTiming: Timing = {
  connect: 10_000,
  answer: 60_000,
  stall: 30_000,
  silence: 100_000,
  watch: 300_000,
  firstRetry: 200,
  lastRetry: 30_000,
  discoverMissing: 5_000,
  discoverAll: 60_000,
  absence: 30_000,
};
