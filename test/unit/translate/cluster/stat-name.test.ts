import { describe, expect, it } from 'vitest';
import { altStatName } from '../../../../src/translate/cluster/stat-name.js';
import { entryService, kubernetesService } from '../../mesh/builders.js';

const port = { name: 'http', port: 80 };

describe('altStatName', () => {
  it('is the name of the cluster with a delimiter where there is no pattern', () => {
    const service = kubernetesService('orders.shop');
    expect(altStatName('outbound|80||orders', '', { service, port, subset: '', targetPort: 0 })).toBe(
      'outbound|80||orders;',
    );
  });

  it('fills in every word of a pattern and leaves others alone', () => {
    const pattern =
      '%SERVICE%/%SERVICE_NAME%/%SERVICE_FQDN%/%SERVICE_PORT%/%SERVICE_PORT_NAME%/%SUBSET_NAME%/%TARGET_PORT%/%X%';
    const service = kubernetesService('orders.shop');
    expect(altStatName('x', pattern, { service, port, subset: 'v1', targetPort: 8080 })).toBe(
      'orders.shop/orders/orders.shop.svc.cluster.local/80/http/v1/8080/%X%;',
    );
  });

  it('knows no short form of other hosts', () => {
    const service = entryService('api.example.com', 'shop');
    expect(altStatName('x', '%SERVICE%', { service, port, subset: '', targetPort: 0 })).toBe(
      'api.example.com;',
    );
  });
});
