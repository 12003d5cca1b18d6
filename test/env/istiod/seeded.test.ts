/**
 * `pilotlight compare` of a mesh directory with a running Istio: the example mesh is equal, and differences that are
 * seeded into it on our side are reported, each at its field, and nothing else is.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Istiod } from '../../../testenv/istiod/istiod.mjs';
import { run } from '../../unit/cli/run-command.js';
import { comparedTypes, exampleMesh, withCopy } from './fixture.js';
import { seeds } from './seeds.js';

/** What this test reads of `pilotlight compare -o json`. */
interface Report {
  readonly equal: boolean;
  readonly types: readonly string[];
  readonly proxies: readonly {
    readonly types: Readonly<Record<string, TypeReport>>;
  }[];
}

interface TypeReport {
  readonly right: number;
  readonly onlyLeft: readonly string[];
  readonly onlyRight: readonly string[];
  readonly different: readonly {
    readonly name: string;
    readonly differences: readonly { readonly kind: string; readonly path: string }[];
  }[];
}

let istiod: Istiod | undefined;

beforeAll(async () => {
  istiod = await Istiod.start(exampleMesh);
});

afterAll(async () => {
  await istiod?.stop();
});

test('without a seed nothing is reported', async () => {
  const { code, report } = await compareWithIstio(exampleMesh);
  expect(reportedFields(report)).toEqual([]);
  expect(report.equal).toBe(true);
  expect(code).toBe(0);
  expect(report.types).toEqual(expect.arrayContaining([...comparedTypes]));
  expect(report.proxies[0]?.types['eds']?.right).toBeGreaterThan(4);
});

test.each(seeds)('$what', async ({ file, replace, reported }) => {
  await withCopy(exampleMesh, async (copy) => {
    const path = join(copy, file);
    const text = await readFile(path, 'utf8');
    expect(text.split(replace[0])).toHaveLength(2);
    await writeFile(path, text.replace(...replace));
    const { code, report } = await compareWithIstio(copy);
    expect(reportedFields(report)).toEqual([...reported].sort());
    expect(code).toBe(1);
  });
});

async function compareWithIstio(directory: string): Promise<{ code: number; report: Report }> {
  const server = `xds://${istiod?.xds}`;
  const types = comparedTypes.join(',');
  const args = ['compare', directory, server, '--proxy', 'istio-client', '--type', types, '-o', 'json'];
  const { code, result, said } = await run(...args);
  expect(said).toBe('');
  return { code, report: JSON.parse(result) as Report };
}

/** `KIND TYPE RESOURCE PATH` of everything that a report tells, sorted. */
function reportedFields({ proxies }: Report): string[] {
  return proxies
    .flatMap(({ types }) => Object.entries(types))
    .flatMap(([type, { onlyLeft, onlyRight, different }]) => [
      ...onlyLeft.map((name) => `only-left ${type} ${name}`),
      ...onlyRight.map((name) => `only-right ${type} ${name}`),
      ...different.flatMap(({ name, differences }) =>
        differences.map(({ kind, path }) => `${kind} ${type} ${name} ${path}`),
      ),
    ])
    .sort();
}
