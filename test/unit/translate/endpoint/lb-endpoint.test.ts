import { describe, expect, it } from 'vitest';
import type { HealthStatus } from '../../../../src/model/endpoint.js';
import { addressMessage, lbEndpoint, withWeight } from '../../../../src/translate/endpoint/lb-endpoint.js';
import { workloadText } from '../../../../src/translate/endpoint/workload-text.js';
import { endpoint } from './fixtures.js';

function metadata(tlsMode: string, mutualTls: boolean) {
  return lbEndpoint(endpoint({ tlsMode }), mutualTls).message.metadata?.filterMetadata;
}

describe('an endpoint', () => {
  it('is a TCP address with health, weight and workload', () => {
    expect(lbEndpoint(endpoint(), true)).toMatchObject({
      message: {
        endpoint: { address: { socketAddress: { address: '10.0.0.1', portValue: 8080 } } },
        healthStatus: 1,
        loadBalancingWeight: { value: 1 },
        metadata: {
          filterMetadata: {
            'envoy.transport_socket_match': { fields: { tlsMode: { stringValue: 'istio' } } },
            istio: { fields: { workload: { stringValue: 'frames-v1;media;frames;v1;primary' } } },
          },
        },
      },
      weight: 1,
      mutualTls: true,
    });
  });

  it('names its keys of metadata in order, so that equal endpoints are equal bytes', () => {
    expect(Object.keys(metadata('istio', true) ?? {})).toEqual(['envoy.transport_socket_match', 'istio']);
  });

  it.each([
    ['istio', true, 'istio'],
    ['custom', true, 'custom'],
    ['disabled', true, undefined],
    ['', true, undefined],
    ['istio', false, undefined],
  ])('of TLS mode %j, with mutual TLS %s, says %s', (tlsMode, mutualTls, said) => {
    expect(
      metadata(tlsMode, mutualTls)?.['envoy.transport_socket_match']?.fields?.['tlsMode']?.stringValue,
    ).toBe(said);
    expect(lbEndpoint(endpoint({ tlsMode }), mutualTls).mutualTls).toBe(said === 'istio');
  });

  it.each<[HealthStatus, number | undefined]>([
    ['unknown', undefined],
    ['healthy', 1],
    ['unhealthy', 2],
    ['draining', 3],
    ['degraded', 5],
  ])('that is %s has the number %s', (health, number) => {
    expect(lbEndpoint(endpoint({ health }), false).message.healthStatus).toBe(number);
  });

  it('is draining when its label says so', () => {
    const labels = { 'istio.io/draining': 'true' };
    expect(lbEndpoint(endpoint({ labels }), false).message.healthStatus).toBe(3);
  });

  it('weighs one unless it says otherwise', () => {
    expect(lbEndpoint(endpoint({ weight: 0 }), false).weight).toBe(1);
    expect(lbEndpoint(endpoint({ weight: 7 }), false).message.loadBalancingWeight).toEqual({ value: 7 });
    expect(withWeight(lbEndpoint(endpoint(), false), 9)).toMatchObject({
      weight: 9,
      message: { healthStatus: 1, loadBalancingWeight: { value: 9 } },
    });
  });

  it('is a path when it has no port', () => {
    expect(addressMessage('unix:///run/a.sock', 0)).toEqual({ pipe: { path: '/run/a.sock' } });
    expect(addressMessage('/run/a.sock', 0)).toEqual({ pipe: { path: '/run/a.sock' } });
  });
});

describe('the text for telemetry', () => {
  it.each([
    [{}, 'frames-v1;media;frames-v1;;primary'],
    [{ app: 'a', version: 'latest' }, 'frames-v1;media;a;;primary'],
    [{ app: 'a', 'app.kubernetes.io/name': 'b', version: '1' }, 'frames-v1;media;b;1;primary'],
    [
      {
        app: 'a',
        'service.istio.io/canonical-name': 'c',
        'app.kubernetes.io/version': '2',
        version: '1',
        'service.istio.io/canonical-revision': '3',
      },
      'frames-v1;media;c;3;primary',
    ],
    [{ 'service.istio.io/canonical-name': '', app: 'a' }, 'frames-v1;media;;;primary'],
  ])('of labels %j is %s', (labels, expected) => {
    expect(workloadText(endpoint({ labels }))).toBe(expected);
  });

  it('of an endpoint of which nothing is known names its cluster', () => {
    expect(workloadText(endpoint({ labels: {}, workloadName: '', namespace: '' }))).toBe(';;;;primary');
  });
});
