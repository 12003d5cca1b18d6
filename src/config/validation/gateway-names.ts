/** Names of gateways in VirtualServices (Istio reference 10.5). */
import { type FindingSink, quote } from './finding.js';
import { dnsLabelProblem, fqdnProblem } from './host.js';

/**
 * Checks names of the form `namespace/name` or `name`. As Istio does, it stops at the first name without a
 * namespace: what follows `mesh` is not looked at.
 */
export function validateGatewayNames(gateways: readonly string[], path: string, sink: FindingSink): void {
  for (const [index, gateway] of gateways.entries()) {
    const at = `${path}[${index}]`;
    const slash = gateway.indexOf('/');
    if (slash < 0) {
      validateUnqualified(gateway, at, sink);
      return;
    }
    sink.error(at, dnsLabelProblem('namespace of the gateway', gateway.slice(0, slash)));
    sink.error(at, dnsLabelProblem('name of the gateway', gateway.slice(slash + 1)));
  }
}

function validateUnqualified(gateway: string, path: string, sink: FindingSink): void {
  if (gateway.includes('.')) {
    const [name = '', namespace = ''] = gateway.split('.');
    sink.warn(
      path,
      `gateway ${quote(gateway)} is named in an old form; write ${quote(`${namespace}/${name}`)}`,
    );
  }
  sink.error(path, fqdnProblem(gateway));
}
