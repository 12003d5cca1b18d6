/** Who a proxy is, and what says so. */
import { dialectChoice, type DialectSource } from '../mesh/dialect.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import { formatLocality } from '../model/locality.js';
import type { Proxy } from '../model/proxy.js';
import { knownWorkload, localityChoice, type LocalitySource } from '../registry/proxy-workload.js';
import type { ProxyExplanation } from './explanation.js';
import { objectSource, sourceOf, sourceText } from './source.js';

const localityTexts: Readonly<Record<LocalitySource, string>> = {
  'topology-labels': 'the topology labels of its workload',
  'locality-label': 'the locality label of its workload',
  node: 'the locality of its node',
};

/** Explains a proxy. */
export function explainProxy(context: ProxyContext): ProxyExplanation {
  const { proxy, snapshot, labels, locality, scope } = context;
  const { by } = dialectChoice(proxy);
  const workload = knownWorkload(snapshot.discovery, proxy);
  const ownLabels = workload === undefined ? proxy.labels : { ...proxy.staticLabels, ...workload.labels };
  return {
    name: proxy.name,
    type: proxy.type,
    namespace: proxy.namespace,
    dialect: proxy.dialect,
    dialectBy: dialectText(by, proxy),
    cluster: proxy.clusterId,
    network: proxy.network,
    locality: formatLocality(locality),
    localityBy: localityTexts[localityChoice(ownLabels, proxy).by],
    labels,
    labelsBy:
      workload === undefined
        ? 'its metadata LABELS, as no registry knows its workload'
        : sourceText(sourceOf(workload.provenance)),
    ...(scope.sidecar !== undefined && { sidecar: objectSource(scope.sidecar) }),
  };
}

/** gRPC understands few settings of a cluster, and asks for clusters by name. */
const lessForGrpc = 'settings and TLS are told as for an Envoy, of which gRPC clients get only a part';

function dialectText(by: DialectSource, { istioVersion, userAgent }: Proxy): string {
  switch (by) {
    case 'GENERATOR':
      return `metadata GENERATOR is grpc; ${lessForGrpc}`;
    case 'ISTIO_VERSION':
      return `metadata ISTIO_VERSION is ${istioVersion}`;
    case 'user-agent':
      return `its user agent is ${userAgent}; ${lessForGrpc}`;
    case 'nothing':
      return 'its metadata names no ISTIO_VERSION';
  }
}
