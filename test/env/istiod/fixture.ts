/** Answers of a real Istio discovery server and of Pilotlight, asked by one client. */
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { withoutChanceOrders } from '../../../src/compare/normalise.js';
import { formatDifferences } from '../../../src/compare/report.js';
import { asAnswer, compareResources, type Answer } from '../../../src/compare/resources.js';
import type { Json, JsonObject } from '../../../src/envoy/json-value.js';
import { askAsEachProxy } from '../../../testenv/istiod/istiod.mjs';

/** The mesh directory that ships with Pilotlight. */
export const exampleMesh = fileURLToPath(new URL('../../../examples/mesh', import.meta.url));

/** The types that both sides are asked for. */
export const comparedTypes = ['cds', 'eds'] as const;

/** An entry of proxies.yaml. */
export interface ProxyEntry {
  readonly name: string;
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The entry of a directory's proxies.yaml. @throws Error when there is none. */
export async function proxyEntry(directory: string, name: string): Promise<ProxyEntry> {
  const entries = parse(await readFile(join(directory, 'proxies.yaml'), 'utf8')) as readonly ProxyEntry[];
  const found = entries.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`${directory} has no proxy ${name}`);
  return found;
}

/** Asks an ADS server (`host:port`) as one proxy. */
export async function answerOf(xds: string, proxy: ProxyEntry): Promise<Answer> {
  return inTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'proxies.yaml'), stringify([proxy]));
    await askAsEachProxy(xds, folder, folder, comparedTypes);
    return readAnswer(join(folder, `${proxy.name}.json`));
  });
}

/** Reads an answer from a file. */
export async function readAnswer(path: string): Promise<Answer> {
  const answer = asAnswer(JSON.parse(await readFile(path, 'utf8')) as Json);
  if (answer === undefined) throw new Error(`${path} holds no answer`);
  return answer;
}

/**
 * All differences of two answers as text, over the types of both; empty when they are equal. Orders that Istio leaves
 * to chance do not count: a running server has them in what it serves.
 */
export function differenceText(left: Answer, right: Answer, sides: readonly [string, string]): string {
  const types = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  const resources = (answer: Answer, type: string): JsonObject[] =>
    (answer[type] ?? []).map(withoutChanceOrders);
  const found = types.flatMap((type) =>
    compareResources(type, resources(left, type), resources(right, type)),
  );
  return formatDifferences(found, { left: sides[0], right: sides[1] });
}

/** A copy of a mesh directory without its recorded answers, in a folder that is gone afterwards. */
export function withCopy<T>(directory: string, work: (copy: string) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    for (const name of await readdir(directory)) {
      if (name !== 'expected') await cp(join(directory, name), join(folder, name), { recursive: true });
    }
    return work(folder);
  });
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-istiod-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
