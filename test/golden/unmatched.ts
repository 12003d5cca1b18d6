/**
 * The answers that do not match yet: lines of `area/case proxy type: reason` in unmatched.txt. A listed answer that
 * matches fails the test as an unlisted one does that does not, so the list only shrinks knowingly.
 */
import { readFileSync } from 'node:fs';

/** Reasons by `area/case proxy type`. @throws Error on a line of another form. */
export function readUnmatched(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL('unmatched.txt', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const match = /^(\S+ \S+ \S+): (.+)$/.exec(line);
      if (match?.[1] === undefined || match[2] === undefined) throw new Error(`unmatched.txt: "${line}" is not "case proxy type: reason"`);
      return [match[1], match[2]];
    }),
  );
}
