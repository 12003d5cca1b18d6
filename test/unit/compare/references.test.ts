import { describe, expect, it } from 'vitest';
import { clusterNames } from '../../../src/compare/references.js';

describe('the clusters that routes lead a gRPC client to', () => {
  it('are single and weighted ones, and not those of mirrors', () => {
    const routes = [
      { route: { cluster: 'one', request_mirror_policies: [{ cluster: 'mirror' }] } },
      { route: { weighted_clusters: { clusters: [{ name: 'two' }, { name: 'three' }, {}] } } },
      { route: { cluster: 'one' } },
      { redirect: { host_redirect: 'elsewhere' } },
    ];
    const configurations = [{ virtual_hosts: [{ routes }, { name: 'without routes' }] }, { name: 'empty' }];
    expect([...clusterNames(configurations)]).toEqual(['one', 'two', 'three']);
  });
});
