import { expect, test } from 'vitest';
import { TelemetryTable } from '../../../src/mesh/telemetry-index.js';
import { telemetry } from './builders.js';

const rootNamespace = 'istio-system';
const selector = (app: string) => ({ selector: { matchLabels: { app } } });
const table = new TelemetryTable({
  objects: [
    telemetry('shop/web-old', selector('web'), 1),
    telemetry('shop/first', {}, 2),
    telemetry('shop/second', { selector: { matchLabels: {} } }, 3),
    telemetry('shop/web-new', selector('web'), 4),
    telemetry('istio-system/web', selector('web'), 5),
    telemetry('istio-system/mesh', {}, 6),
    telemetry('istio-system/mesh-later', {}, 7),
  ],
  rootNamespace,
});
const namesFor = (namespace: string, app: string): readonly string[] =>
  table
    .forWorkload({ namespace, labels: { app }, waypoint: false })
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

test('the oldest for everything of the mesh and of the namespace count, then each for the workload', () => {
  expect(namesFor('shop', 'web')).toEqual([
    'istio-system/mesh',
    'shop/first',
    'shop/web-old',
    'shop/web-new',
  ]);
  expect(namesFor('shop', 'other')).toEqual(['istio-system/mesh', 'shop/first']);
  expect(namesFor('pay', 'web')).toEqual(['istio-system/mesh']);
});

test('one for a part of the root namespace is for that namespace only', () => {
  expect(namesFor(rootNamespace, 'web')).toEqual(['istio-system/mesh', 'istio-system/web']);
});
