/** Conditions on texts (Istio reference 7.7). */
import type { StringMatch } from '../../config/kinds/virtual-service.js';
import type { StringMatcherShape } from '../../envoy/messages.js';

/** The matcher of a condition. */
export function stringMatcher(match: StringMatch): StringMatcherShape {
  return 'regex' in match ? { safeRegex: { regex: match.regex } } : match;
}

/** Whether any value will do. (`*` is no regular expression, but it is written where `.*` is meant.) */
export function matchesAnyValue(match: StringMatch | undefined): match is undefined {
  return match === undefined || ('regex' in match && match.regex === '*');
}
