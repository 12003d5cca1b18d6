/**
 * Every route configuration that was recorded from Istio for an Envoy is made by its name, whichever listener gave the
 * name.
 */
import { describe, expect, test } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import { describedNode } from '../../../../src/cli/proxies.js';
import { compareResources, resourceName } from '../../../../src/compare/resources.js';
import { readMeshDirectory } from '../../../../src/config/mesh-directory/read.js';
import { decodeToJson } from '../../../../src/envoy/json.js';
import { proxyFromNode } from '../../../../src/mesh/node.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import { snapshotOf } from '../../../../src/offline.js';
import { Memo } from '../../../../src/translate/memo.js';
import { translateRoutes } from '../../../../src/translate/route/routes.js';
import { goldenCases } from '../../../golden/cases.js';

const cases = goldenCases().filter(({ expected }) =>
  [...expected.values()].some((answer) => 'rds' in answer),
);

describe('routes equal those of Istio', () => {
  test.each(cases)('$name', async ({ directory, expected }) => {
    const state = await readMeshDirectory(directory);
    const snapshot = snapshotOf(state);
    const memo = new Memo();
    const failures: string[] = [];
    for (const [name, answer] of expected) {
      const described = state.proxies.find((candidate) => candidate.name === name);
      if (described === undefined) throw new Error(`proxies.yaml has no ${name}`);
      const context = resolveProxy(snapshot, proxyFromNode(describedNode(described)));
      const recorded = answer['rds'] ?? [];
      if (context.proxy.dialect === 'grpc') continue;
      const names = new Set(recorded.map(resourceName));
      const { resources } = finish(translateRoutes(context, memo, names));
      const ours = resources.map(({ typeUrl, body }) => decodeToJson(typeUrl, body));
      const found = compareResources('rds', ours, recorded);
      if (found.length > 0) failures.push(`${name}: ${JSON.stringify(found, undefined, 1)}`);
    }
    expect(failures.join('\n')).toBe('');
  });
});
