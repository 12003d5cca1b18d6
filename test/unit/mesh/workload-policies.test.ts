import { describe, expect, it } from 'vitest';
import type { PolicyWorkload } from '../../../src/mesh/policy-target.js';
import { AuthorizationPolicyTable, RequestAuthenticationTable } from '../../../src/mesh/workload-policies.js';
import { authorizationPolicy, requestAuthentication } from './builders.js';

const rootNamespace = 'istio-system';
const web: PolicyWorkload = { namespace: 'shop', labels: { app: 'web' }, waypoint: false };
const edge: PolicyWorkload = {
  namespace: 'shop',
  labels: { app: 'web', 'gateway.networking.k8s.io/gateway-name': 'edge' },
  waypoint: false,
};
const gatewayTarget = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge', namespace: '' };
const selector = (app: string) => ({ selector: { matchLabels: { app } } });
const names = (list: readonly { readonly metadata: { readonly name: string } }[]): readonly string[] =>
  list.map(({ metadata }) => metadata.name);

describe('AuthorizationPolicies', () => {
  const objects = [
    authorizationPolicy('shop/all', {}, 1),
    authorizationPolicy('shop/web', selector('web'), 2),
    authorizationPolicy('shop/other', selector('other'), 3),
    authorizationPolicy('shop/edge', { targetRefs: [gatewayTarget] }, 4),
    authorizationPolicy('istio-system/mesh', {}, 5),
    authorizationPolicy('istio-system/mesh-web', selector('web'), 6),
    authorizationPolicy('istio-system/mesh-edge', { targetRefs: [gatewayTarget] }, 7),
    authorizationPolicy('pay/all', {}, 8),
  ];
  const table = new AuthorizationPolicyTable({ objects, rootNamespace });

  it('are those of the root namespace, then those of the workload’s own', () => {
    expect(names(table.forWorkload(web))).toEqual(['mesh', 'mesh-web', 'all', 'web']);
    expect(names(table.forWorkload({ ...web, namespace: 'empty' }))).toEqual(['mesh', 'mesh-web']);
    expect(names(table.forWorkload({ ...web, labels: {} }))).toEqual(['mesh', 'all']);
  });

  it('count once in the root namespace itself', () => {
    expect(names(table.forWorkload({ ...web, namespace: rootNamespace }))).toEqual(['mesh', 'mesh-web']);
  });

  it('with a target are for the gateway of that name in their own namespace', () => {
    expect(names(table.forWorkload(edge))).toEqual(['mesh', 'mesh-web', 'all', 'web', 'edge']);
    expect(names(table.forWorkload({ ...edge, namespace: 'pay' }))).toEqual(['mesh', 'mesh-web', 'all']);
  });

  it('with labels are never for waypoints', () => {
    expect(names(table.forWorkload({ ...edge, waypoint: true }))).toEqual(['edge']);
  });

  it('are the same list as long as they are the same objects', () => {
    const list = table.forWorkload(web);
    expect(table.forWorkload({ ...web, labels: { app: 'web', more: 'x' } })).toBe(list);
    const unrelated = [...objects, authorizationPolicy('pay/web', selector('web'), 9)];
    expect(new AuthorizationPolicyTable({ objects: unrelated, rootNamespace }, table).forWorkload(web)).toBe(
      list,
    );
    const changed = objects.map((object) =>
      object.metadata.name === 'web' ? authorizationPolicy('shop/web', selector('web'), 2) : object,
    );
    const next = new AuthorizationPolicyTable({ objects: changed, rootNamespace }, table).forWorkload(web);
    expect(next).not.toBe(list);
    expect(names(next)).toEqual(names(list));
  });
});

it('RequestAuthentications of the workload’s own namespace come first', () => {
  const objects = [
    requestAuthentication('istio-system/mesh', {}, 1),
    requestAuthentication('shop/all', {}, 2),
    requestAuthentication('shop/other', selector('other'), 3),
  ];
  const table = new RequestAuthenticationTable({ objects, rootNamespace });
  expect(names(table.forWorkload(web))).toEqual(['all', 'mesh']);
});
