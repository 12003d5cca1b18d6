import { describe, expect, test } from 'vitest';
import { secretClusters } from '../../../src/clusters/remote-secrets.js';
import type { RawObject } from '../../../src/kubernetes/list-watch.js';

function kubeconfig(user: unknown = { token: 'secret-token' }): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443' } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

function secret(
  name: string,
  clusters: Readonly<Record<string, string>>,
  creationTimestamp = '2026-01-01T00:00:00Z',
): RawObject {
  const data = Object.entries(clusters).map(([id, text]) => [id, Buffer.from(text).toString('base64')]);
  const metadata = { name, namespace: 'istio-system', creationTimestamp };
  return { metadata, data: Object.fromEntries(data) as unknown } as RawObject;
}

describe('remote secrets', () => {
  test('name a cluster by each key, with the kubeconfig that is its value', async () => {
    const secrets = [secret('remotes', { west: kubeconfig(), east: kubeconfig({ token: 'other' }) })];
    const { clusters, refused, problems } = secretClusters(secrets, 'kubernetes/Kubernetes');
    expect({ refused, problems }).toEqual({ refused: [], problems: [] });
    expect(clusters.map(({ id, origin }) => [id, origin])).toEqual([
      ['west', 'Secret istio-system/remotes'],
      ['east', 'Secret istio-system/remotes'],
    ]);
    const context = await clusters[1]?.read();
    expect(context?.user.token).toEqual({ text: 'other' });
  });

  test('count by age where two of them name one cluster', () => {
    const older = secret('z-older', { west: kubeconfig({ token: 'older' }) }, '2026-01-01T00:00:00Z');
    const newer = secret('a-newer', { west: kubeconfig({ token: 'newer' }) }, '2026-02-01T00:00:00Z');
    const { clusters, problems } = secretClusters([newer, older], 'kubernetes/Kubernetes');
    expect(clusters.map(({ origin }) => origin)).toEqual(['Secret istio-system/z-older']);
    expect(problems).toMatchObject([
      { severity: 'error', object: 'Secret istio-system/a-newer', path: 'data.west' },
    ]);
  });

  test.each([
    ['a file', kubeconfig({ tokenFile: '/var/run/token' }), /tokenFile/],
    ['a program', kubeconfig({ exec: { command: 'sh', apiVersion: 'v1' } }), /exec/],
    ['no kubeconfig', 'nonsense', /is no kubeconfig/],
  ])('are refused with %s, and the cluster stays as it is', (_, text, reason) => {
    const { clusters, refused, problems } = secretClusters([secret('s', { west: text })], 'kubernetes/K');
    expect(clusters).toEqual([]);
    expect(refused).toEqual(['west']);
    expect(problems[0]?.message).toMatch(reason);
  });

  test('do not put what is secret into problems', () => {
    const broken = kubeconfig().replace('https:', 'ftp:');
    const { problems } = secretClusters([secret('s', { west: broken })], 'kubernetes/K');
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('secret-token');
  });
});
