/** A mesh as values of a registry and objects of a source. */

const namespace = 'shop';
const endpointCount = 10;
const provenance = { registry: 'Kubernetes/Kubernetes' };

/** @param {number} index */
export function host(index) {
  return `service-${index}.${namespace}.svc.cluster.local`;
}

/** @param {number} index @returns {import('../../dist/model/service.js').Service} */
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
 * @returns {import('../../dist/model/endpoint.js').Endpoint[]}
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

/** @param {number} index @param {number} generation */
export function destinationRule(index, generation) {
  const trafficPolicy = { connectionPool: { http: { maxRetries: generation } } };
  const subsets = ['v1', 'v2'].map((version) => ({ name: version, labels: { version } }));
  return object('DestinationRule', index, { host: host(index), exportTo: [], subsets, trafficPolicy });
}

/** @param {number} index @param {number} generation */
export function virtualService(index, generation) {
  const route = [{ destination: { host: host(index) } }];
  const http = [{ name: `route-${generation}`, route }];
  return object('VirtualService', index, {
    hosts: [host(index)],
    gateways: [],
    exportTo: [],
    http,
    tls: [],
    tcp: [],
  });
}

/** @param {number} index @param {number} generation */
export function sidecar(index, generation) {
  const workloadSelector = { labels: { app: `service-${index}` } };
  const egress = [{ hosts: ['./*', `other-${generation}/*`] }];
  return object('Sidecar', index, { workloadSelector, egress, ingress: [] });
}

/** @param {string} kind @param {number} index @param {object} spec @returns {any} */
function object(kind, index, spec) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: {
      name: `service-${index}`,
      namespace,
      labels: {},
      annotations: {},
      creationTime: 0,
      resourceVersion: '',
    },
    spec,
    origin: { source: 'bench', file: 'objects.yaml', line: 1 },
  };
}

/**
 * The documents of a service, its endpoints and its rules, as one file of a mesh directory.
 *
 * @param {number} index
 * @param {{ endpoints?: number, destinationRule?: number, virtualService?: number, sidecar?: number }} generations
 */
export function file(index, generations = {}) {
  const name = `service-${index}`;
  const metadata = `{name: ${name}, namespace: ${namespace}}`;
  const { endpoints: ofEndpoints = 1, destinationRule: ofRule = 1 } = generations;
  const { virtualService: ofRoutes = 1, sidecar: ofSidecar } = generations;
  const addresses = endpoints(index, ofEndpoints).map((endpoint) => endpoint.addresses[0]);
  const documents = [
    `apiVersion: v1
kind: Service
metadata: ${metadata}
spec:
  clusterIP: ${service(index).defaultAddress}
  selector: {app: ${name}}
  ports: [{name: http, port: 80, targetPort: 8080}]
`,
    `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
${addresses.map((text) => `- {addresses: [${text}], conditions: {ready: true}}`).join('\n')}
`,
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: ${metadata}
spec: {host: ${name}, trafficPolicy: {connectionPool: {http: {maxRetries: ${ofRule}}}}}
`,
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: ${metadata}
spec: {hosts: [${name}], http: [{name: route-${ofRoutes}, route: [{destination: {host: ${name}}}]}]}
`,
  ];
  if (ofSidecar !== undefined) {
    documents.push(`apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: ${metadata}
spec: {workloadSelector: {labels: {app: ${name}}}, egress: [{hosts: ["./*", "other-${ofSidecar}/*"]}]}
`);
  }
  return documents.join('---\n');
}
