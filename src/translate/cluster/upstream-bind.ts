/** From which address a sidecar connects to its own workload (Istio reference 5.9, 5.10). */
import type { BindConfigShape } from '../../envoy/messages.js';
import type { IpFamilies } from '../../model/proxy.js';
import { isIpv6Only } from './cluster-view.js';

/** Connections from these are left alone by the rules that otherwise turn a workload's connections to the proxy. */
const magicIpv4 = '127.0.0.6';
const magicIpv6 = '::6';

/** The source address of what a proxy of these families sends to its workload. */
export function magicSource(families: IpFamilies): BindConfigShape {
  return { sourceAddress: anyPort(isIpv6Only(families) ? magicIpv6 : magicIpv4) };
}

/** The same, with a second address for a proxy of both families. */
export function magicSources(families: IpFamilies): BindConfigShape {
  const first = magicSource(families);
  if (!families.ipv4 || !families.ipv6) return first;
  return { ...first, extraSourceAddresses: [{ address: anyPort(magicIpv6) }] };
}

function anyPort(address: string) {
  return { address, portValue: 0 };
}
