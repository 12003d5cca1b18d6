/** The few statistics that measurements need. */

/**
 * The value that a share of all values does not exceed, by nearest rank; NaN without values.
 * @param {readonly number[]} values @param {number} share between 0 and 1
 */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
