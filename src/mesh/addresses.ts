/** The addresses under which a proxy reaches a service (Istio reference 1.4). */
import { parseIp, parsePrefix } from '../base/ip.js';
import { ipFamilies, type IpFamilies, type Proxy } from '../model/proxy.js';
import type { Service } from '../model/service.js';

/** What of a proxy decides about addresses. */
export type AddressClient = Pick<Proxy, 'clusterId' | 'ipAddresses' | 'dnsCapture' | 'type'>;

/**
 * Addresses that stand for those of a proxy where nothing but their families matters: proxies that differ in nothing else
 * are the same client then.
 */
export function addressesOfFamilies({ ipv4, ipv6 }: IpFamilies): readonly string[] {
  return [...(ipv4 ? ['0.0.0.0'] : []), ...(ipv6 ? ['::'] : [])];
}

/** The service's first address in the proxy's cluster, else the one allocated to it, else its default address. */
export function addressForProxy(service: Service, proxy: AddressClient): string {
  const families = ipFamilies(proxy.ipAddresses);
  const [inCluster] = ofFamilies(clusterAddresses(service, proxy), families);
  if (inCluster !== undefined) return inCluster;
  if (usesAllocatedAddresses(proxy) && service.defaultAddress === '0.0.0.0') {
    const { autoAllocatedIPv4 = '', autoAllocatedIPv6 = '' } = service;
    if (families.ipv4 && autoAllocatedIPv4 !== '') return autoAllocatedIPv4;
    if (families.ipv6 && autoAllocatedIPv6 !== '') return autoAllocatedIPv6;
  }
  return service.defaultAddress;
}

/**
 * Every address that the proxy can use, all of one family; else the default address, unless that is one in another
 * cluster and of a family that the proxy has not.
 */
export function allAddressesForProxy(service: Service, proxy: AddressClient): readonly string[] {
  const families = ipFamilies(proxy.ipAddresses);
  const inCluster = clusterAddresses(service, proxy);
  const usable = ofFamilies(inCluster.length > 0 ? inCluster : allocatedAddresses(service, proxy), families);
  if (usable.length > 0) return usable;
  if (service.defaultAddress === '') return [];
  return Object.keys(service.clusterVIPs).length > 0
    ? ofFamilies([service.defaultAddress], families)
    : [service.defaultAddress];
}

/** All addresses but the first. */
export function extraAddressesForProxy(service: Service, proxy: AddressClient): readonly string[] {
  return allAddressesForProxy(service, proxy).slice(1);
}

/** Whether a proxy looks names up where allocated addresses are known (Istio reference 3.7). */
function usesAllocatedAddresses({ dnsCapture, type }: AddressClient): boolean {
  return dnsCapture || type === 'waypoint';
}

function clusterAddresses(service: Service, { clusterId }: AddressClient): readonly string[] {
  return clusterId === '' ? [] : (service.clusterVIPs[clusterId] ?? []);
}

function allocatedAddresses(service: Service, proxy: AddressClient): readonly string[] {
  if (!usesAllocatedAddresses(proxy)) return [];
  const { autoAllocatedIPv4 = '', autoAllocatedIPv6 = '' } = service;
  return [autoAllocatedIPv4, autoAllocatedIPv6].filter((address) => address !== '');
}

type Family = 'ipv4' | 'ipv6';

/**
 * The addresses and ranges of one family: of both, that of the first; otherwise the one that the proxy has. What is
 * neither an address nor a range is left out.
 */
function ofFamilies(addresses: readonly string[], families: IpFamilies): readonly string[] {
  const [first] = addresses;
  if (first === undefined) return [];
  const both = families.ipv4 && families.ipv6;
  const wanted = (both ? familyOf(first) : undefined) ?? (families.ipv4 ? 'ipv4' : 'ipv6');
  const usable = addresses.filter((address) => familyOf(address) === wanted);
  return usable.length > 0 || !both ? usable : addresses.filter((address) => familyOf(address) === 'ipv6');
}

function familyOf(text: string): Family | undefined {
  return (text.includes('/') ? parsePrefix(text)?.address : parseIp(text))?.kind();
}
