import { describe, expect, it } from 'vitest';
import { serviceMutualTlsMode } from '../../../../src/translate/cluster/mutual-tls-mode.js';
import { endpoint, entryService, kubernetesService, shard } from '../../mesh/builders.js';

const port = { name: 'http-80', port: 80, protocol: 'HTTP' } as const;
const plain = endpoint('10.0.0.2', { tlsMode: 'disabled' });

describe('serviceMutualTlsMode', () => {
  const input = { port, loadBalancer: undefined, shards: [], peerMode: 'STRICT' } as const;

  it('is what the namespace asks for', () => {
    expect(serviceMutualTlsMode({ ...input, service: kubernetesService('a.shop') })).toBe('STRICT');
  });

  it('is unknown outside the mesh', () => {
    const service = entryService('a.test', 'shop', { meshExternal: true });
    expect(serviceMutualTlsMode({ ...input, service })).toBe('unknown');
  });

  it('needs every endpoint of the port to speak TLS where TLS cannot be chosen by endpoint', () => {
    const service = kubernetesService('a.shop', { resolution: 'Passthrough' });
    const modeWith = (...endpoints: ReturnType<typeof endpoint>[]) =>
      serviceMutualTlsMode({ ...input, service, shards: [shard(endpoints)] });
    expect(modeWith()).toBe('DISABLE');
    expect(modeWith(endpoint('10.0.0.1'))).toBe('STRICT');
    expect(modeWith(endpoint('10.0.0.1'), plain)).toBe('DISABLE');
    expect(modeWith(endpoint('10.0.0.1'), { ...plain, servicePortName: 'other' })).toBe('STRICT');
  });

  it('looks at endpoints too where a rule passes connections through', () => {
    const service = kubernetesService('a.shop');
    const loadBalancer = { simple: 'PASSTHROUGH' } as const;
    expect(serviceMutualTlsMode({ ...input, service, loadBalancer, shards: [shard([plain])] })).toBe(
      'DISABLE',
    );
  });
});
