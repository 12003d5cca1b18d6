/** Rules for the services of a mesh, and all that is of one service as a file. */
import { endpoints, host, namespace, service } from '../values.mjs';

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
