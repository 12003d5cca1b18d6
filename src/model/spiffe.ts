/** SPIFFE names of service accounts. */

/** `spiffe://<trust domain>/ns/<namespace>/sa/<account>`; `@` in a trust domain becomes a dot, as in Istio. */
export function spiffeUri(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `spiffe://${trustDomain.replaceAll('@', '.')}/ns/${namespace}/sa/${serviceAccount}`;
}
