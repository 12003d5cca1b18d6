/**
 * The synthetic mesh that servers are measured on: S services of one HTTP port in one namespace, each with some
 * endpoints that have labels, an identity and one of three zones. testenv/istiod/load makes the same one for Istio's
 * discovery server; whoever changes one of the two changes the other.
 */

/** The namespace of all services. */
export const namespace = 'shop';

/** @param {number} index */
export function hostname(index) {
  return `${serviceName(index)}.${namespace}.svc.cluster.local`;
}

/** The name that a proxy gets a service's cluster and assignment under. @param {number} index */
export function clusterName(index) {
  return `outbound|80||${hostname(index)}`;
}

/** @param {number} index @returns {import('../../dist/index.js').Service} */
export function service(index) {
  return {
    hostname: hostname(index),
    ports: [{ name: 'http', port: 80, protocol: 'HTTP' }],
    serviceAccounts: [],
    creationTime: 0,
    clusterVIPs: {},
    defaultAddress: virtualAddress(index),
    resolution: 'ClientSideLB',
    meshExternal: false,
    resourceVersion: '1',
    sequence: 0,
    attributes: {
      name: serviceName(index),
      namespace,
      provider: 'Mock',
      objectName: serviceName(index),
      labels: {},
      exportTo: [],
    },
    provenance,
  };
}

/** @param {number} index @param {number} count @returns {import('../../dist/index.js').Endpoint[]} */
export function endpoints(index, count) {
  return Array.from({ length: count }, (_, at) => {
    const n = index * count + at;
    return endpoint(index, at, `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`);
  });
}

/**
 * @param {number} index of the service @param {number} at @param {string} address
 * @returns {import('../../dist/index.js').Endpoint}
 */
export function endpoint(index, at, address) {
  return {
    addresses: [address],
    port: 8080,
    servicePortName: 'http',
    labels: endpointLabels(index, at),
    serviceAccount: `spiffe://cluster.local/ns/${namespace}/sa/${serviceName(index)}`,
    network: '',
    locality: locality(at),
    cluster: 'Kubernetes',
    weight: 0,
    tlsMode: 'istio',
    namespace,
    workloadName: serviceName(index),
    health: 'healthy',
    provenance,
  };
}

/** The address that churn gives an endpoint: used by no endpoint of the mesh and no probe. @param {number} change */
export function churnAddress(change) {
  return `10.${160 + ((change >> 16) & 31)}.${(change >> 8) & 255}.${change & 255}`;
}

/**
 * The address of a change that is looked for on the wire: each is used once, and none is the beginning of another.
 * @param {number} probe
 */
export function probeAddress(probe) {
  return `10.${200 + Math.floor(probe / 22_500)}.${100 + (Math.floor(probe / 150) % 150)}.${100 + (probe % 150)}`;
}

/**
 * The mesh as objects of a mesh directory, for servers that read one: a ServiceEntry for each service.
 * @param {number} serviceCount @param {number} endpointCount
 */
export function* meshObjects(serviceCount, endpointCount) {
  for (let index = 0; index < serviceCount; index += 1) {
    yield {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: serviceName(index), namespace },
      spec: {
        hosts: [hostname(index)],
        addresses: [virtualAddress(index)],
        ports: [{ name: 'http', number: 80, protocol: 'HTTP', targetPort: 8080 }],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        endpoints: endpoints(index, endpointCount).map(({ addresses: [address], labels }, at) => ({
          address,
          labels,
          locality: locality(at),
          serviceAccount: serviceName(index),
        })),
      },
    };
  }
}

const provenance = { registry: 'Mock/Kubernetes' };

/** @param {number} index */
function serviceName(index) {
  return `service-${index}`;
}

/** @param {number} index */
function virtualAddress(index) {
  return `10.96.${(index >> 8) & 255}.${index & 255}`;
}

/** @param {number} at */
function locality(at) {
  return `region/zone-${at % 3}/`;
}

/** @param {number} index @param {number} at */
function endpointLabels(index, at) {
  return {
    app: serviceName(index),
    version: at % 2 === 0 ? 'v1' : 'v2',
    'service.istio.io/canonical-name': serviceName(index),
  };
}
