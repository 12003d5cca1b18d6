/** Which known host was probably meant. */
import { compareStrings } from '../base/compare.js';
import { hostSubsetOf, isWildcard } from '../model/host.js';

/** How many hosts are suggested. */
const suggested = 3;

/** Known hosts that are like an unknown one, the likeliest first: a wildcard that covers it, then by spelling. */
export function nearestHosts(hostname: string, known: Iterable<string>): readonly string[] {
  const [wanted = ''] = hostname.split('.');
  const ranked = [...new Set(known)].flatMap((host) => {
    if (isWildcard(host) && hostSubsetOf(hostname, host)) return [{ host, rank: -host.length }];
    const [first = ''] = host.split('.');
    const whole = editDistance(hostname, host);
    const near = Math.min(whole, 1 + editDistance(wanted, first) + (whole > hostname.length / 3 ? 1 : 0));
    return near <= Math.max(2, Math.floor(wanted.length / 2)) ? [{ host, rank: near + whole / 1000 }] : [];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank || compareStrings(a.host, b.host))
    .slice(0, suggested)
    .map(({ host }) => host);
}

/** How many characters have to be put in, taken out or changed to make one text of another. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of a.split('').entries()) {
    const next = [index + 1];
    for (const [at, other] of b.split('').entries()) {
      const changed = (row[at] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
