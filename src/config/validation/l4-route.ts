/** The rules of TLS and TCP routes (Istio reference 10.5). */
import { hostSubsetOf } from '../../model/host.js';
import type { L4MatchAttributes, TcpRoute, TlsRoute, VirtualService } from '../kinds/virtual-service.js';
import { isIpAddress, subnetProblem } from './address.js';
import { errorsOnly, type FindingSink, quote } from './finding.js';
import { validateGatewayNames } from './gateway-names.js';
import { gatewayHostProblem, wildcardDomainProblem } from './host.js';
import { validateLabels } from './labels.js';
import { portNumberProblem } from './port.js';
import { validateDestinations } from './route-destination.js';

/** Whether the sidecars of the mesh are not among the gateways; no gateways at all count too, as for Istio. */
export function isForGatewaysOnly(service: VirtualService): boolean {
  return !service.gateways.includes('mesh');
}

/** Checks a TLS route of a VirtualService: SNI hosts that its hosts cover, and destinations (Istio reference 10.5). */
export function validateTlsRoute(
  route: TlsRoute,
  service: VirtualService,
  path: string,
  sink: FindingSink,
): void {
  if (route.match.length === 0) sink.error(`${path}.match`, 'match is empty; a TLS route needs at least one');
  for (const [index, match] of route.match.entries()) {
    const at = `${path}.match[${index}]`;
    if (match.sniHosts.length === 0) {
      sink.error(`${at}.sniHosts`, 'sniHosts is empty; a TLS match needs at least one');
    }
    for (const [hostIndex, host] of match.sniHosts.entries()) {
      validateSniHost(host, service, `${at}.sniHosts[${hostIndex}]`, sink);
    }
    validateMatch(match, at, sink);
  }
  if (route.route.length === 0) {
    sink.error(`${path}.route`, 'route is empty; a TLS route needs a destination');
  }
  validateDestinations(route.route, `${path}.route`, sink);
}

/** Checks a TCP route. Istio says nothing of what is only doubtful in it (Istio reference 10.5). */
export function validateTcpRoute(route: TcpRoute, path: string, sink: FindingSink): void {
  for (const [index, match] of (route.match ?? []).entries()) {
    validateMatch(match, `${path}.match[${index}]`, errorsOnly(sink));
  }
  if (route.route.length === 0) {
    sink.error(`${path}.route`, 'route is empty; a TCP route needs a destination');
  }
  validateDestinations(route.route, `${path}.route`, sink);
}

function validateMatch(match: L4MatchAttributes, path: string, sink: FindingSink): void {
  for (const [index, subnet] of (match.destinationSubnets ?? []).entries()) {
    sink.error(`${path}.destinationSubnets[${index}]`, subnetProblem(subnet));
  }
  if (match.port !== undefined && match.port !== 0) sink.error(`${path}.port`, portNumberProblem(match.port));
  validateLabels(match.sourceLabels ?? {}, `${path}.sourceLabels`, sink);
  validateGatewayNames(match.gateways ?? [], `${path}.gateways`, sink);
}

function validateSniHost(host: string, service: VirtualService, path: string, sink: FindingSink): void {
  const problem = isForGatewaysOnly(service) ? gatewayHostProblem(host, true) : wildcardDomainProblem(host);
  if (problem !== undefined) {
    if (isIpAddress(host)) {
      sink.warn(path, `${quote(host)} is an IP address, which TLS clients do not send as SNI`);
    } else {
      sink.error(path, problem);
    }
  } else if (!service.hosts.some((covering) => hostSubsetOf(host, covering))) {
    sink.error(
      path,
      `SNI host ${quote(host)} is not covered by any host of the VirtualService: ${service.hosts.join(', ')}`,
    );
  }
}
