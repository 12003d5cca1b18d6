/** Which ways of listening are safe enough to start with. */
import { PilotError } from './base/errors.js';
import { isLoopback } from './base/loopback.js';
import { formatAddress, type Address } from './settings/setting.js';

/** What the policy looks at. */
export interface ListeningOptions {
  readonly xdsAddress: Address;
  readonly tlsCert?: string | undefined;
  readonly tlsClientCa?: string | undefined;
  readonly allowPlaintext: boolean;
  readonly identityTrustDomain?: string | undefined;
}

/**
 * Refuses ADS without TLS where others than this machine reach it, unless it was asked for, and settings that promise
 * a check which nothing would make (xDS checklist 91).
 * @throws PilotError USAGE that names the ways out.
 */
export function checkListening(options: ListeningOptions): void {
  const { xdsAddress, tlsCert, tlsClientCa, allowPlaintext, identityTrustDomain } = options;
  if (tlsCert === undefined && !allowPlaintext && !isLoopback(xdsAddress.host)) {
    throw new PilotError(
      'USAGE',
      `ADS on ${formatAddress(xdsAddress)} without TLS would show the mesh to everyone who reaches that address`,
      {
        hint: 'Turn TLS on with --tls-cert and --tls-key (and --tls-client-ca for mutual TLS), or say --allow-plaintext if the network is to be trusted; docs/security.md tells more.',
      },
    );
  }
  if (identityTrustDomain !== undefined && tlsClientCa === undefined) {
    throw new PilotError('USAGE', 'a trust domain can only be checked where clients show certificates', {
      hint: 'Give --tls-client-ca beside --identity-trust-domain.',
    });
  }
}
