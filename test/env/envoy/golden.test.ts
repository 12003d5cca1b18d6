/**
 * In every recorded mesh each sidecar and router is asked again as a plain Envoy, and a real Envoy is given what it is
 * served. It must take all of it, but for what the machine does not have: refusals.txt names these by case, proxy and
 * resource. Each proxy is asked twice: as one that binds its ports itself and has no certificates, and as one whose
 * connections are intercepted and that has some.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describedNode } from '../../../src/cli/proxies.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import type { NodeDescription } from '../../../src/mesh/node.js';
import { snapshotOf } from '../../../src/offline.js';
import { isCircumstance, refusedResources } from './refused-resources.js';
import { RepointedEnvoy, type Refusal } from './repointed-envoy.js';

const root = fileURLToPath(new URL('../../golden/', import.meta.url));
const cases = readdirSync(root, { withFileTypes: true })
  .filter((area) => area.isDirectory())
  .flatMap(({ name: area }) => readdirSync(join(root, area)).map((name) => `${area}/${name}`))
  .filter((name) => existsSync(join(root, name, 'proxies.yaml')))
  .sort();

/** Lines of `area/case proxy (bound|intercepted) type resource: what Envoy says`. */
const listed = new Set(
  readFileSync(new URL('refusals.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);
const seen = new Set<string>();

let envoy: RepointedEnvoy;

beforeAll(async () => {
  envoy = await RepointedEnvoy.start();
});

afterAll(async () => {
  await envoy.stop();
});

describe('a real Envoy takes what a plain one is served', () => {
  test.each(cases)('%s', async (name) => {
    const state = await readMeshDirectory(join(root, name));
    const snapshot = snapshotOf(state);
    const surprises: string[] = [];
    for (const proxy of state.proxies) {
      const described = describedNode(proxy);
      if (described.metadata?.['GENERATOR'] === 'grpc') continue;
      for (const [how, node] of Object.entries(plainNodes(described))) {
        const lines = (refusals: readonly Refusal[]): readonly string[] =>
          refusedResources(refusals).map((refused) => `${name} ${proxy.name} ${how} ${refused}`);
        const unknown = (all: readonly string[]): readonly string[] =>
          all.filter((line) => !listed.has(line) && !isCircumstance(line));
        const expected = [...listed].filter((line) => line.startsWith(`${name} ${proxy.name} ${how} `));
        const isAll = (refusals: readonly Refusal[]): boolean => {
          const told = new Set(lines(refusals));
          return expected.every((line) => told.has(line));
        };
        const first = lines(await envoy.give(snapshot, node, isAll).catch(asRefusal));
        // What Envoy had before may be why: that is not the question here.
        const all = unknown(first).length === 0 ? first : lines(await giveAnew(snapshot, node, isAll));
        for (const line of all) seen.add(line);
        surprises.push(...unknown(all));
      }
    }
    expect(surprises.join('\n')).toBe('');
  });

  test('refusals.txt names nothing that Envoy takes', () => {
    expect([...listed].filter((line) => !seen.has(line))).toEqual([]);
  });
});

/** A proxy as a plain Envoy that listens itself, and as one whose connections are intercepted. */
function plainNodes({
  metadata = {},
  ...described
}: NodeDescription): Readonly<Record<string, NodeDescription>> {
  const node = { ...described, cluster: 'plain' };
  const { ISTIO_VERSION: _version, ...others } = metadata;
  const intercepted = others['INTERCEPTION_MODE'] === 'TPROXY' ? 'TPROXY' : 'REDIRECT';
  return {
    bound: { ...node, metadata: { ...others, INTERCEPTION_MODE: 'NONE' } },
    intercepted: {
      ...node,
      metadata: { ...others, INTERCEPTION_MODE: intercepted, PILOTLIGHT_SDS: 'true' },
    },
  };
}

/** The refusals of an Envoy that had nothing before. */
async function giveAnew(...given: Parameters<RepointedEnvoy['give']>): Promise<readonly Refusal[]> {
  await envoy.stop();
  envoy = await RepointedEnvoy.start();
  return envoy.give(...given).catch(asRefusal);
}

/** An Envoy that does not answer has refused in its way. */
function asRefusal(error: unknown): readonly Refusal[] {
  return [{ type: 'ads', message: error instanceof Error ? error.message : String(error) }];
}
