/** The mesh's trust domain and its aliases, which policies name one for another. */

/** The trust domain first, then its aliases. */
export type TrustDomains = readonly string[];

/** The name that stands for the mesh's own trust domain, whatever it is. */
const localTrustDomain = 'cluster.local';

/** Principals, each of the mesh's own repeated for each of its trust domains; others stay as they are. */
export function withAliases(principals: readonly string[], domains: TrustDomains): readonly string[] {
  return principals.flatMap((principal) => {
    const [domain = '', ...rest] = principal.split('/');
    if (rest.length !== 4 || domain === '*') return [principal];
    if (domain !== localTrustDomain && !domains.some((known) => alike(domain, known))) return [principal];
    return [...new Set(domains.map((known) => inDomain(principal, domain, known)))];
  });
}

function inDomain(principal: string, domain: string, known: string): string {
  if (matchesSuffix(known, domain)) return principal;
  return [known, ...principal.split('/').slice(1)].join('/');
}

/** Trust domains, each of the mesh's own standing for all of them. */
export function withAliasDomains(values: readonly string[], domains: TrustDomains): readonly string[] {
  return [...new Set(values.flatMap((value) => (domains.includes(value) ? domains : [value])))];
}

/** Whether one of two is the other, or a pattern of it with a wildcard at one end. */
function alike(a: string, b: string): boolean {
  return (
    a === b ||
    b === '*' ||
    matchesPrefix(a, b) ||
    matchesPrefix(b, a) ||
    matchesSuffix(a, b) ||
    matchesSuffix(b, a)
  );
}

function matchesPrefix(text: string, pattern: string): boolean {
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1));
}

function matchesSuffix(text: string, pattern: string): boolean {
  return pattern.startsWith('*') && text.endsWith(pattern.slice(1));
}
