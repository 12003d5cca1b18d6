/** The recorded answers are what the pinned Istio serves today: a sample of them is recorded anew. */
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { istioVersion } from '../../../src/base/version.js';
import { istioModuleVersion } from '../../../testenv/istiod/install.mjs';
import { record } from '../../../testenv/istiod/istiod.mjs';
import { differenceText, readAnswer, withCopy } from './fixture.js';

const golden = fileURLToPath(new URL('../../golden', import.meta.url));

/** One of each area, chosen for what they need of the server: several clusters, networks, ages, gateways, switches. */
const sample = [
  'kubernetes/node-locality',
  'serviceentry/same-host-two-namespaces',
  'destinationrule/locality-failover',
  'sidecar/egress-hosts',
  'virtualservice/match-uri',
  'mesh/networks-split-horizon',
  'gateway/auto-passthrough',
  'dns/multi-cluster-headless',
  'grpc/client',
  'plain/destinationrule-tls-modes',
];

test('the server is built from the Istio that Pilotlight says it equals', () => {
  expect(istioModuleVersion).toBe(istioVersion.module);
});

describe('what is recorded anew equals what was recorded', () => {
  test.each(sample)('%s', async (name) => {
    const directory = join(golden, name);
    await withCopy(directory, async (copy) => {
      await record([copy], { plain: name.startsWith('plain/') });
      const files = await readdir(join(directory, 'expected'));
      expect(await readdir(join(copy, 'expected'))).toEqual(files);
      for (const file of files) {
        const now = await readAnswer(join(copy, 'expected', file));
        const recorded = await readAnswer(join(directory, 'expected', file));
        expect(Object.keys(now).sort()).toEqual(Object.keys(recorded).sort());
        expect(differenceText(now, recorded, ['now', 'recorded'])).toBe('');
      }
    });
  });
});
