import { afterEach, describe, expect, test } from 'vitest';
import type { Service } from '../../../../src/model/service.js';
import { MemoryRegistry } from '../../../../src/registry/memory/memory-registry.js';
import { Recorder } from '../recorder.js';
import { endpoint, kubernetesService, workloadEntry } from '../store/values.js';

function service(hostname: string, defaultAddress = '10.0.0.1'): Service {
  return kubernetesService('a', { hostname, defaultAddress });
}

const recorders: Recorder[] = [];

function watch(registry: MemoryRegistry): Recorder {
  const recorder = new Recorder(registry);
  recorders.push(recorder);
  return recorder;
}

afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.stop();
});

test('is whose it is said to be', () => {
  expect(new MemoryRegistry()).toMatchObject({ provider: 'Mock', cluster: 'Kubernetes' });
  expect(new MemoryRegistry({ provider: 'Consul', cluster: 'dc1' })).toMatchObject({
    provider: 'Consul',
    cluster: 'dc1',
  });
});

test('tells a late subscriber what an early one knows, then both the same', () => {
  const registry = new MemoryRegistry();
  const early = watch(registry);
  const key = registry.setService(service('a.example'));
  registry.setEndpoints('a.example', 'shop', [endpoint('10.0.0.9')]);
  registry.setWorkload(workloadEntry('vm', '192.0.2.1'));
  registry.setGateways([{ network: 'n', cluster: 'c', address: '203.0.113.1', port: 15443 }]);
  registry.synced();
  const late = watch(registry);
  expect(late.state()).toEqual(early.state());
  expect(late.newTypes()).toEqual(['status', 'service', 'endpoints', 'workload', 'gateways', 'synced']);
  early.news();
  registry.removeService(key);
  expect(early.news()).toEqual([{ type: 'service-removed', key }]);
  expect(late.state()).toEqual(early.state());
});

describe('synced', () => {
  test('is not said before it is called, and then to everyone', () => {
    const registry = new MemoryRegistry();
    const early = watch(registry);
    expect(early.news()).toEqual([{ type: 'status', status: { state: 'connecting' } }]);
    registry.synced();
    registry.synced();
    expect(early.newTypes()).toEqual(['status', 'synced']);
    expect(watch(registry).synced).toBe(true);
  });
});

test('tells nothing when a value is set to what it is, or something unknown is removed', () => {
  const registry = new MemoryRegistry();
  const recorder = watch(registry);
  for (let round = 0; round < 2; round++) {
    recorder.news();
    registry.setService(service('a.example'));
    registry.setEndpoints('a.example', 'shop', [endpoint('10.0.0.9')]);
    registry.setWorkload(workloadEntry('vm', '192.0.2.1'));
    registry.setGateways([]);
    registry.setStatus({ state: 'connecting' });
  }
  registry.removeService('unknown');
  registry.removeEndpoints('unknown');
  registry.removeWorkload('unknown');
  expect(recorder.news()).toEqual([]);
});

test('tells a change of one endpoint, of their order and of their number', () => {
  const registry = new MemoryRegistry();
  const recorder = watch(registry);
  const [a, b] = [endpoint('10.0.0.1'), endpoint('10.0.0.2')];
  for (const endpoints of [[a, b], [b, a], [a], [{ ...a, health: 'unhealthy' as const }], []]) {
    recorder.news();
    registry.setEndpoints('a.example', 'shop', endpoints);
    expect(recorder.newTypes()).toEqual(['endpoints']);
    expect(recorder.endpointsOf('a.example')).toEqual(endpoints);
  }
});

test('removing endpoints leaves the service, removing the service takes its endpoints', () => {
  const registry = new MemoryRegistry();
  const key = registry.setService(service('a.example'));
  registry.setEndpoints('a.example', 'shop', [endpoint('10.0.0.9')]);
  registry.removeEndpoints(key);
  expect(watch(registry).newTypes()).toEqual(['status', 'service']);
  registry.setEndpoints('a.example', 'shop', [endpoint('10.0.0.9')]);
  registry.removeService(key);
  expect(watch(registry).newTypes()).toEqual(['status']);
});

test('holds several values of one host under keys of their own', () => {
  const registry = new MemoryRegistry();
  registry.setService(service('a.example', '10.0.0.1'), 'one');
  registry.setService(service('a.example', '10.0.0.2'), 'two');
  const recorder = watch(registry);
  expect([...recorder.services.keys()]).toEqual(['one', 'two']);
});

test('keeps its values when it fails', () => {
  const registry = new MemoryRegistry();
  registry.setService(service('a.example'));
  registry.synced();
  const recorder = watch(registry);
  recorder.news();
  registry.setStatus({ state: 'failed', message: 'gone' });
  expect(recorder.newTypes()).toEqual(['status']);
  expect(watch(registry).services.size).toBe(1);
});

test('who stops watching hears no more, the others do', () => {
  const registry = new MemoryRegistry();
  const [left, stayed] = [watch(registry), watch(registry)];
  left.stop();
  registry.setService(service('a.example'));
  expect([left.services.size, stayed.services.size]).toEqual([0, 1]);
});

test('a change that a subscriber causes is heard by all after the one that caused it', () => {
  const registry = new MemoryRegistry();
  const subscription = registry.watch().subscribe((event) => {
    if (event.type === 'service')
      registry.setEndpoints(event.service.hostname, 'shop', [endpoint('10.0.0.9')]);
  });
  const recorder = watch(registry);
  recorder.news();
  registry.setService(service('a.example'));
  expect(recorder.newTypes()).toEqual(['service', 'endpoints']);
  subscription.unsubscribe();
});
