import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PilotError } from '../../../src/base/errors.js';
import { proxyFromNode, type NodeDescription } from '../../../src/mesh/node.js';

const id = 'sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local';

function proxy(metadata: Readonly<Record<string, unknown>> = {}, node: Partial<NodeDescription> = {}) {
  return proxyFromNode({ id, metadata, ...node });
}

describe('a node', () => {
  it('is read from its id and metadata', () => {
    const metadata = {
      NAMESPACE: 'pay',
      CLUSTER_ID: 'west',
      NETWORK: 'net',
      NODE_NAME: 'node-1',
      LABELS: { app: 'web' },
      STATIC_LABELS: { team: 'a' },
      INSTANCE_IPS: '10.1.0.1,fd00::1',
      ISTIO_VERSION: '1.31.0',
      INTERCEPTION_MODE: 'TPROXY',
      REQUESTED_NETWORK_VIEW: 'net,far',
      DNS_CAPTURE: 'true',
      DNS_AUTO_ALLOCATE: '1',
      PILOTLIGHT_SDS: 'true',
    };
    const locality = { region: 'r', zone: 'z', sub_zone: 's' };
    expect(proxy(metadata, { locality, user_agent_name: 'envoy' })).toEqual({
      nodeId: id,
      type: 'sidecar',
      dialect: 'istio',
      ipAddresses: ['10.1.0.1', 'fd00::1'],
      name: 'web-1.shop',
      dnsDomain: 'shop.svc.cluster.local',
      namespace: 'pay',
      clusterId: 'west',
      network: 'net',
      nodeName: 'node-1',
      serviceCluster: '',
      labels: { app: 'web' },
      staticLabels: { team: 'a' },
      locality: { region: 'r', zone: 'z', subZone: 's' },
      interceptionMode: 'TPROXY',
      istioVersion: '1.31.0',
      requestedNetworkView: ['net', 'far'],
      dnsCapture: true,
      dnsAutoAllocate: true,
      sds: true,
      userAgent: 'envoy',
      metadata,
    });
  });

  it('needs no metadata at all', () => {
    expect(proxyFromNode({ id })).toMatchObject({
      ipAddresses: ['10.0.0.7'],
      namespace: 'shop',
      clusterId: '',
      labels: {},
      locality: { region: '', zone: '', subZone: '' },
      requestedNetworkView: [],
      dnsCapture: false,
      sds: false,
      dialect: 'plain',
    });
  });

  it('has its addresses from the metadata only if all of them are addresses', () => {
    expect(proxy({ INSTANCE_IPS: '10.1.0.1,nonsense' }).ipAddresses).toEqual(['10.0.0.7']);
    expect(proxy({ INSTANCE_IPS: ['10.1.0.1'] }).ipAddresses).toEqual(['10.1.0.1']);
    expect(proxy({ INSTANCE_IPS: '10.1.0.1' }, { id: 'router~~gw~x.y' }).ipAddresses).toEqual(['10.1.0.1']);
  });

  it.each([
    ['shop.svc.cluster.local', 'shop'],
    ['shop', ''],
    ['', ''],
  ])('has its namespace from the domain "%s" when the metadata has none', (domain, namespace) => {
    expect(proxy({}, { id: `sidecar~10.0.0.7~web~${domain}` }).namespace).toBe(namespace);
  });

  it.each([
    ['true', true],
    ['1', true],
    ['T', true],
    [true, true],
    ['false', false],
    ['0', false],
    ['yes', false],
    [1, false],
  ])('captures DNS with DNS_CAPTURE %j: %s', (value, expected) => {
    expect(proxy({ DNS_CAPTURE: value }).dnsCapture).toBe(expected);
  });

  it('keeps only labels that are text, and takes a locality written either way', () => {
    expect(proxy({ LABELS: { a: 'x', b: 5, c: null } }).labels).toEqual({ a: 'x' });
    expect(proxy({}, { locality: { region: 'r', subZone: 's' } }).locality).toEqual({
      region: 'r',
      zone: '',
      subZone: 's',
    });
  });
});

