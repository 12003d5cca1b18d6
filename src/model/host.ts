/** Host names and the wildcard rules that Istio uses everywhere (Istio reference 0.1). */

/** Whether a host begins with `*`. */
export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether every name that `a` stands for is covered by `b` (one way). */
export function hostSubsetOf(a: string, b: string): boolean {
  const wildA = isWildcard(a);
  if (isWildcard(b)) {
    const suffixA = wildA ? a.slice(1) : a;
    const suffixB = b.slice(1);
    return wildA ? suffixA.length >= suffixB.length && suffixA.endsWith(suffixB) : a.endsWith(suffixB);
  }
  return !wildA && a === b;
}

/** Whether one of two hosts covers the other (symmetric). */
export function hostsMatch(a: string, b: string): boolean {
  return hostSubsetOf(a, b) || hostSubsetOf(b, a);
}

/**
 * Completes a short name: empty, `*`, an IP address and a name with a dot stay; anything else gets
 * `.<namespace>` and `.svc.<domain>` (Istio reference 0.1).
 */
export function resolveShortName(name: string, namespace: string, domain: string): string {
  if (name === '' || name === '*' || name.includes('.') || name.includes(':')) return name;
  const withNamespace = namespace === '' ? name : `${name}.${namespace}`;
  return domain === '' ? withNamespace : `${withNamespace}.svc.${domain}`;
}

/**
 * The key of a map of hosts that fits a needle best: the identical one, else the wildcard with the longest
 * suffix that covers it (Istio reference 0.1). Ties between wildcards cannot happen.
 */
export function mostSpecificHost(needle: string, hosts: Iterable<string>): string | undefined {
  let best: string | undefined;
  for (const host of hosts) {
    if (host === needle) return host;
    if (isWildcard(host) && hostSubsetOf(needle, host) && (best === undefined || host.length > best.length))
      best = host;
  }
  return best;
}
