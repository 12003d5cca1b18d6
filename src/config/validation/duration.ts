/** Durations in milliseconds (Istio reference 10.5, shared pieces). */

/** What keeps a duration from being usable: at least 1 ms, in whole milliseconds. */
export function durationProblem(milliseconds: number): string | undefined {
  if (milliseconds < 1) return `duration ${milliseconds}ms is too short; the shortest is 1ms`;
  return Number.isInteger(milliseconds)
    ? undefined
    : `duration ${milliseconds}ms is not a whole number of milliseconds`;
}

/** What is wrong with a duration that may be absent. */
export function optionalDurationProblem(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : durationProblem(milliseconds);
}
