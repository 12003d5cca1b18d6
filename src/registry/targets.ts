/** The service ports that the workload beside a proxy serves: what inbound configuration is made of (Istio reference 2.10). */
import { compareStrings } from '../base/compare.js';
import type { Proxy } from '../model/proxy.js';
import { hostsOf } from './aggregate.js';
import { kubernetesTargets } from './kubernetes-targets.js';
import { instancesOfProxy } from './proxy-workload.js';
import type { RegistryHosts } from './registry-hosts.js';
import type { AggregateView, ServiceTarget } from './view.js';

export { proxyLabels, proxyLocality, workloadLabels } from './proxy-workload.js';

/**
 * The targets of a proxy, by age and then host of their services; ports of one service stay in its order. Kubernetes
 * registries of another cluster than the proxy's are not asked, all others always are (Istio reference 1.6).
 */
export function serviceTargets(view: AggregateView, proxy: Proxy): readonly ServiceTarget[] {
  const targets = hostsOf(view).flatMap((hosts) => {
    const { provider, cluster } = hosts.registry;
    if (provider !== 'Kubernetes') return instanceTargets(hosts, proxy);
    return proxy.clusterId === '' || proxy.clusterId === cluster ? kubernetesTargets(view, hosts, proxy) : [];
  });
  return targets.sort(
    (a, b) =>
      a.service.creationTime - b.service.creationTime ||
      compareStrings(a.service.hostname, b.service.hostname),
  );
}

/** A registry that is not Kubernetes knows a proxy by its addresses alone: what it has endpoints for there are targets. */
function instanceTargets(hosts: RegistryHosts, proxy: Proxy): readonly ServiceTarget[] {
  const targets: ServiceTarget[] = [];
  for (const { service, endpoint } of instancesOfProxy(hosts, proxy)) {
    const { servicePortName, servicePortNumber } = endpoint;
    const port = service.ports.find(
      (candidate) =>
        candidate.name === servicePortName &&
        (servicePortNumber === undefined || candidate.port === servicePortNumber),
    );
    if (port === undefined) continue;
    const target: ServiceTarget = { service, port, targetPort: endpoint.port };
    if (!targets.some((known) => sameTarget(known, target))) targets.push(target);
  }
  return targets;
}

function sameTarget(a: ServiceTarget, b: ServiceTarget): boolean {
  return a.service === b.service && a.port === b.port && a.targetPort === b.targetPort;
}
