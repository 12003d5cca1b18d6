/** The rules of VirtualService (Istio reference 10.5). */
import { hostsMatch } from '../../model/host.js';
import type { VirtualService } from '../kinds/virtual-service.js';
import type { ConfigObject } from '../object.js';
import { isIpAddress } from './address.js';
import { validateExportTo } from './export-to.js';
import { type FindingSink, keyPath, quote } from './finding.js';
import { validateGatewayNames } from './gateway-names.js';
import { isJwtClaimHeader } from './header.js';
import { gatewayHostProblem, wildcardDomainProblem } from './host.js';
import { validateHttpRoute } from './http-route.js';
import { isForGatewaysOnly, validateTcpRoute, validateTlsRoute } from './l4-route.js';
import { reportUnreachableRules } from './unreachable-rules.js';

/** Checks a VirtualService (Istio reference 10.5). One without hosts is a delegate, which others include. */
export function validateVirtualService(object: ConfigObject<'VirtualService'>, sink: FindingSink): void {
  const service = object.spec;
  const isDelegate = service.hosts.length === 0;
  if (isDelegate) validateDelegate(service, sink);
  validateGatewayNames(service.gateways, 'spec.gateways', sink);
  validateClaimMatches(service, sink);
  validateHosts(service, sink);
  if (service.http.length === 0 && service.tls.length === 0 && service.tcp.length === 0) {
    sink.error('spec', 'there is no route; a VirtualService needs http, tls or tcp');
  }
  for (const [index, route] of service.http.entries()) {
    validateHttpRoute(route, isDelegate, `spec.http[${index}]`, sink);
  }
  for (const [index, route] of service.tls.entries()) {
    validateTlsRoute(route, service, `spec.tls[${index}]`, sink);
  }
  for (const [index, route] of service.tcp.entries()) validateTcpRoute(route, `spec.tcp[${index}]`, sink);
  validateExportTo(service.exportTo, object.metadata.namespace, sink);
  reportUnreachableRules(service, sink);
}

function validateDelegate(service: VirtualService, sink: FindingSink): void {
  for (const field of ['gateways', 'tls', 'tcp'] as const) {
    if (service[field].length > 0) {
      sink.error(
        `spec.${field}`,
        `${field} has no place in a VirtualService without hosts, which is a delegate`,
      );
    }
  }
}

/** Claims of a JWT are known to gateways only. */
function validateClaimMatches(service: VirtualService, sink: FindingSink): void {
  if (appliesToGateways(service)) return;
  for (const [routeIndex, route] of service.http.entries()) {
    for (const [matchIndex, match] of (route.match ?? []).entries()) {
      for (const field of ['headers', 'withoutHeaders'] as const) {
        for (const name of Object.keys(match[field] ?? {}).filter(isJwtClaimHeader)) {
          sink.error(
            keyPath(`spec.http[${routeIndex}].match[${matchIndex}].${field}`, name),
            `${quote(name)} is a claim of a JWT, by which only gateways can route; name gateways other than "mesh" only`,
          );
        }
      }
    }
  }
}

function validateHosts(service: VirtualService, sink: FindingSink): void {
  const problems = service.hosts.map((host) => hostProblem(host, service));
  for (const [index, problem] of problems.entries()) sink.error(`spec.hosts[${index}]`, problem);
  if (problems.some((problem) => problem !== undefined)) return;
  for (const [index, host] of service.hosts.entries()) {
    for (const earlier of service.hosts.slice(0, index)) {
      if (hostsMatch(earlier, host)) {
        sink.error(`spec.hosts[${index}]`, `host ${quote(host)} overlaps with host ${quote(earlier)}`);
      }
    }
  }
}

function hostProblem(host: string, service: VirtualService): string | undefined {
  const forGateways = appliesToGateways(service);
  const problem = forGateways ? gatewayHostProblem(host, matchesSni(service)) : wildcardDomainProblem(host);
  if (problem !== undefined) return isIpAddress(host) ? undefined : problem;
  return host === '*' && !forGateways ? 'host "*" is for gateways only; the mesh needs a domain' : undefined;
}

/** Whether gateways are named and the mesh's sidecars are not among them. */
function appliesToGateways(service: VirtualService): boolean {
  return service.gateways.length > 0 && isForGatewaysOnly(service);
}

function matchesSni(service: VirtualService): boolean {
  return service.tls.some((route) => route.match.some((match) => match.sniHosts.length > 0));
}
