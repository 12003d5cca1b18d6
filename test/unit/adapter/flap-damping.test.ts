import { expect, test } from 'vitest';
import { FlapDamping } from '../../../src/adapter/flap-damping.js';
import type { InstanceHealth, ServiceRecord } from '../../../src/adapter/index.js';

const rules = { changes: 4, halfLife: 10_000 };

function record(healths: Readonly<Record<string, InstanceHealth>>): ServiceRecord {
  const instances = Object.entries(healths).map(([id, health]) => ({ id, address: id, ports: [], health }));
  return { service: 'web', instances };
}

function damping() {
  const clock = { now: 0 };
  const flaps = new FlapDamping(rules, () => clock.now);
  const see = (healths: Readonly<Record<string, InstanceHealth>>) =>
    Object.fromEntries(flaps.damp(record(healths)).record.instances.map(({ id, health }) => [id, health]));
  return { clock, flaps, see };
}

test('an instance that changes too often counts as unhealthy until it has been calm', () => {
  const { clock, flaps, see } = damping();
  see({ a: 'healthy', b: 'healthy' });
  for (const health of ['unhealthy', 'healthy', 'unhealthy'] as const) see({ a: health, b: 'healthy' });
  expect(see({ a: 'healthy', b: 'healthy' })).toEqual({ a: 'unhealthy', b: 'healthy' });
  const { until = 0 } = flaps.damp(record({ a: 'healthy', b: 'healthy' }));
  clock.now = until - 2;
  expect(see({ a: 'healthy', b: 'healthy' })['a']).toBe('unhealthy');
  clock.now = until;
  expect(see({ a: 'healthy', b: 'healthy' })['a']).toBe('healthy');
});

test('an instance that comes and goes is one that flaps', () => {
  const { see } = damping();
  see({ b: 'healthy' });
  for (let round = 0; round < 3; round += 1) {
    see({ a: 'healthy', b: 'healthy' });
    see({ b: 'healthy' });
  }
  expect(see({ a: 'healthy', b: 'healthy' })).toEqual({ a: 'unhealthy', b: 'healthy' });
});

test('the last usable instance is never taken out', () => {
  const { see } = damping();
  for (let round = 0; round < 5; round += 1) {
    see({ a: 'unhealthy' });
    see({ a: 'healthy' });
  }
  expect(see({ a: 'healthy' })).toEqual({ a: 'healthy' });
});

test('changes far apart are no flapping', () => {
  const { clock, see } = damping();
  for (let round = 0; round < 20; round += 1) {
    see({ a: round % 2 === 0 ? 'healthy' : 'unhealthy', b: 'healthy' });
    clock.now += 60_000;
  }
  expect(see({ a: 'healthy', b: 'healthy' })['a']).toBe('healthy');
});
