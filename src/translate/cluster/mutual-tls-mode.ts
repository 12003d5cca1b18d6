/** Whether clients may choose mutual TLS for a service by themselves (Istio reference 4.10). */
import type { LoadBalancerSettings } from '../../config/kinds/traffic-policy.js';
import type { MutualTlsMode } from '../../config/kinds/networking.js';
import type { Service, ServicePort } from '../../model/service.js';
import type { Shard } from '../../registry/view.js';
import { ofPortNumber } from '../endpoint/filters.js';

/** What decides it. */
export interface MutualTlsModeInput {
  readonly service: Service;
  readonly port: ServicePort;
  /** Of the whole rule or of the whole subset; settings for a port do not count here. */
  readonly loadBalancer: LoadBalancerSettings | undefined;
  readonly shards: readonly Shard[];
  /** What the service's namespace asks of clients. */
  readonly peerMode: MutualTlsMode;
}

/**
 * `unknown` for services outside the mesh. Connections that go where the client was going cannot choose TLS by
 * endpoint, so there every endpoint has to speak it.
 */
export function serviceMutualTlsMode(input: MutualTlsModeInput): MutualTlsMode | 'unknown' {
  switch (mutualTlsModeSource(input)) {
    case 'external':
      return 'unknown';
    case 'endpoints':
      return 'DISABLE';
    case 'peer-authentication':
      return input.peerMode;
  }
}

/** What the mode comes from: that the service is outside the mesh, its endpoints, or what its namespace asks for. */
export function mutualTlsModeSource(
  input: MutualTlsModeInput,
): 'external' | 'endpoints' | 'peer-authentication' {
  if (input.service.meshExternal) return 'external';
  return asksForOriginalDestination(input) && !everyEndpointSpeaksTls(input)
    ? 'endpoints'
    : 'peer-authentication';
}

/** Whether the service or the rule asks that connections go where the client was going. */
export function asksForOriginalDestination(
  input: Pick<MutualTlsModeInput, 'service' | 'loadBalancer'>,
): boolean {
  return input.service.resolution === 'Passthrough' || input.loadBalancer?.simple === 'PASSTHROUGH';
}

/** Without any endpoint nothing is known, and TLS is not risked. */
function everyEndpointSpeaksTls({ port, shards }: MutualTlsModeInput): boolean {
  const ofPort = ofPortNumber(port);
  let found = false;
  for (const { endpoints } of shards) {
    for (const endpoint of endpoints) {
      if (!ofPort(endpoint)) continue;
      if (endpoint.tlsMode === 'disabled') return false;
      found = true;
    }
  }
  return found;
}
