/** The rules of load balancer settings (Istio reference 10.5). */
import type { ConsistentHashLb, HttpCookie, LoadBalancerSettings, Warmup } from '../kinds/traffic-policy.js';
import { durationProblem } from './duration.js';
import { type FindingSink, quote } from './finding.js';
import { validateLocalityLb, validateZoneAwareLb } from './locality-lb.js';

/** A table of Envoy's Maglev must be smaller than this. */
const maglevTableLimit = 5_000_011;

/** Checks load balancer settings beside which outlier detection is set or not (Istio reference 10.5). */
export function validateLoadBalancer(
  settings: LoadBalancerSettings,
  hasOutlierDetection: boolean,
  path: string,
  sink: FindingSink,
): void {
  const { consistentHash, localityLbSetting, zoneAwareLbSetting, warmup } = settings;
  if (consistentHash !== undefined) validateConsistentHash(consistentHash, `${path}.consistentHash`, sink);
  if (localityLbSetting !== undefined && zoneAwareLbSetting !== undefined) {
    sink.error(path, 'localityLbSetting and zoneAwareLbSetting exclude each other; keep one of them');
  }
  if (localityLbSetting !== undefined) {
    validateLocalityLb(localityLbSetting, hasOutlierDetection, `${path}.localityLbSetting`, sink);
  }
  if (zoneAwareLbSetting !== undefined) {
    validateZoneAwareLb(zoneAwareLbSetting, hasOutlierDetection, `${path}.zoneAwareLbSetting`, sink);
  }
  if (warmup !== undefined) validateWarmup(warmup, `${path}.warmup`, sink);
}

function validateConsistentHash(hash: ConsistentHashLb, path: string, sink: FindingSink): void {
  if (hash.httpCookie !== undefined) validateCookie(hash.httpCookie, `${path}.httpCookie`, sink);
  if ((hash.minimumRingSize ?? 0) !== 0) {
    sink.warn(`${path}.minimumRingSize`, 'minimumRingSize is deprecated; use ringHash.minimumRingSize');
    if ((hash.ringHash ?? hash.maglev) !== undefined) {
      sink.error(`${path}.minimumRingSize`, 'minimumRingSize excludes ringHash and maglev; keep one of them');
    }
  }
  if (hash.maglev !== undefined) {
    sink.error(`${path}.maglev.tableSize`, maglevTableProblem(hash.maglev.tableSize ?? 0));
  }
}

function validateCookie(cookie: HttpCookie, path: string, sink: FindingSink): void {
  if (cookie.name === '') sink.error(`${path}.name`, 'name is empty; a cookie needs one');
  const names = new Set<string>();
  for (const [index, { name }] of (cookie.attributes ?? []).entries()) {
    const at = `${path}.attributes[${index}].name`;
    if (name === '') sink.error(at, 'name is empty; a cookie attribute needs one');
    else if (names.has(name)) sink.error(at, `cookie attribute ${quote(name)} is set twice`);
    names.add(name);
  }
}

function maglevTableProblem(size: number): string | undefined {
  if (size >= maglevTableLimit) {
    return `table size ${size} is too large; it must be less than ${maglevTableLimit}`;
  }
  return isPrime(size) ? undefined : `table size ${size} is not a prime number, which Maglev needs`;
}

/** Counts 1 as a prime, as Envoy does. */
function isPrime(value: number): boolean {
  if (value < 4) return value > 0;
  if (value % 2 === 0) return false;
  for (let factor = 3; factor * factor <= value; factor += 2) if (value % factor === 0) return false;
  return true;
}

function validateWarmup(warmup: Warmup, path: string, sink: FindingSink): void {
  sink.error(`${path}.duration`, durationProblem(warmup.duration));
  if ((warmup.minimumPercent ?? 0) > 100) {
    sink.error(`${path}.minimumPercent`, `minimum percentage ${warmup.minimumPercent} is greater than 100`);
  }
  if (warmup.aggression !== undefined && warmup.aggression <= 0) {
    sink.error(`${path}.aggression`, `aggression ${warmup.aggression} must be greater than 0`);
  }
}
