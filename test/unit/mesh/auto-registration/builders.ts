/** WorkloadGroups and nodes for tests of registration. */
import type { WorkloadGroup } from '../../../../src/config/kinds/workload-group.js';
import type { ConfigObject } from '../../../../src/config/object.js';
import type { Registrant } from '../../../../src/mesh/auto-registration/registrant.js';

export const template = {
  address: '',
  ports: { http: 9090 },
  labels: { tier: 'template', base: 'b' },
  network: 'net-t',
  locality: 'r1/z1',
  weight: 5,
  serviceAccount: 'legacy',
};

export function workloadGroup(spec: WorkloadGroup = { template }): ConfigObject<'WorkloadGroup'> {
  return {
    kind: 'WorkloadGroup',
    apiVersion: 'networking.istio.io/v1',
    metadata: {
      name: 'legacy',
      namespace: 'shop',
      labels: {},
      annotations: {},
      creationTime: 0,
      resourceVersion: '',
    },
    spec,
    origin: { source: 'test' },
  };
}

export function registrant(changes: Partial<Registrant> = {}): Registrant {
  return {
    group: 'legacy',
    namespace: 'shop',
    address: '10.1.2.3',
    network: '',
    labels: {},
    locality: undefined,
    reportsHealth: false,
    ...changes,
  };
}
