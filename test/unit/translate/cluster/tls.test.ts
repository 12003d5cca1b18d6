import { describe, expect, it } from 'vitest';
import { decideTls, type TlsInput } from '../../../../src/translate/cluster/tls.js';

const base: TlsInput = {
  tls: undefined,
  accounts: ['spiffe://cluster.local/ns/shop/sa/orders'],
  clusterSni: 'outbound_.80_._.orders',
  clusterName: 'outbound|80||orders',
  mode: 'PERMISSIVE',
  autoMtls: true,
  meshExternal: false,
  fileCertificates: undefined,
};

describe('decideTls', () => {
  it('chooses mutual TLS by itself, for endpoints that can speak it', () => {
    expect(decideTls(base)).toMatchObject({
      kind: 'mesh',
      sni: base.clusterSni,
      subjectAltNames: base.accounts,
      automatic: true,
    });
  });

  it.each([
    ['the mesh does not want it', { autoMtls: false }],
    ['the service is outside the mesh', { mode: 'unknown' }],
    ['the namespace has turned it off', { mode: 'DISABLE' }],
    ['a rule has turned it off', { tls: { mode: 'DISABLE' } }],
  ] as const)('chooses none where %s', (_, changes) => {
    expect(decideTls({ ...base, ...changes })).toEqual({ kind: 'none' });
  });

  it('does what a rule says even where it would choose none', () => {
    const settings = { mode: 'SIMPLE', sni: 'a.test' } as const;
    expect(decideTls({ ...base, autoMtls: false, mode: 'unknown', tls: settings })).toEqual({
      kind: 'origination',
      settings,
    });
  });

  it('completes ISTIO_MUTUAL with the name and the accounts of the cluster', () => {
    expect(decideTls({ ...base, tls: { mode: 'ISTIO_MUTUAL' } })).toMatchObject({
      sni: base.clusterSni,
      subjectAltNames: base.accounts,
      automatic: false,
    });
    const own = { mode: 'ISTIO_MUTUAL', sni: 'own', subjectAltNames: ['b', 'a'] } as const;
    expect(decideTls({ ...base, tls: own })).toMatchObject({ sni: 'own', subjectAltNames: ['b', 'a'] });
  });

  it('takes certificates that the proxy has in files for all mutual TLS within the mesh', () => {
    const fileCertificates = { chain: '/chain', key: '/key', root: '/root' };
    const files = { clientCertificate: '/chain', privateKey: '/key', caCertificates: '/root' };
    expect(decideTls({ ...base, fileCertificates })).toMatchObject({
      kind: 'origination',
      settings: { ...files, sni: base.clusterSni, subjectAltNames: base.accounts },
    });
    expect(decideTls({ ...base, fileCertificates, tls: { mode: 'ISTIO_MUTUAL' } })).toMatchObject({
      settings: { ...files, sni: '', subjectAltNames: [] },
    });
  });

  it('leaves a rule for a service outside the mesh as it stands for a proxy with files', () => {
    const fileCertificates = { chain: '/chain', key: '/key', root: '/root' };
    const outside = { ...base, fileCertificates, meshExternal: true };
    const settings = { mode: 'MUTUAL', clientCertificate: '/a', privateKey: '/b' } as const;
    expect(decideTls({ ...outside, tls: settings })).toEqual({ kind: 'origination', settings });
    expect(decideTls({ ...outside, tls: { mode: 'ISTIO_MUTUAL' } })).toMatchObject({
      kind: 'mesh',
      sni: base.clusterName,
      subjectAltNames: [],
    });
  });

  it('checks servers by the names that requests give, unless the rule says not to', () => {
    const tls = { mode: 'ISTIO_MUTUAL', insecureSkipVerify: true } as const;
    expect(decideTls(base)).toMatchObject({ verifies: true });
    expect(decideTls({ ...base, tls })).toMatchObject({ kind: 'mesh', verifies: false });
    const fileCertificates = { chain: '/c', key: '/k', root: '/r' };
    expect(decideTls({ ...base, tls, fileCertificates })).toMatchObject({
      kind: 'origination',
      settings: { mode: 'MUTUAL', insecureSkipVerify: true },
    });
  });
});
