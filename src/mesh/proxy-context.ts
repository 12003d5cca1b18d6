/** A proxy in a snapshot: what translation may look at. */
import { labelsMatch, type Labels } from '../model/labels.js';
import { ipFamilies, type Proxy } from '../model/proxy.js';
import { proxyLabels, proxyLocality, serviceTargets } from '../registry/targets.js';
import type { ProxyContext, Snapshot } from './snapshot.js';

/** Finds out what a snapshot says about a proxy. */
export function resolveProxy(snapshot: Snapshot, proxy: Proxy): ProxyContext {
  const { discovery, mesh } = snapshot;
  const labels = proxyLabels(discovery, proxy);
  return {
    proxy,
    snapshot,
    labels,
    locality: proxyLocality(labels, proxy),
    families: ipFamilies(proxy.ipAddresses),
    scope: snapshot.sidecars.scopeFor(proxy, labels),
    serviceTargets: serviceTargets(discovery, proxy),
    gateways: proxy.type === 'router' ? gatewaysOf(snapshot, labels) : [],
    autoMtls: mesh.enableAutoMtls && (proxy.dialect !== 'plain' || proxy.sds),
  };
}

/** A Gateway without a selector is for every router. */
function gatewaysOf({ gateways }: Snapshot, labels: Labels): ProxyContext['gateways'] {
  return gateways.filter(({ spec }) => labelsMatch(spec.selector, labels));
}
