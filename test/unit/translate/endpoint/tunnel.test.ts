import { describe, expect, it } from 'vitest';
import { lbEndpoint } from '../../../../src/translate/endpoint/lb-endpoint.js';
import { takesTunnels } from '../../../../src/model/workload-labels.js';
import { needsTunnel } from '../../../../src/translate/endpoint/tunnel.js';
import { endpoint } from './fixtures.js';

const tunnel = 'networking.istio.io/tunnel';

describe('a workload takes tunnels', () => {
  it.each([
    ['http', true],
    ['none,http', true],
    ['tcp', false],
    ['', false],
  ])('whose label says %j: %s', (value, expected) => {
    expect(takesTunnels({ [tunnel]: value })).toBe(expected);
  });

  it('is not reached through one if it speaks the TLS of the mesh', () => {
    expect(needsTunnel({ tlsMode: 'istio', labels: { [tunnel]: 'http' } })).toBe(false);
    expect(needsTunnel({ tlsMode: 'disabled', labels: { [tunnel]: 'http' } })).toBe(true);
    expect(
      needsTunnel({ tlsMode: '', labels: { 'gateway.istio.io/managed': 'istio.io-mesh-controller' } }),
    ).toBe(true);
  });
});

describe('an endpoint behind a tunnel', () => {
  const source = endpoint({ addresses: ['2001:db8::1'], tlsMode: 'disabled', labels: { [tunnel]: 'http' } });

  it('is an internal address, with the place where the tunnel leads', () => {
    const { message, mutualTls } = lbEndpoint(source, true);
    expect(message.endpoint?.address).toEqual({
      envoyInternalAddress: { serverListenerName: 'connect_originate', endpointId: '[2001:db8::1]:8080' },
    });
    expect(message.metadata?.filterMetadata).toMatchObject({
      'envoy.filters.listener.original_dst': { fields: { local: { stringValue: '[2001:db8::1]:8080' } } },
      'envoy.transport_socket_match': { fields: { tunnel: { stringValue: 'http' } } },
    });
    expect(mutualTls).toBe(false);
  });

  it('is a plain address to a proxy that uses none', () => {
    expect(lbEndpoint(source, true, false).message.endpoint?.address).toEqual({
      socketAddress: { address: '2001:db8::1', portValue: 8080 },
    });
  });
});
