/** How connections are kept alive, and when they end. */

/** Connections that last: how they are kept alive and when they are ended. Milliseconds. */
export interface ConnectionOptions {
  /** After so long without a sign of life the client is pinged. */
  readonly keepaliveTime: number;
  /** It has so long to answer. */
  readonly keepaliveTimeout: number;
  /** A connection lives this long, a tenth more or less, so that clients spread over replicas; 0: for ever. */
  readonly maxConnectionAge: number;
  /** Its streams end within this time after that. */
  readonly maxConnectionAgeGrace: number;
}

export const defaultConnectionOptions: ConnectionOptions = {
  keepaliveTime: 30_000,
  keepaliveTimeout: 10_000,
  maxConnectionAge: 30 * 60_000,
  maxConnectionAgeGrace: 10_000,
};
