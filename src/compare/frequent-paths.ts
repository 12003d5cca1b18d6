/** Fields in which many resources differ, so that a report can say so once. */
import type { ProxyComparison } from './comparison.js';
import { parsePath } from './path.js';

/** A field path with its elements left open, and how many resources differ in it. */
export interface FrequentPath {
  readonly type: string;
  /** As `--ignore` takes it. */
  readonly path: string;
  readonly resources: number;
}

const fewest = 4;
const most = 8;

/** Paths in which at least four resources differ, most frequent first. */
export function frequentPaths(proxies: readonly ProxyComparison[]): FrequentPath[] {
  const found = new Map<string, { type: string; path: string; resources: number }>();
  for (const { types } of proxies) {
    for (const { type, found: resources } of types) {
      for (const resource of resources) {
        if (resource.kind !== 'different') continue;
        const paths = new Set(resource.differences.map(({ path }) => openPath(path)));
        for (const path of paths) {
          const key = `${type}:${path}`;
          const known = found.get(key) ?? { type, path, resources: 0 };
          found.set(key, { ...known, resources: known.resources + 1 });
        }
      }
    }
  }
  return [...found.values()]
    .filter(({ path, resources }) => path !== '' && resources >= fewest)
    .sort((a, b) => b.resources - a.resources)
    .slice(0, most);
}

/** `endpoints[locality=a].lb_endpoints[0].x` as `endpoints[*].lb_endpoints[*].x`. */
function openPath(path: string): string {
  if (path === '') return '';
  return parsePath(path).reduce((text, step) => {
    if (step.kind === 'element') return `${text}[*]`;
    if (!/^[\w@-]+$/.test(step.text)) return `${text}[${JSON.stringify(step.text)}]`;
    return text === '' ? step.text : `${text}.${step.text}`;
  }, '');
}
