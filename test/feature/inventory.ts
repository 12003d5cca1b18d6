/** Services and endpoints of an inventory: complete, with what a test names laid over defaults. */
import type { Endpoint, Service } from '../../src/index.js';
import { endpoint as plainEndpoint } from '../unit/registry/store/values.js';

const provenance = { registry: 'Inventory/Kubernetes' };

/** The service `<name>.example` of namespace `shop`, port 80. */
export function service(name: string, changes: Partial<Service> = {}): Service {
  return {
    hostname: `${name}.example`,
    ports: [{ name: 'http', port: 80, protocol: 'HTTP' }],
    serviceAccounts: [],
    creationTime: 0,
    clusterVIPs: {},
    defaultAddress: '0.0.0.0',
    resolution: 'ClientSideLB',
    meshExternal: false,
    resourceVersion: '1',
    sequence: 0,
    attributes: {
      name,
      namespace: 'shop',
      provider: 'Inventory',
      objectName: name,
      labels: {},
      exportTo: [],
    },
    provenance,
    ...changes,
  };
}

/** An endpoint of such a service, without mutual TLS. */
export function endpoint(address: string, changes: Partial<Endpoint> = {}): Endpoint {
  return plainEndpoint(address, { provenance, ...changes });
}
