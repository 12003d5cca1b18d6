/** Differences seeded into the example mesh on our side are reported, each at its field, and nothing else is. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describedNode } from '../../../src/cli/proxies.js';
import type { Answer, ResourceDifference } from '../../../src/compare/resources.js';
import { OfflineSource, readMeshDirectory, snapshotOf } from '../../../src/index.js';
import { Istiod } from '../../../testenv/istiod/istiod.mjs';
import { answerOf, compareAnswers, exampleMesh, proxyEntry, withCopy } from './fixture.js';
import { seeds } from './seeds.js';

const proxyName = 'istio-client';
let istiod: Istiod | undefined;
let istios: Answer;

beforeAll(async () => {
  istiod = await Istiod.start(exampleMesh);
  istios = await answerOf(istiod.xds, await proxyEntry(exampleMesh, proxyName));
});

afterAll(async () => {
  await istiod?.stop();
});

test('without a seed nothing is reported', async () => {
  expect(compareAnswers(await ours(exampleMesh), istios).flatMap(lines)).toEqual([]);
});

test.each(seeds)('$what', async ({ file, replace, reported }) => {
  await withCopy(exampleMesh, async (copy) => {
    const path = join(copy, file);
    const text = await readFile(path, 'utf8');
    expect(text.split(replace[0])).toHaveLength(2);
    await writeFile(path, text.replace(...replace));
    const found = compareAnswers(await ours(copy), istios).flatMap(lines);
    expect(found.sort()).toEqual([...reported].sort());
  });
});

/** What Pilotlight would serve from a directory. */
async function ours(directory: string): Promise<Answer> {
  const state = await readMeshDirectory(directory);
  const proxy = state.proxies.find(({ name }) => name === proxyName);
  if (proxy === undefined) throw new Error(`${directory} has no proxy ${proxyName}`);
  return new OfflineSource(snapshotOf(state)).answer(describedNode(proxy)).answer;
}

/** `KIND TYPE RESOURCE PATH` of each field that differs. */
function lines(difference: ResourceDifference): string[] {
  const { kind, type, name } = difference;
  if (kind !== 'different') return [`${kind} ${type} ${name}`];
  return difference.differences.map((leaf) => `${leaf.kind} ${type} ${name} ${leaf.path}`);
}
