import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import { aggregate } from '../../../../src/registry/aggregate.js';
import { HostMerge } from '../../../../src/registry/merge.js';
import type { MergePolicy } from '../../../../src/registry/merge-rules.js';
import type { RegistryView } from '../../../../src/registry/view.js';
import {
  endpoint,
  entryService,
  endpointsEvent,
  kubernetesService,
  shardsInWords,
  storeOf,
  viewOf,
} from './values.js';

function view(name: string, namespace: string, port: number, ...addresses: readonly string[]): RegistryView {
  const service = entryService('web.example', name, {
    ports: [{ name: `tcp-${port}`, port, protocol: 'TCP' }],
    attributes: { namespace },
  });
  const list = addresses.map((address): Endpoint =>
    endpoint(address, { servicePortName: `tcp-${port}`, servicePortNumber: port }),
  );
  return viewOf('test', name, { services: [service], endpoints: [[service, list]] });
}

const one = view('one', 'a', 80, '10.0.0.1');
const two = view('two', 'b', 90, '10.0.0.2');

function merged(policy: MergePolicy, order: readonly string[] = []) {
  const merge = new HostMerge([{ hosts: ['*.example'], policy, order }]);
  return aggregate(merge.apply([one, two]));
}

describe('HostMerge', () => {
  it('leaves everything as it is without a rule, as in Istio', () => {
    const views = [one, two];
    expect(new HostMerge([]).apply(views)).toBe(views);
    expect(new HostMerge([{ hosts: ['other'], policy: 'union' }]).apply(views)).toEqual(views);
  });

  it('makes one service with the ports and endpoints of all', () => {
    const view = merged('union');
    expect(
      view.services.map(({ attributes, ports }) => [attributes.namespace, ports.map(({ port }) => port)]),
    ).toEqual([['a', [80, 90]]]);
    expect(shardsInWords(view, 'a/web.example')).toEqual(['test/one: 10.0.0.1', 'test/two: 10.0.0.2']);
    expect(view.shards.get('b/web.example')).toBeUndefined();
  });

  it('ranks the endpoints of later registries, in the order of the rule', () => {
    const ranks = merged('priority', ['two'])
      .shards.get('b/web.example')
      ?.flatMap(({ endpoints }) => endpoints.map(({ addresses: [address], rank = 0 }) => [address, rank]));
    expect(ranks).toEqual([
      ['10.0.0.1', 1],
      ['10.0.0.2', 0],
    ]);
  });

  it('leaves the host to the first registry alone', () => {
    const view = merged('reject', ['test/two']);
    expect(view.services.map(({ attributes }) => attributes.namespace)).toEqual(['b']);
    expect([...view.shards.keys()]).toEqual(['b/web.example']);
  });

  it('names each host that several registries have, but not what clusters of Kubernetes share', () => {
    const shared = kubernetesService('web');
    const clusters = ['east', 'west'].map((cluster) => viewOf('Kubernetes', cluster, { services: [shared] }));
    const rules = [{ hosts: ['web.example'], policy: 'priority', order: ['two'] }] as const;
    expect(new HostMerge(rules).conflicts([one, two, ...clusters])).toEqual([
      { host: 'web.example', policy: 'priority', registries: ['test/two', 'test/one'] },
    ]);
    expect(new HostMerge([]).conflicts([one, two])).toMatchObject([{ policy: 'istio' }]);
  });

  it('gives the same objects for what did not change', () => {
    const merge = new HostMerge([{ hosts: ['*'], policy: 'union' }]);
    const service = entryService('web.example', 'one', { attributes: { namespace: 'a' } });
    const store = storeOf('test', 'one', {
      services: [service],
      endpoints: [[service, [endpoint('10.0.0.1')]]],
    });
    const before = merge.apply([store.view(), two]);
    expect(merge.apply([store.view(), two])[0]).toBe(before[0]);
    store.apply(endpointsEvent(service, [endpoint('10.0.0.1'), endpoint('10.0.0.9')]));
    const after = merge.apply([store.view(), two]);
    expect(after[1]).toBe(before[1]);
    expect([...(after[0]?.services.values() ?? [])][0]).toBe([...(before[0]?.services.values() ?? [])][0]);
    expect(shardsInWords(aggregate(after), 'a/web.example')).toEqual([
      'test/one: 10.0.0.1, 10.0.0.9',
      'test/two: 10.0.0.2',
    ]);
  });
});