describe('the dialect of a node', () => {
  it.each([
    [{ ISTIO_VERSION: '1.31.0' }, 'envoy', 'istio'],
    [{}, 'envoy', 'plain'],
    [{}, '', 'plain'],
    [{ ISTIO_VERSION: '' }, 'envoy', 'plain'],
    [{ GENERATOR: 'grpc' }, '', 'grpc'],
    [{ GENERATOR: 'grpc', ISTIO_VERSION: '1.31.0' }, 'gRPC Go', 'grpc'],
    [{ ISTIO_VERSION: '1.31.0' }, 'gRPC Go', 'istio'],
    [{}, 'gRPC Go', 'grpc'],
    [{}, 'grpc-java', 'grpc'],
    [{ GENERATOR: 'api' }, 'envoy', 'plain'],
    [{ ISTIO_VERSION: 131 }, 'envoy', 'plain'],
  ])('%j, user agent "%s": %s', (metadata, userAgent, expected) => {
    expect(proxy(metadata, { user_agent_name: userAgent }).dialect).toBe(expected);
  });

  it.each([
    [{}, 'NONE'],
    [{ INTERCEPTION_MODE: 'REDIRECT' }, 'REDIRECT'],
    [{ ISTIO_VERSION: '1.31.0' }, 'REDIRECT'],
    [{ ISTIO_VERSION: '1.31.0', INTERCEPTION_MODE: 'NONE' }, 'NONE'],
    [{ ISTIO_VERSION: '1.31.0', INTERCEPTION_MODE: 'odd' }, 'REDIRECT'],
  ])('decides that %j is redirected by %s', (metadata, expected) => {
    expect(proxy(metadata).interceptionMode).toBe(expected);
  });
});

describe('a node that cannot be understood', () => {
  it.each([
    ['', 'four parts'],
    ['web', 'four parts'],
    ['sidecar~10.0.0.7~web', 'four parts'],
    ['sidecar~10.0.0.7~web~shop.svc~more', 'four parts'],
    ['ztunnel~10.0.0.7~z~x.y', '"ztunnel"'],
    ['envoy~10.0.0.7~z~x.y', '"envoy"'],
    ['sidecar~host~web~x.y', 'no IP address'],
    ['sidecar~~web~x.y', 'no IP address'],
  ])('"%s" is refused with the form that is expected', (nodeId, reason) => {
    const refused = expectRefusal({ id: nodeId });
    expect(refused.message).toContain(`"${nodeId}"`);
    expect(refused.message).toContain(reason);
    expect(refused.hint).toContain('<type>~<ip>~<name>~<domain>');
  });

  it('is read or refused, never anything else, whatever its fields hold', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<never>;
    const keys = [
      'NAMESPACE',
      'LABELS',
      'STATIC_LABELS',
      'INSTANCE_IPS',
      'DNS_CAPTURE',
      'GENERATOR',
      'ISTIO_VERSION',
      'REQUESTED_NETWORK_VIEW',
      'INTERCEPTION_MODE',
    ];
    const metadata = fc.oneof(
      anything,
      fc.dictionary(fc.constantFrom(...keys), anything) as fc.Arbitrary<never>,
    );
    const node = fc.record({
      id: fc.oneof(fc.constant(id as never), anything),
      metadata,
      locality: anything,
      user_agent_name: anything,
    });
    fc.assert(
      fc.property(node, (description) => {
        try {
          expect(proxyFromNode(description).ipAddresses).not.toHaveLength(0);
        } catch (error) {
          expect(error).toBeInstanceOf(PilotError);
        }
      }),
    );
  });
});

function expectRefusal(node: NodeDescription): PilotError {
  try {
    proxyFromNode(node);
  } catch (error) {
    expect(error).toMatchObject({ code: 'NODE_INVALID' });
    if (error instanceof PilotError) return error;
  }
  throw new Error('the node was not refused');
}
