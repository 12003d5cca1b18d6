import { describe, expect, it } from 'vitest';
import type { Gateway, PeerAuthentication } from '../../../../src/config/kinds/networking.js';
import type { KubernetesService } from '../../../../src/config/kinds/kubernetes.js';
import type { ObjectMeta } from '../../../../src/config/object.js';
import { validateObject } from '../../../../src/config/validation/index.js';
import { objectOf, shown } from './rules.js';

const peerAuthentication: PeerAuthentication = { portLevelMtls: {} };
const gateway: Gateway = {
  servers: [
    {
      port: { number: 80, protocol: 'HTTP', name: 'http' },
      bind: '',
      hosts: ['*'],
      defaultEndpoint: '',
      name: '',
    },
  ],
  selector: {},
};
const service: KubernetesService = {
  type: 'ClusterIP',
  clusterIP: '',
  clusterIPs: [],
  externalName: '',
  externalIPs: [],
  ports: [],
  publishNotReadyAddresses: false,
  loadBalancerIngress: [],
};

describe('metadata', () => {
  const ofIstio = (metadata: Partial<ObjectMeta>): readonly string[] =>
    shown(validateObject(objectOf('PeerAuthentication', peerAuthentication, metadata)));

  it('refuses an object without a name', () => {
    expect(ofIstio({ name: '' })).toEqual(['error metadata.name']);
    expect(shown(validateObject(objectOf('Namespace', {}, { name: '' })))).toEqual(['error metadata.name']);
    expect(shown(validateObject(objectOf('Node', { externalIPs: [] }, { name: 'a' })))).toEqual([]);
  });

  it.each([
    'internal.istio.io/parents',
    'internal.istio.io/parent-namespace',
    'internal.istio.io/webhook-always-reject',
    'istio.io/dry-run',
  ])('refuses the annotation %s on an object of Istio only', (annotation) => {
    const metadata = { annotations: { [annotation]: '' } };
    expect(ofIstio(metadata)).toEqual([`error metadata.annotations[${annotation}]`]);
    expect(validateObject(objectOf('Service', service, metadata))).toEqual([]);
  });

  it('takes other annotations', () => {
    expect(ofIstio({ annotations: { 'internal.istio.io/other': 'a', note: 'b' } })).toEqual([]);
  });

  it.each(['Gateway', 'Service'] as const)(
    'needs the name of a %s to be a label, since it begins a host name',
    (kind) => {
      const named = (name: string): readonly string[] =>
        shown(
          validateObject(
            kind === 'Gateway' ? objectOf(kind, gateway, { name }) : objectOf(kind, service, { name }),
          ),
        );
      expect(named('edge.1')).toEqual(['error metadata.name']);
      expect(named('edge-1')).toEqual([]);
      expect(ofIstio({ name: 'edge.1' })).toEqual([]);
    },
  );
});
