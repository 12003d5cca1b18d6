/** The rules of locality and zone aware load balancing (Istio reference 10.5). */
import type { LocalityLbSetting, ZoneAwareLbSetting } from '../kinds/traffic-policy.js';
import { type FindingSink, keyPath, quote } from './finding.js';

/** Labels that say where a workload runs, which the localities of load balancing already stand for. */
const topologyLabels: ReadonlySet<string> = new Set([
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]);

/** Checks locality load balancing beside which outlier detection is set or not (Istio reference 10.5). */
export function validateLocalityLb(
  setting: LocalityLbSetting,
  hasOutlierDetection: boolean,
  path: string,
  sink: FindingSink,
): void {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    sink.error(path, 'distribute and failover exclude each other; keep one of them');
    return;
  }
  if (failover.length > 0) {
    reportTopologyLabels(failoverPriority, `${path}.failoverPriority`, 'which failover already orders', sink);
  }
  validateDistribute(distribute, `${path}.distribute`, sink);
  validateFailover(setting, hasOutlierDetection, path, sink);
}

/** Checks zone aware load balancing beside which outlier detection is set or not (Istio reference 10.5). */
export function validateZoneAwareLb(
  setting: ZoneAwareLbSetting,
  hasOutlierDetection: boolean,
  path: string,
  sink: FindingSink,
): void {
  reportTopologyLabels(
    setting.failoverPriority ?? [],
    `${path}.failoverPriority`,
    'which zone aware routing already orders',
    sink,
  );
  validateFailover(setting, hasOutlierDetection, path, sink);
}

function reportTopologyLabels(
  priority: readonly string[],
  path: string,
  why: string,
  sink: FindingSink,
): void {
  for (const [index, label] of priority.entries()) {
    if (topologyLabels.has(label)) {
      sink.error(`${path}[${index}]`, `${quote(label)} is a topology label, ${why}`);
    }
  }
}

function validateFailover(
  setting: Pick<LocalityLbSetting, 'failover' | 'failoverPriority'>,
  hasOutlierDetection: boolean,
  path: string,
  sink: FindingSink,
): void {
  const { failover = [], failoverPriority = [] } = setting;
  if (!hasOutlierDetection && (failover.length > 0 || failoverPriority.length > 0)) {
    sink.warn(path, 'failover has no effect without outlierDetection, which finds out what has failed');
  }
  for (const [index, { from, to }] of failover.entries()) {
    const at = `${path}.failover[${index}]`;
    if (from === to) sink.error(at, `failover is from ${quote(from)} to itself; name two regions`);
    for (const [field, region] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (/[/*]/.test(region)) {
        sink.error(
          `${at}.${field}`,
          `${quote(region)} is not the name of a region, which has no "/" and no "*"`,
        );
      }
    }
  }
}

function validateDistribute(
  distribute: NonNullable<LocalityLbSetting['distribute']>,
  path: string,
  sink: FindingSink,
): void {
  for (const [index, { to }] of distribute.entries()) {
    const at = `${path}[${index}].to`;
    const weights = Object.entries(to);
    for (const [locality, weight] of weights) {
      if (weight < 1 || weight > 100) sink.error(keyPath(at, locality), `weight ${weight} is not in 1..100`);
    }
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    if (total !== 100) sink.error(at, `weights add up to ${total}; they must add up to 100`);
    // A map has no order, so a wildcard comes before what it covers, whichever is written first.
    sink.error(at, localitiesProblem(weights.map(([locality]) => locality).sort()));
  }
  sink.error(path, localitiesProblem(distribute.map(({ from }) => from)));
}

/**
 * What is wrong with a list of localities `region[/zone[/subzone]]`: an empty part, a wildcard that is not the
 * end, or one that overlaps with an earlier one. A region covers its zones, a zone its subzones.
 */
function localitiesProblem(localities: readonly string[]): string | undefined {
  const named = new Set<string>();
  const parentsOfNamed = new Set<string>();
  for (const locality of localities) {
    const parts = splitLocality(locality);
    const star = locality.indexOf('*');
    if (star >= 0 && star < locality.length - 1) {
      return `locality ${quote(locality)} has a "*" that is not its end`;
    }
    if (parts.includes('')) {
      return `locality ${quote(locality)} has an empty part; it must be region, region/zone or region/zone/subzone`;
    }
    const parents = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
    const overlapping = [locality, '*', ...parents, ...parents.map((parent) => `${parent}/*`)];
    if (parentsOfNamed.has(locality) || overlapping.some((other) => named.has(other))) {
      return `locality ${quote(locality)} overlaps with one before it`;
    }
    named.add(locality);
    for (const parent of parents) parentsOfNamed.add(parent);
  }
  return undefined;
}

/** Splits into region, zone and the rest. */
function splitLocality(locality: string): readonly string[] {
  const parts = locality.split('/');
  return parts.length <= 3 ? parts : [...parts.slice(0, 2), parts.slice(2).join('/')];
}
