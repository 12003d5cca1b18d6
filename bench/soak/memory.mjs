/** Whether memory is flat. */

/** Memory in use after a garbage collection. @typedef {{ seconds: number, bytes: number }} Sample */

const allowedShare = 1 / 20;
const allowedBytes = 3_000_000;
/** A quarter of a run that is shorter has not seen clients that do not read being given up. */
const leastQuarterSeconds = 60;

/**
 * Holds the least of the last quarter against the least of the quarter before. By then caches and compiled code have
 * filled up. The least, because what is on its way to clients comes and goes, and a leak does not.
 * @param {readonly Sample[]} samples evenly spread over the run
 * @returns {{ before: number, after: number, allowed: number, flat: boolean | undefined }} undefined: too short to tell
 */
export function judgedMemory(samples) {
  const quarter = Math.floor(samples.length / 4);
  const third = samples.slice(-2 * quarter, -quarter);
  const last = samples.slice(-quarter);
  const before = least(third);
  const after = least(last);
  const allowed = Math.max(before * allowedShare, allowedBytes);
  const lasted = (last.at(-1)?.seconds ?? 0) - (third.at(-1)?.seconds ?? 0);
  const flat = quarter < 4 || lasted < leastQuarterSeconds ? undefined : after - before <= allowed;
  return { before, after, allowed, flat };
}

/** @param {ReturnType<typeof judgedMemory>} judged */
export function memoryText({ before, after, allowed, flat }) {
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const verdict = flat === undefined ? 'too short a run to judge' : flat ? 'flat' : 'NOT FLAT';
  const quarters = `least in the third quarter ${megabytes(before)}, in the last ${megabytes(after)}`;
  return `memory: ${quarters}, at most ${megabytes(allowed)} more is allowed: ${verdict}`;
}

/** @param {readonly Sample[]} samples */
function least(samples) {
  return Math.min(...samples.map(({ bytes }) => bytes));
}
