import { describe, expect, test } from 'vitest';
import { compareResources, type ResourceDifference } from '../../src/compare/resources.js';
import { formatDifferences } from '../../src/compare/report.js';
import { readMeshDirectory } from '../../src/config/mesh-directory/read.js';
import { OfflineSource, snapshotOf } from '../../src/offline.js';
import { describedNode } from '../../src/cli/proxies.js';
import { goldenCases } from './cases.js';
import { readUnmatched } from './unmatched.js';

const cases = goldenCases();
const unmatched = readUnmatched();
const sides = { left: 'Pilotlight', right: 'Istio' };
const seen = new Set<string>();

describe('answers equal those of Istio', () => {
  test.each(cases)('$name', async ({ name, directory, expected }) => {
    const state = await readMeshDirectory(directory);
    expect(state.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    const source = new OfflineSource(snapshotOf(state));
    const failures: string[] = [];
    for (const [proxyName, recorded] of expected) {
      const proxy = state.proxies.find((candidate) => candidate.name === proxyName);
      if (proxy === undefined) throw new Error(`${name}: proxies.yaml has no ${proxyName}`);
      const { answer } = source.answer(describedNode(proxy));
      for (const type of new Set([...Object.keys(recorded), ...Object.keys(answer)])) {
        const key = `${name} ${proxyName} ${type}`;
        seen.add(key);
        const found = difference(type, answer[type], recorded[type]);
        if (found !== undefined && !unmatched.has(key)) failures.push(`${key}\n${found}`);
        if (found === undefined && unmatched.has(key)) failures.push(`${key} matches: take it off test/golden/unmatched.txt`);
      }
    }
    expect(failures.join('\n\n')).toBe('');
  });

  test('the list of unmatched answers names only answers that were recorded', () => {
    expect([...unmatched.keys()].filter((key) => !seen.has(key))).toEqual([]);
  });
});

type Resources = Parameters<typeof compareResources>[1];

/** The difference as text, or undefined when both are equal, presence of the type included. */
function difference(type: string, ours: Resources | undefined, istio: Resources | undefined): string | undefined {
  if (ours === undefined && istio !== undefined) return `${type}: only in Istio (${istio.length} resources)`;
  if (istio === undefined && ours !== undefined) return `${type}: only in Pilotlight (${ours.length} resources)`;
  const found: ResourceDifference[] = compareResources(type, ours ?? [], istio ?? []);
  return found.length === 0 ? undefined : formatDifferences(found, sides);
}
