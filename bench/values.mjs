/** Services of one namespace with their endpoints, as a registry of Kubernetes says them. */

export const namespace = 'shop';
const endpointCount = 10;
const provenance = { registry: 'Kubernetes/Kubernetes' };

/** @param {number} index */
export function host(index) {
  return `service-${index}.${namespace}.svc.cluster.local`;
}

/** @param {number} index @returns {import('../dist/model/service.js').Service} */
export function service(index) {
  const address = `10.96.${Math.floor(index / 256)}.${index % 256}`;
  return {
    hostname: host(index),
    ports: [{ name: 'http', port: 80, protocol: 'HTTP', targetPort: 8080 }],
    serviceAccounts: [],
    creationTime: 0,
    clusterVIPs: { Kubernetes: [address] },
    defaultAddress: address,
    resolution: 'ClientSideLB',
    meshExternal: false,
    resourceVersion: '1',
    sequence: 0,
    attributes: {
      name: `service-${index}`,
      namespace,
      provider: 'Kubernetes',
      objectName: `service-${index}`,
      labels: {},
      exportTo: [],
      labelSelectors: { app: `service-${index}` },
      type: 'ClusterIP',
    },
    provenance,
  };
}

/**
 * @param {number} index of the service
 * @param {number} generation other addresses for each
 * @returns {import('../dist/model/endpoint.js').Endpoint[]}
 */
export function endpoints(index, generation) {
  return Array.from({ length: endpointCount }, (_, at) => ({
    addresses: [address(index, generation, at)],
    port: 8080,
    servicePortName: 'http',
    labels: { app: `service-${index}`, version: at % 2 === 0 ? 'v1' : 'v2' },
    serviceAccount: `spiffe://cluster.local/ns/${namespace}/sa/service-${index}`,
    network: '',
    locality: `region/zone-${at % 3}/`,
    cluster: 'Kubernetes',
    weight: 0,
    tlsMode: 'istio',
    namespace,
    workloadName: `service-${index}`,
    health: 'healthy',
    provenance,
  }));
}

/** @param {number} index @param {number} generation @param {number} at */
function address(index, generation, at) {
  const number = index * endpointCount + at;
  return `10.${generation}.${Math.floor(number / 256)}.${number % 256}`;
}
