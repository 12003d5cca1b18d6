/** Hosts of the form `namespace/host`, in Gateways and Sidecars (Istio reference 10.5). */
import { isIpAddress } from './address.js';
import { type FindingSink, quote } from './finding.js';
import { dnsLabelProblem, partialWildcardProblem, wildcardDomainProblem } from './host.js';

/**
 * Checks a host of a Gateway's server: `host`, or `namespace/host` with a namespace's name, `*` or `.`; the host
 * is `*`, a domain with a dot in it, or an IPv4 address.
 */
export function validateGatewayHost(text: string, path: string, sink: FindingSink): void {
  const slash = text.indexOf('/');
  if (slash >= 0) {
    const namespace = text.slice(0, slash);
    if (namespace !== '*' && namespace !== '.') sink.error(path, dnsLabelProblem('namespace', namespace));
  }
  const host = text.slice(slash + 1);
  sink.error(path, shortNameProblem(host));
  if (!isIpAddress(host)) sink.error(path, wildcardDomainProblem(host));
  sink.error(path, partialWildcardProblem(host));
}

/**
 * Checks a host of a Sidecar's egress listener: `namespace/host` with a namespace's name, `*` or `.`, any of them
 * behind `~` to leave hosts out; the host is `*` or a domain with a dot in it.
 */
export function validateEgressHost(text: string, path: string, sink: FindingSink): void {
  const slash = text.indexOf('/');
  if (slash <= 0) {
    const host = text.slice(slash + 1);
    sink.error(path, `host ${quote(text)} needs a namespace before it: "./${host}" or "*/${host}"`);
    return;
  }
  const namespace = text.slice(0, slash).replace(/^~/, '');
  if (!['', '*', '.'].includes(namespace)) sink.error(path, dnsLabelProblem('namespace', namespace));
  const host = text.slice(slash + 1);
  sink.error(path, shortNameProblem(host));
  sink.error(path, wildcardDomainProblem(host));
  sink.error(path, partialWildcardProblem(host));
}

function shortNameProblem(host: string): string | undefined {
  if (host === '*' || host.includes('.')) return undefined;
  return `host ${quote(host)} is a short name; write it with its domain, such as ${quote(`${host}.default.svc.cluster.local`)}`;
}
