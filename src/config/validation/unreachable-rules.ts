/** Warnings for rules and matches of a VirtualService that can never apply (Istio reference 10.5). */
import type { VirtualService } from '../kinds/virtual-service.js';
import type { FindingSink } from './finding.js';
import { matchKey } from './match-key.js';
import { reportShadowedMatches } from './shadowed-matches.js';

/** A rule of any protocol: without a match it applies to everything. */
interface Rule {
  readonly match?: readonly object[];
}

/** Warns of rules behind one that matches everything, of repeated matches, and of prefixes behind shorter ones. */
export function reportUnreachableRules(service: VirtualService, sink: FindingSink): void {
  reportUnreachable(service.http, 'spec.http', sink);
  reportShadowedMatches(service.http, sink);
  reportUnreachable(service.tcp, 'spec.tcp', sink);
  reportUnreachable(service.tls, 'spec.tls', sink);
}

function reportUnreachable(rules: readonly Rule[], path: string, sink: FindingSink): void {
  const ruleOfMatch = new Map<string, number>();
  let catchAll: number | undefined;
  for (const [index, { match: matches = [] }] of rules.entries()) {
    const at = `${path}[${index}]`;
    if (catchAll !== undefined) {
      sink.warn(at, `rule is never used: ${path}[${catchAll}] before it matches everything`);
    }
    if (matches.length === 0) {
      catchAll ??= index;
      continue;
    }
    if (catchAll !== undefined) continue;
    let repeated = 0;
    for (const [matchIndex, match] of matches.entries()) {
      const key = matchKey(match);
      const earlier = ruleOfMatch.get(key);
      if (earlier === undefined) {
        ruleOfMatch.set(key, index);
        continue;
      }
      sink.warn(`${at}.match[${matchIndex}]`, `match is never used: ${path}[${earlier}] has the same one`);
      repeated++;
    }
    if (repeated === matches.length) {
      sink.warn(at, 'rule is never used: rules before it have all of its matches');
    }
  }
}
