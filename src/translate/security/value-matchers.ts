/** Matchers of the values that AuthorizationPolicies compare with, where `*` stands for anything at one end. */
import type { HeaderMatcherShape, StringMatcherShape } from '../../envoy/messages.js';
import type { MetadataMatcherShape, ValueMatcherShape } from '../../envoy/policy-messages.js';

/** Any text that is not empty. */
export const anyText: StringMatcherShape = regex('.+');

/** A whole text in RE2 syntax. */
export function regex(expression: string): StringMatcherShape {
  return { safeRegex: { regex: expression } };
}

/** A text as a part of a regular expression, as Go writes it. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/**
 * A text with a wildcard at one end, or none.
 *
 * @param prefix stands before what is matched, and not before a lone `*`
 */
export function textMatcher(value: string, prefix = ''): StringMatcherShape {
  if (value === '*') return anyText;
  if (value.startsWith('*')) {
    const suffix = value.slice(1);
    return prefix === '' ? { suffix } : regex(`${prefix}.*${quoteRegex(suffix)}`);
  }
  return value.endsWith('*') ? { prefix: prefix + value.slice(0, -1) } : { exact: prefix + value };
}

/** A header with a wildcard at one end; a lone `*` asks for its presence. */
export function headerMatcher(name: string, value: string, ignoreCase = false): HeaderMatcherShape {
  if (value === '*') return { name, presentMatch: true };
  return { name, stringMatch: { ...textMatcher(value), ...(ignoreCase && { ignoreCase }) } };
}

/** One of several values. */
export function oneOfValues(values: readonly ValueMatcherShape[]): ValueMatcherShape {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : { orMatch: { valueMatchers: values } };
}

/** A value that is a text with a wildcard at one end. */
export function textValue(value: string): ValueMatcherShape {
  return { stringMatch: textMatcher(value) };
}

/** A list of which one item matches. */
export function listWith(value: ValueMatcherShape): ValueMatcherShape {
  return { listMatch: { oneOf: value } };
}

/** Metadata of a filter, by the way to a value. */
export function metadataMatcher(
  filter: string,
  path: readonly string[],
  value: ValueMatcherShape,
): MetadataMatcherShape {
  return { filter, path: path.map((key) => ({ key })), value };
}

const jwtFilter = 'envoy.filters.http.jwt_authn';

/** A claim of the request's token that is a text. */
export function claimMatcher(claim: string, stringMatch: StringMatcherShape): MetadataMatcherShape {
  return metadataMatcher(jwtFilter, ['payload', claim], { stringMatch });
}

/** A claim of the request's token, by the way to it, that is one of these texts or a list that has one of them. */
export function claimsMatcher(claims: readonly string[], values: readonly string[]): MetadataMatcherShape {
  const value = oneOfValues(values.map(textValue));
  return metadataMatcher(jwtFilter, ['payload', ...claims], {
    orMatch: { valueMatchers: [listWith(value), value] },
  });
}
