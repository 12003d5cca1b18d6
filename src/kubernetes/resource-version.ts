/** Versions of objects. */

const number = /^\d+$/;

/**
 * Whether a version is older than another one. Versions are numbers that only grow, but for a server whose data was
 * restored; of anything else it is not known.
 */
export function isOlderVersion(version: string, other: string): boolean {
  return number.test(version) && number.test(other) && BigInt(version) < BigInt(other);
}
