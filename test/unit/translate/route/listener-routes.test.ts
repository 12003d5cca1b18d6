import { describe, expect, it } from 'vitest';
import { egressListener } from '../../../../src/translate/route/listener-routes.js';
import { kubernetesService, proxyOf, sidecar, snapshotOf } from '../../mesh/builders.js';

describe('the egress listener of a port', () => {
  const egress = [
    { port: { number: 7070, protocol: 'GRPC', name: 'grpc' }, hosts: ['./*'] },
    { port: { number: 3128, protocol: 'HTTP_PROXY', name: 'proxy' }, hosts: ['./*'] },
  ];
  const snapshot = snapshotOf({
    services: [kubernetesService('orders.shop')],
    objects: { sidecars: [sidecar('shop/all', [...egress, ['*/*']]), sidecar('pay/some', egress)] },
  });
  const scopeOf = (namespace: string) => snapshot.sidecars.scopeFor(proxyOf(namespace), {});

  it('is the one of that port', () => {
    const scope = scopeOf('shop');
    expect(egressListener(scope, 7070)).toEqual({ egress: scope.egress[0], listenerPort: 7070 });
  });

  it('is for services of all ports where it is an HTTP proxy', () => {
    expect(egressListener(scopeOf('shop'), 3128)).toMatchObject({ listenerPort: 0 });
  });

  it('is otherwise the one of all ports, if there is one', () => {
    const scope = scopeOf('shop');
    expect(egressListener(scope, 80)).toEqual({ egress: scope.egress[2], listenerPort: 80 });
    expect(egressListener(scopeOf('pay'), 80)).toBeUndefined();
  });
});
