/** Keys of Secrets and ConfigMaps under which Istio looks for certificates (Istio's `credentialName`). */

/** Keys that may be of use to a gateway; of a Secret nothing else is kept. The generic ones count before those of TLS. */
export const secretKeys = [
  'cert',
  'key',
  'cacert',
  'crl',
  'tls.crt',
  'tls.key',
  'tls.ocsp-staple',
  'ca.crt',
  'ca.crl',
] as const;

/** Keys of what is public: CAs and what they have revoked. */
export const caKeys = ['cacert', 'crl', 'ca.crt', 'ca.crl'] as const;

export type SecretKey = (typeof secretKeys)[number];
export type CaKey = (typeof caKeys)[number];
