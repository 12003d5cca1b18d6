/** Sides and comparisons for tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareSides, type Comparison, type ComparisonOptions } from '../../../src/compare/comparison.js';
import { wholeAssignments } from '../../../src/compare/endpoint-detail.js';
import { recordedSide } from '../../../src/compare/load/recorded-side.js';
import { pairProxies } from '../../../src/compare/proxy-pairs.js';
import type { Answer } from '../../../src/compare/resources.js';
import type { Side } from '../../../src/compare/side.js';

/** The path of a sample. */
export function sample(name: string): string {
  return join(fileURLToPath(new URL('samples', import.meta.url)), name);
}

/** The answer that all samples are of. */
export function sent(): Answer {
  return JSON.parse(readFileSync(sample('sent.json'), 'utf8')) as Answer;
}

/** A side that gives this answer. */
export function answerSide(answer: Answer, istioVersion?: string): Side {
  return recordedSide('answer', 'file', {
    description: 'answer',
    answer,
    missingTypes: new Map(),
    endpoints: wholeAssignments,
    node: undefined,
    istioVersion,
    notes: [],
  });
}

/** Compares for the proxy that the sides are of. */
export function compared(
  left: Side,
  right: Side,
  options: Partial<ComparisonOptions> = {},
): Promise<Comparison> {
  return compareSides(left, right, {
    proxies: pairProxies([left, right], { names: [], nodes: [], all: false }),
    exact: false,
    ignores: [],
    labels: ['left', 'right'],
    ...options,
  });
}

/** What differs, a line each: `type name path`, with + or - for what is on one side only. */
export function found({ proxies }: Comparison): string[] {
  return proxies.flatMap(({ types }) =>
    types.flatMap(({ type, found: resources }) =>
      resources.flatMap((resource) => {
        if (resource.kind === 'only-left') return [`- ${type} ${resource.name}`];
        if (resource.kind === 'only-right') return [`+ ${type} ${resource.name}`];
        if (resource.kind !== 'different') return [];
        return resource.differences.map(({ path }) => `${type} ${resource.name} ${path}`);
      }),
    ),
  );
}
