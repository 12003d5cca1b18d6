/** Endpoints that a cluster carries itself, as its hosts are looked up in DNS (Istio reference 6.8). */
import type { AddressShape, LocalityLbEndpointsShape } from '../../envoy/messages.js';
import { buildLocalityEndpoints, type EndpointsInput } from './build-endpoints.js';
import { localityLbEndpoints, regrouped, type EndpointGroup } from './endpoint-group.js';
import { applyLocalityLb } from './locality-lb/apply.js';
import type { LocalityLbAction } from './locality-lb/settings.js';

/** The action that counts for a cluster: labels rank the endpoints of a service, not those of its subsets. */
export function embeddedAction(
  action: LocalityLbAction | undefined,
  { subset, mutualTlsOnly }: Pick<EndpointsInput, 'subset' | 'mutualTlsOnly'>,
): LocalityLbAction | undefined {
  const byLabels = subset === '' && !mutualTlsOnly;
  return action === undefined || action.kind === 'distribute' || byLabels
    ? action
    : { ...action, labels: [] };
}

/**
 * The endpoints of a DNS cluster with their priorities and weights. `input` is made with the same `action` by
 * `endpointsInput`. Istio ranks by labels with the first locality only and fails where there are more; here each
 * locality is ranked by its own endpoints, which is the same for one.
 */
export function embeddedEndpoints(
  input: EndpointsInput,
  action: LocalityLbAction | undefined,
): readonly LocalityLbEndpointsShape[] {
  return placeEmbedded(input, action).map(localityLbEndpoints);
}

/** The same before they are messages. */
export function placeEmbedded(
  input: EndpointsInput,
  action: LocalityLbAction | undefined,
): readonly EndpointGroup[] {
  const groups = buildLocalityEndpoints(input);
  const sent = input.proxy.withAddressOnly === true ? groups.flatMap(withAddressOnly) : groups;
  return applyLocalityLb(sent, action, input.proxy);
}

function withAddressOnly(group: EndpointGroup): readonly EndpointGroup[] {
  const kept = group.endpoints.filter(({ message }) => hasAddress(message.endpoint?.address));
  if (kept.length === group.endpoints.length) return [group];
  return kept.length === 0 ? [] : [regrouped(group, kept)];
}

function hasAddress(address: AddressShape | null | undefined): boolean {
  const socket = address?.socketAddress;
  return socket === undefined || socket === null || (socket.address ?? '') !== '';
}
