/** For which hosts a server of a Gateway and a VirtualService come together (Istio reference 7.8). */
import { hostSubsetOf } from '../../model/host.js';

/** The hosts of a server that VirtualServices of a namespace may be for. */
export function hostsForNamespace(hosts: readonly string[], namespace: string): readonly string[] {
  return hosts.flatMap((text) => {
    const slash = text.indexOf('/');
    if (slash < 0) return [text];
    const ofNamespace = text.slice(0, slash);
    return ofNamespace === namespace || ofNamespace === '*' ? [text.slice(slash + 1)] : [];
  });
}

/** The hosts that both lists cover, each written as the narrower of the two. */
export function commonHosts(a: readonly string[], b: readonly string[]): readonly string[] {
  const common = new Set<string>();
  for (const host of a) {
    for (const other of b) {
      if (hostSubsetOf(host, other)) common.add(host);
      else if (hostSubsetOf(other, host)) common.add(other);
    }
  }
  return [...common];
}

/** Orders hosts from the narrowest: those without a wildcard first, then by length from the longest, then by letters. */
export function compareHosts(a: string, b: string): number {
  const wild = Number(a.startsWith('*')) - Number(b.startsWith('*'));
  if (wild !== 0) return wild;
  return b.length - a.length || (a < b ? -1 : a > b ? 1 : 0);
}
