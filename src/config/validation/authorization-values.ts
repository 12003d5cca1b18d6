/** The values that AuthorizationPolicies compare with: addresses, ports, accounts, trust domains, paths. */
import { ipAddressProblem, subnetProblem } from './address.js';
import { type FindingSink, quote } from './finding.js';

/** Checks a list of values, each for itself. */
export type ValuesCheck = (values: readonly string[], path: string, sink: FindingSink) => void;

function each(problem: (value: string) => string | undefined): ValuesCheck {
  return (values, path, sink) => {
    for (const [index, value] of values.entries()) sink.error(`${path}[${index}]`, problem(value));
  };
}

const emptyProblem = (value: string): string | undefined => (value === '' ? 'value is empty' : undefined);

/** No empty values. */
export const validateNonEmpty = each(emptyProblem);

/** Addresses and ranges. */
export const validateAddresses = each(
  (value) => emptyProblem(value) ?? (value.includes('/') ? subnetProblem(value) : ipAddressProblem(value)),
);

/** Ports as text, 0 to 65535. */
export const validatePorts = each((value) => emptyProblem(value) ?? portTextProblem(value));

/** Values with at most one wildcard, at one of their ends. */
export const validateWildcards = each(wildcardProblem);

/** Trust domains, with at most one wildcard. */
export const validateTrustDomains = each(
  (value) =>
    wildcardProblem(value) ??
    (value.includes('/') ? `trust domain ${quote(value)} has a "/"; it is the part before it` : undefined),
);

const maxAccounts = 16;
const maxAccountLength = 320;

/** Service accounts: `account` or `namespace/account`, no wildcards, not more than 16. */
export const validateServiceAccounts: ValuesCheck = (values, path, sink) => {
  if (values.length > maxAccounts)
    sink.error(path, `there are ${values.length} values; at most ${maxAccounts} are allowed`);
  each(serviceAccountProblem)(values, path, sink);
};

/** Paths, with templates `{*}` for a segment and `{**}` for the rest. */
export const validatePaths = each((value) => emptyProblem(value) ?? pathTemplateProblem(value));

function portTextProblem(value: string): string | undefined {
  const port = /^\+?\d+$/.test(value) ? Number(value) : Number.NaN;
  return port >= 0 && port <= 65_535 ? undefined : `port ${quote(value)} is not in 0..65535`;
}

function wildcardProblem(value: string): string | undefined {
  if (value === '') return emptyProblem(value);
  const wildcards = value.split('*').length - 1;
  if (wildcards > 1) return `${quote(value)} has more than one wildcard`;
  return wildcards === 0 || value.startsWith('*') || value.endsWith('*')
    ? undefined
    : `${quote(value)} has a wildcard in its middle; it can only be at an end`;
}

function serviceAccountProblem(value: string): string | undefined {
  if (value === '') return emptyProblem(value);
  if (value.includes('*'))
    return `service account ${quote(value)} has a wildcard; accounts are compared as they are`;
  const parts = value.split('/');
  if (parts.length > 2 || parts.includes(''))
    return `service account ${quote(value)} needs the form "account" or "namespace/account"`;
  return value.length > maxAccountLength
    ? `service account has ${value.length} characters; at most ${maxAccountLength} are allowed`
    : undefined;
}

/** The templates of a path, as they are written. */
export const oneSegment = '{*}';
export const anySegments = '{**}';

/** Whether a path is a template. */
export function isPathTemplate(path: string): boolean {
  return path.includes(oneSegment) || path.includes(anySegments);
}

/** What RFC 3986 allows in a segment. */
const segmentPattern = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

function pathTemplateProblem(path: string): string | undefined {
  const template = isPathTemplate(path);
  let anyFound = false;
  for (const segment of path.replace(/^\/+|\/+$/g, '').split('/')) {
    if (segment === oneSegment || segment === anySegments) {
      if (anyFound)
        return `path ${quote(path)} has something after "{**}", which has to be the last template`;
      anyFound = segment === anySegments;
      continue;
    }
    if (/[{}]/.test(segment)) return `path ${quote(path)} has braces beside the templates "{*}" and "{**}"`;
    if (template && !segmentPattern.test(segment))
      return `path ${quote(path)} has the segment ${quote(segment)}, which a template cannot have`;
  }
  return undefined;
}
