/**
 * How much a side tells of endpoints. A server tells the assignments that it sends. An Envoy tells the hosts that it
 * made of them, and `/clusters` less still; a comparison with one of those brings both sides down to what it can
 * tell, so that what Envoy adds, merges and rounds is no difference.
 */
import { compareStrings } from '../base/compare.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';
import { resourceName } from './resources.js';

/** What a side's list of assignments is. */
export interface EndpointDetail {
  /**
   * `message`: the assignments themselves. `envoy`: rebuilt by Envoy from its hosts, as in its config_dump. `hosts`:
   * address, health, weight, priority and locality of each host, as in /clusters.
   */
  readonly level: 'message' | 'envoy' | 'hosts';
  /**
   * Hosts of clusters of every type are in it, without a word on which of them are from EDS; and none of clusters
   * that have no host.
   */
  readonly mixed: boolean;
}

/** Assignments as a server sends them. */
export const wholeAssignments: EndpointDetail = { level: 'message', mixed: false };

/** The two sides' assignments, brought down to what both can tell. */
export function comparableAssignments(
  left: { readonly detail: EndpointDetail; readonly assignments: readonly JsonObject[] },
  right: { readonly detail: EndpointDetail; readonly assignments: readonly JsonObject[] },
): readonly [left: readonly JsonObject[], right: readonly JsonObject[]] {
  const level = lesserLevel(left.detail.level, right.detail.level);
  const mixed = left.detail.mixed || right.detail.mixed;
  const bring = (side: readonly JsonObject[], other: readonly JsonObject[], cut: boolean): JsonObject[] => {
    const served = new Set(other.map(resourceName));
    return side
      .filter((assignment) => !cut || served.has(resourceName(assignment)))
      .map((assignment) => (level === 'message' ? assignment : asHosts(assignment, level)))
      .filter((assignment) => !mixed || assignment['endpoints'] !== undefined);
  };
  return [
    bring(left.assignments, right.assignments, left.detail.mixed),
    bring(right.assignments, left.assignments, right.detail.mixed),
  ];
}

/** What a person is told about a comparison of such endpoints; empty where whole assignments are compared. */
export function detailNotes(details: readonly EndpointDetail[]): string[] {
  const level = details.map((detail) => detail.level).reduce(lesserLevel, 'message');
  const notes: string[] = [];
  if (level === 'envoy') {
    notes.push(
      'eds: Envoy tells the hosts that it made of an assignment, so compared are address, metadata, weight, locality, priority and whether healthy, degraded or not; ' +
        'not the order of localities, UNKNOWN against HEALTHY, DRAINING against UNHEALTHY, an overprovisioning factor of 140 against none',
    );
  }
  if (level === 'hosts') {
    notes.push(
      'eds: a list of hosts is compared, so by address, weight, locality, priority and whether healthy, degraded or not; metadata (labels, mutual TLS) is not in it',
    );
  }
  if (details.some((detail) => detail.mixed)) {
    notes.push(
      'eds: the list does not say which clusters are from EDS and leaves out those without hosts, so only clusters that the other side serves over EDS are compared, and an empty one is as good as none',
    );
  }
  return notes;
}

function lesserLevel(a: EndpointDetail['level'], b: EndpointDetail['level']): EndpointDetail['level'] {
  if (a === 'hosts' || b === 'hosts') return 'hosts';
  return a === 'envoy' || b === 'envoy' ? 'envoy' : 'message';
}

/** An assignment as an Envoy that got it would tell it. */
function asHosts(assignment: JsonObject, level: 'envoy' | 'hosts'): JsonObject {
  const groups = new Map<string, { group: JsonObject; hosts: Map<string, JsonObject> }>();
  for (const group of objects(assignment['endpoints'])) {
    const head = groupHead(group, level);
    const key = JSON.stringify([head['locality'], head['priority'] ?? 0]);
    const known = groups.get(key) ?? { group: head, hosts: new Map<string, JsonObject>() };
    groups.set(key, known);
    for (const endpoint of objects(group['lb_endpoints'])) {
      const host = asHost(endpoint, level);
      const address = JSON.stringify(host['endpoint']);
      if (!known.hosts.has(address)) known.hosts.set(address, host);
    }
  }
  const endpoints = [...groups]
    .filter(([, { hosts }]) => hosts.size > 0)
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([, { group, hosts }]) => ({
      ...group,
      lb_endpoints: [...hosts].sort(([a], [b]) => compareStrings(a, b)).map(([, host]) => host),
    }));
  const policy = level === 'envoy' ? asPolicy(assignment['policy']) : undefined;
  return {
    cluster_name: resourceName(assignment),
    ...(endpoints.length > 0 && { endpoints }),
    ...(policy !== undefined && { policy }),
  };
}

function groupHead(group: JsonObject, level: 'envoy' | 'hosts'): JsonObject {
  const { locality, priority, load_balancing_weight: weight } = group;
  return {
    locality: isJsonObject(locality) ? sorted(locality) : {},
    ...(priority !== undefined && priority !== 0 && { priority }),
    ...(level === 'envoy' && weight !== undefined && weight !== 0 && { load_balancing_weight: weight }),
  };
}

function asHost(lbEndpoint: JsonObject, level: 'envoy' | 'hosts'): JsonObject {
  const { endpoint, health_status: health, load_balancing_weight: weight, metadata } = lbEndpoint;
  const { health_check_config: check, ...rest } = isJsonObject(endpoint) ? endpoint : {};
  const hasCheck = isJsonObject(check) && Object.keys(check).length > 0;
  const kept: JsonObject =
    level === 'hosts'
      ? { ...(rest['address'] !== undefined && { address: rest['address'] }) }
      : { ...rest, ...(hasCheck && { health_check_config: check }) };
  return {
    endpoint: kept,
    health_status: coarseHealth(health),
    load_balancing_weight: weight ?? 1,
    ...(level === 'envoy' && isJsonObject(metadata) && Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** The three states that Envoy tells apart in its dump. */
function coarseHealth(health: Json | undefined): 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' {
  if (health === 'DEGRADED') return 'DEGRADED';
  return health === undefined || health === 'UNKNOWN' || health === 'HEALTHY' ? 'HEALTHY' : 'UNHEALTHY';
}

/** Envoy writes its default of 140 where none was sent. */
function asPolicy(policy: Json | undefined): JsonObject | undefined {
  if (!isJsonObject(policy)) return undefined;
  const { overprovisioning_factor: factor, ...rest } = policy;
  const kept = factor === undefined || factor === 140 ? rest : policy;
  return Object.keys(kept).length > 0 ? kept : undefined;
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => compareStrings(a, b)));
}
