/** The virtual hosts of services: made, and encoded, once for all proxies that name a service in the same way. */
import { joinHostPort } from '../../base/host-port.js';
import type { RouteShape, VirtualHostShape } from '../../envoy/messages.js';
import { addressForProxy } from '../../mesh/addresses.js';
import type { Service, ServicePort } from '../../model/service.js';
import type { Memo } from '../memo.js';
import { serviceDomains, type DomainClient, type ServiceDomains } from './virtual-host-domains.js';

/** All that the virtual host of a service on a port depends on, but for the domains that others have. */
export interface ServiceHostInput {
  readonly service: Service;
  readonly port: number;
  readonly routes: readonly RouteShape[];
  /** Domains are there with the port too. */
  readonly withPort: boolean;
  readonly countsAttempts: boolean;
  /** As of `domainClients`. */
  readonly client: DomainClient;
}

/** A virtual host with all domains that its service goes by. */
export interface ServiceHost extends ServiceDomains {
  readonly shape: VirtualHostShape;
}

/** The virtual host of a service. */
export function serviceHost(input: ServiceHostInput, memo: Memo): ServiceHost {
  return memo.group('virtual hosts of services').compute(input.service.hostname, input, makeHost);
}

function makeHost({
  service,
  port,
  routes,
  withPort,
  countsAttempts,
  client,
}: ServiceHostInput): ServiceHost {
  const { domains, derived } = serviceDomains(service, withPort ? port : undefined, client);
  return {
    domains,
    derived,
    shape: {
      name: joinHostPort(service.hostname, port),
      domains,
      routes,
      includeRequestAttemptCount: countsAttempts,
    },
  };
}

/**
 * A service as it is on one port, with the address that a proxy has for it there: of allocated addresses only the first
 * is left, as the service's own.
 */
export function serviceOnPort(
  service: Service,
  port: ServicePort,
  client: DomainClient,
  memo: Memo,
): Service {
  return memo
    .group('services on ports')
    .compute(service.hostname, { service, port, client }, ({ service: whole, port: only, client: proxy }) => {
      const { autoAllocatedIPv4: _4, autoAllocatedIPv6: _6, ...rest } = whole;
      return {
        ...rest,
        hostname: whole.hostname.toLowerCase(),
        ports: [only],
        defaultAddress: addressForProxy(whole, proxy),
      };
    });
}

/** Clients as they name services: those of other namespaces are all alike in their domain, and share virtual hosts. */
export class DomainClients {
  readonly #own: DomainClient;
  readonly #other: DomainClient;
  /** What the names of services of the client's own namespace have in them. */
  readonly #ownNames: string | undefined;

  constructor({ clusterId, dnsCapture, dnsDomain, ipAddresses, type }: DomainClient, memo: Memo) {
    const client = { clusterId, dnsCapture, dnsDomain, ipAddresses, type };
    const domainAt = dnsDomain.indexOf('.svc.');
    this.#own = memo.intern(client);
    this.#ownNames = domainAt > 0 ? `.${dnsDomain.slice(0, domainAt)}.svc.` : undefined;
    this.#other = domainAt > 0 ? memo.intern({ ...client, dnsDomain: dnsDomain.slice(domainAt) }) : this.#own;
  }

  /** The client of a service. */
  of({ hostname, attributes }: Service): DomainClient {
    const names = this.#ownNames;
    if (names === undefined) return this.#own;
    const isOwn = (name: string): boolean => name.includes(names);
    return isOwn(hostname) || attributes.aliases?.some((alias) => isOwn(alias.hostname)) === true
      ? this.#own
      : this.#other;
  }
}
