/** Accounts under the other names of a trust domain (Istio reference, appendix C.17). */

const spiffeAccount = /^spiffe:\/\/[^/]*\/(ns\/[^/]*\/sa\/[^/]*)$/;

/**
 * Accounts, each once, sorted; those that are SPIFFE URIs of an account once more for each alias, whatever their own
 * trust domain is. Other names stay as they are.
 */
export function expandTrustDomains(
  accounts: Iterable<string>,
  aliases: readonly string[],
): readonly string[] {
  const expanded = new Set<string>();
  for (const account of accounts) {
    expanded.add(account);
    const path = aliases.length === 0 ? undefined : spiffeAccount.exec(account)?.[1];
    if (path !== undefined) for (const alias of aliases) expanded.add(`spiffe://${alias}/${path}`);
  }
  return [...expanded].sort();
}
