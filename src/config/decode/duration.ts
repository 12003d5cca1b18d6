/** Durations in Go's text form, which Istio reads wherever proto JSON has a duration. */

const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const wholeDuration = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const durationPart = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds of a text such as `10s`, `1.5s`, `100ms`, `1h30m` or `0`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) return 0;
  if (!wholeDuration.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(durationPart)) {
    milliseconds += Number(amount) * (unitMilliseconds[unit] ?? 0);
  }
  // Sums such as 0.1s + 0.2s would otherwise carry the noise of binary fractions; nanoseconds are the finest unit.
  const rounded = Math.round(milliseconds * 1e6) / 1e6;
  return text.startsWith('-') ? -rounded : rounded;
}
