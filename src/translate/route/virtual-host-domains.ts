/** The domains by which requests name a service (Istio reference 7.6). */
import { bracketed, joinHostPort } from '../../base/host-port.js';
import { parseIp } from '../../base/ip.js';
import { allAddressesForProxy, type AddressClient } from '../../mesh/addresses.js';
import { isKubernetesService, type Service } from '../../model/service.js';

/** What of a proxy decides about domains. */
export interface DomainClient extends AddressClient {
  readonly dnsDomain: string;
}

/** The domains of a service's virtual host. */
export interface ServiceDomains {
  readonly domains: readonly string[];
  /** Those of them that are not names or addresses in full: another service may be meant by them. */
  readonly derived: ReadonlySet<string>;
}

/**
 * The domains of a service as a proxy may name it: its names and those that stand for it, in full and as short as
 * the proxy's own domain allows, and its addresses.
 *
 * @param port each domain is there with the port too; undefined where ports do not matter
 */
export function serviceDomains(
  service: Service,
  port: number | undefined,
  client: DomainClient,
): ServiceDomains {
  const derived = new Set<string>();
  const domains: string[] = [];
  for (const name of [
    service.hostname,
    ...(service.attributes.aliases ?? []).map(({ hostname }) => hostname),
  ]) {
    const others = derivedDomains(name, port, client.dnsDomain);
    for (const domain of others) derived.add(domain);
    domains.push(...withPort(name, port), ...others);
  }
  if (service.resolution === 'Passthrough' && isKubernetesService(service)) {
    domains.push(...domains.map((domain) => `*.${domain}`));
  }
  for (const address of allAddressesForProxy(service, client)) {
    if (address !== '0.0.0.0') domains.push(...withPort(address, port));
  }
  return { domains, derived };
}

/** The domain, and with its port if that matters. */
function withPort(domain: string, port: number | undefined): readonly string[] {
  return port === undefined ? [bracketed(domain)] : [bracketed(domain), joinHostPort(domain, port)];
}

/** Other ways to write a name: with a dot at its end, and shortened. */
export function derivedDomains(
  hostname: string,
  port: number | undefined,
  dnsDomain: string,
): readonly string[] {
  const absolute = `${hostname}.`;
  return [
    ...(parseIp(hostname) === undefined ? [absolute] : []),
    ...(port === undefined ? [] : [joinHostPort(absolute, port)]),
    ...shortNames(hostname, dnsDomain).flatMap((name) => withPort(name, port)),
  ];
}

function shortNames(hostname: string, dnsDomain: string): readonly string[] {
  const suffixAt = dnsDomain.indexOf('.svc.');
  if (suffixAt < 0) return namesWithinDomain(hostname, dnsDomain);
  const suffix = suffixAt > 0 ? dnsDomain.slice(suffixAt) : dnsDomain;
  return hostname.endsWith(suffix) ? kubernetesNames(hostname, dnsDomain.slice(0, suffixAt)) : [];
}

/** `name.namespace.svc…` shortened: the namespace may be left out in one's own. */
function kubernetesNames(hostname: string, ownNamespace: string): readonly string[] {
  const suffixAt = hostname.indexOf('.svc.');
  const dotAt = hostname.indexOf('.');
  if (suffixAt <= 0 || dotAt + 1 > suffixAt) return [];
  const name = hostname.slice(0, dotAt);
  const withNamespace = hostname.slice(0, suffixAt);
  return hostname.slice(dotAt + 1, suffixAt) === ownNamespace
    ? [name, `${withNamespace}.svc`, withNamespace]
    : [withNamespace, `${withNamespace}.svc`];
}

/** A name without the end that it has in common with a domain; if two labels are left, also with one more. */
function namesWithinDomain(hostname: string, dnsDomain: string): readonly string[] {
  const labels = hostname.split('.');
  const domain = dnsDomain.split('.');
  let common = 0;
  while (
    common < Math.min(labels.length, domain.length) &&
    labels.at(-1 - common) === domain.at(-1 - common)
  ) {
    common += 1;
  }
  if (common === 0) return [];
  const unique = labels.slice(0, labels.length - common);
  const name = unique.join('.');
  return unique.length === 2 ? [name, `${name}.${domain.at(-common) ?? ''}`] : [name];
}
