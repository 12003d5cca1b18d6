/** The recorded cases: mesh directories, and what Istio's own control plane served from them. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asAnswer, type Answer } from '../../src/compare/resources.js';
import type { Json } from '../../src/envoy/json-value.js';

const root = fileURLToPath(new URL('.', import.meta.url));

export interface GoldenCase {
  /** `area/case`. */
  readonly name: string;
  readonly directory: string;
  /** Recorded answers by proxy name. */
  readonly expected: ReadonlyMap<string, Answer>;
}

/** Every case below this folder, sorted by name. */
export function goldenCases(): GoldenCase[] {
  return goldenNames().map((name) => {
    const directory = join(root, name);
    return { name, directory, expected: readExpected(join(directory, 'expected')) };
  });
}

/** `area/case` of every case, sorted. */
export function goldenNames(): string[] {
  return folders(root).flatMap((area) => folders(join(root, area)).map((name) => `${area}/${name}`));
}

function folders(path: string): string[] {
  return readdirSync(path)
    .filter((name) => statSync(join(path, name)).isDirectory())
    .sort();
}

function readExpected(folder: string): ReadonlyMap<string, Answer> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((file) => [file.replace(/\.json$/, ''), readAnswer(join(folder, file))]),
  );
}

function readAnswer(path: string): Answer {
  const answer = asAnswer(JSON.parse(readFileSync(path, 'utf8')) as Json);
  if (answer === undefined) throw new Error(`${path} is no recorded answer`);
  return answer;
}
