/** A comparison as JSON for scripts; docs/compare.md describes the shape. */
import { istioVersion } from '../base/version.js';
import type { Json, JsonObject } from '../envoy/json-value.js';
import {
  isEqual,
  isProxyEqual,
  type ComparedSide,
  type Comparison,
  type ProxyComparison,
} from './comparison.js';
import type { ResourceDifference } from './resources.js';

/** The report as a JSON value. */
export function reportJson(comparison: Comparison): JsonObject {
  const { left, right, types, notCompared, proxies, warnings, notes, ignored } = comparison;
  return {
    equal: isEqual(comparison),
    equalsIstio: { line: istioVersion.line, module: istioVersion.module },
    left: side(left),
    right: side(right),
    types,
    notCompared: notCompared.map(({ type, reason }) => ({ type, reason })),
    warnings,
    notes,
    ignored: ignored.map(({ path, differences }) => ({ path, differences })),
    proxies: proxies.map(proxyJson),
  };
}

function side({ label, source, description, istioVersion: version }: ComparedSide): JsonObject {
  return { label, source, description, istioVersion: version ?? null };
}

function proxyJson(proxy: ProxyComparison): JsonObject {
  const { name, types, notes, failure } = proxy;
  return {
    name,
    equal: isProxyEqual(proxy),
    ...(failure !== undefined && { failure }),
    notes,
    types: Object.fromEntries(
      types.map(({ type, left, right, found }) => [
        type,
        {
          left,
          right,
          onlyLeft: namesOf(found, 'only-left'),
          onlyRight: namesOf(found, 'only-right'),
          different: found.flatMap((one): Json[] =>
            one.kind === 'different'
              ? [{ name: one.name, differences: one.differences.map((difference) => ({ ...difference })) }]
              : [],
          ),
        },
      ]),
    ),
  };
}

function namesOf(found: readonly ResourceDifference[], kind: 'only-left' | 'only-right'): string[] {
  return found.filter((one) => one.kind === kind).map(({ name }) => name);
}
