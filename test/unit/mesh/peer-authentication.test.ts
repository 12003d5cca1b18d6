import { describe, expect, it } from 'vitest';
import type { MutualTlsMode, PeerAuthentication } from '../../../src/config/kinds/networking.js';
import { peerAuthentication, snapshotOf } from './builders.js';

const mode = (value: MutualTlsMode): PeerAuthentication['mtls'] & {} => ({ mode: value });
const selecting = (app: string) => ({ selector: { matchLabels: { app } } });

function indexOf(...policies: readonly ReturnType<typeof peerAuthentication>[]) {
  return snapshotOf({ objects: { peerAuthentications: policies } }).peerAuthentications;
}

describe('the mode of a namespace', () => {
  const root = peerAuthentication('istio-system/default', { mtls: mode('STRICT') });
  it.each([
    ['PERMISSIVE without policies', [], 'PERMISSIVE'],
    ['its own', [root, peerAuthentication('shop/default', { mtls: mode('DISABLE') })], 'DISABLE'],
    ['that of the root', [root], 'STRICT'],
    [
      'that of the root when its own is unset',
      [root, peerAuthentication('shop/default', { mtls: mode('UNSET') })],
      'STRICT',
    ],
    ['that of the root when its own names none', [root, peerAuthentication('shop/default', {})], 'STRICT'],
    [
      'PERMISSIVE when the root’s is unset',
      [peerAuthentication('istio-system/default', { mtls: mode('UNSET') })],
      'PERMISSIVE',
    ],
    [
      'that of its oldest policy',
      [
        peerAuthentication('shop/newer', { mtls: mode('DISABLE') }, 2),
        peerAuthentication('shop/older', { mtls: mode('STRICT') }, 1),
      ],
      'STRICT',
    ],
    [
      'not that of a policy for some workloads',
      [peerAuthentication('shop/some', { ...selecting('web'), mtls: mode('DISABLE') })],
      'PERMISSIVE',
    ],
    [
      'that of a policy with an empty selector',
      [peerAuthentication('shop/all', { selector: { matchLabels: {} }, mtls: mode('DISABLE') })],
      'DISABLE',
    ],
    [
      'not that of another namespace',
      [peerAuthentication('pay/default', { mtls: mode('DISABLE') })],
      'PERMISSIVE',
    ],
  ])('is %s', (_which, policies, expected) => {
    expect(indexOf(...policies).namespaceMode('shop')).toBe(expected);
  });
});

describe('the mode of a workload’s port', () => {
  const web = { app: 'web' };
  const ofNamespace = peerAuthentication('shop/default', { mtls: mode('STRICT') });
  const ofWeb = (spec: Partial<PeerAuthentication>, time = 0, name = 'web') =>
    peerAuthentication(`shop/${name}`, { ...selecting('web'), ...spec }, time);

  it('is that of the policy that selects the workload, else of the namespace', () => {
    const index = indexOf(ofNamespace, ofWeb({ mtls: mode('DISABLE') }));
    expect(index.workloadMode('shop', web, 80)).toBe('DISABLE');
    expect(index.workloadMode('shop', { app: 'api' }, 80)).toBe('STRICT');
    expect(indexOf(ofNamespace, ofWeb({})).workloadMode('shop', web, 80)).toBe('STRICT');
  });

  it('is that of the port where the policy names it; an unset one is that of the workload', () => {
    const index = indexOf(
      ofNamespace,
      ofWeb({ mtls: mode('PERMISSIVE'), portLevelMtls: { 80: { mode: 'DISABLE' }, 81: { mode: 'UNSET' } } }),
    );
    expect([80, 81, 82].map((port) => index.workloadMode('shop', web, port))).toEqual([
      'DISABLE',
      'PERMISSIVE',
      'PERMISSIVE',
    ]);
  });

  it('is that of the oldest of several that select the workload', () => {
    const newer = ofWeb({ mtls: mode('DISABLE') }, 2, 'a');
    const older = ofWeb({ mtls: mode('PERMISSIVE'), portLevelMtls: {} }, 1, 'b');
    expect(indexOf(newer, older).workloadMode('shop', web, 80)).toBe('PERMISSIVE');
  });

  it('takes ports of no policy that is for all workloads', () => {
    const all = peerAuthentication('shop/default', {
      mtls: mode('STRICT'),
      portLevelMtls: { 80: { mode: 'DISABLE' } },
    });
    expect(indexOf(all).workloadMode('shop', web, 80)).toBe('STRICT');
  });

  it('takes no policy of the root namespace that selects workloads', () => {
    const index = indexOf(
      peerAuthentication('istio-system/web', { ...selecting('web'), mtls: mode('DISABLE') }),
    );
    expect(index.workloadMode('shop', web, 80)).toBe('PERMISSIVE');
    expect(index.workloadMode('istio-system', web, 80)).toBe('PERMISSIVE');
  });
});

describe('the version', () => {
  it('changes with every policy and with nothing else', () => {
    const policy = (value: MutualTlsMode) => peerAuthentication('shop/default', { mtls: mode(value) });
    const strict = indexOf(policy('STRICT')).version;
    expect(indexOf(policy('STRICT')).version).toBe(strict);
    expect(indexOf(policy('DISABLE')).version).not.toBe(strict);
    expect(indexOf().version).not.toBe(strict);
    expect(indexOf(policy('STRICT'), peerAuthentication('pay/default', {})).version).not.toBe(strict);
  });
});
