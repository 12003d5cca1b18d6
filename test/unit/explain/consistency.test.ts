/** What is explained is what is served, for every recorded case and proxy. */
import { describe, expect, test } from 'vitest';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../src/envoy/json-value.js';
import { explain } from '../../../src/explain/explain.js';
import { addressText } from '../../../src/explain/endpoints.js';
import type { ClusterExplanation, Explanation } from '../../../src/explain/explanation.js';
import { reportText } from '../../../src/explain/report.js';
import { describedNode } from '../../../src/cli/proxies.js';
import { resourceName, type Answer } from '../../../src/compare/resources.js';
import { proxyFromNode } from '../../../src/mesh/node.js';
import { resolveProxy } from '../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../src/mesh/snapshot.js';
import { OfflineSource, snapshotOf } from '../../../src/offline.js';
import { parseClusterName } from '../../../src/translate/names.js';
import { goldenCases } from '../../golden/cases.js';

/** A served endpoint as text: address, weight, priority, and whether mutual TLS is asked for. */
function servedEndpoints(assignment: JsonObject | undefined): string[] {
  return listAt(assignment, 'endpoints').flatMap((group) =>
    listAt(group, 'lb_endpoints').map((endpoint) => {
      const socket = at(endpoint, 'endpoint', 'address', 'socket_address');
      const address = textAt(socket, 'address');
      const bracketed = address.includes(':') ? `[${address}]` : address;
      const tunnel = textAt(endpoint, 'endpoint', 'address', 'envoy_internal_address', 'endpoint_id');
      const text =
        socket === undefined
          ? tunnel || textAt(endpoint, 'endpoint', 'address', 'pipe', 'path')
          : `${address === '' ? '(no address)' : bracketed}:${textAt(socket, 'port_value')}`;
      const tls = textAt(endpoint, 'metadata', 'filter_metadata', 'envoy.transport_socket_match', 'tlsMode');
      return [
        text,
        textAt(endpoint, 'load_balancing_weight'),
        textAt(group, 'priority') || '0',
        tls === 'istio',
      ].join(' ');
    }),
  );
}

function explainedEndpoints({ endpoints }: ClusterExplanation): string[] {
  return endpoints.map(({ address, weight, priority, mutualTls, standsFor }) => {
    const gateway = standsFor !== undefined && address.split(':').length > 2;
    return [gateway ? address.replace(/^(.*):(\d+)$/, '[$1]:$2') : address, weight, priority, mutualTls].join(
      ' ',
    );
  });
}

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found = value;
  for (const key of path) found = found !== undefined && isJsonObject(found) ? found[key] : undefined;
  return found;
}

function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? `${found}` : '';
}

function listAt(value: Json | undefined, key: string): JsonObject[] {
  const found = at(value, key);
  return isJsonArray(found ?? null) ? (found as JsonObject[]) : [];
}

function clustersOf({ seen }: Explanation): readonly ClusterExplanation[] {
  return (seen?.ports ?? []).flatMap(({ clusters }) => clusters);
}

/** The kind of a served cluster in the words of an explanation. */
function servedKind(cluster: JsonObject): string {
  const custom = textAt(cluster, 'cluster_type', 'name');
  if (custom !== '') return 'dynamic-forward-proxy';
  return (textAt(cluster, 'type') || 'STATIC').toLowerCase().replace('_', '-');
}

/** Everything in which an explanation and an answer differ. */
function differences(context: ProxyContext, answer: Answer, explanations: readonly Explanation[]): string[] {
  const wrong: string[] = [];
  const clusters = new Map((answer['cds'] ?? []).map((cluster) => [resourceName(cluster), cluster]));
  const assignments = new Map((answer['eds'] ?? []).map((each) => [resourceName(each), each]));
  const explained = new Map(
    explanations.flatMap(clustersOf).map((cluster) => [cluster.name, cluster] as const),
  );
  const ofServices = [...clusters.keys()].filter((name) => parseClusterName(name)?.direction === 'outbound');
  for (const name of ofServices) if (!explained.has(name)) wrong.push(`${name} is served and not explained`);
  for (const [name, cluster] of explained) {
    const served = clusters.get(name);
    if (served === undefined) {
      if (cluster.notes.some((note) => note.startsWith('it is not served'))) continue;
      wrong.push(`${name} is explained and not served`);
      continue;
    }
    if (servedKind(served) !== cluster.kind) wrong.push(`${name}: ${servedKind(served)} ≠ ${cluster.kind}`);
    const hasTls =
      served['transport_socket'] !== undefined || served['transport_socket_matches'] !== undefined;
    const wraps = cluster.settings.some(({ path }) => path.startsWith('proxyProtocol'));
    if (!wraps && hasTls !== (cluster.tls.mode !== 'none')) wrong.push(`${name}: TLS ${cluster.tls.mode}`);
    const own = at(served, 'load_assignment') as JsonObject | undefined;
    const endpoints = servedEndpoints(cluster.kind === 'eds' ? assignments.get(name) : own).sort();
    const told = explainedEndpoints(cluster).sort();
    if (endpoints.join('\n') !== told.join('\n')) {
      wrong.push(`${name}: served ${endpoints.join(', ')}; explained ${told.join(', ')}`);
    }
  }
  for (const explanation of explanations) wrong.push(...unexplained(context, explanation));
  return wrong;
}

/** Endpoints of the shards that are neither served nor have a reason. */
function unexplained(context: ProxyContext, explanation: Explanation): string[] {
  const { seen, host } = explanation;
  if (seen === undefined || clustersOf(explanation).length === 0) return [];
  const endpoints = context.snapshot.endpoints
    .shards(host, seen.namespace)
    .flatMap((shard) => shard.endpoints);
  const whole = clustersOf(explanation).filter(
    ({ subset, name, kind }) => subset === '' && name.includes('|') && kind !== 'dynamic-forward-proxy',
  );
  const told = new Map<string, number>();
  const add = (address: string): void => {
    told.set(address, (told.get(address) ?? 0) + 1);
  };
  for (const cluster of whole) {
    for (const { address, standsFor } of cluster.endpoints) {
      if (standsFor === undefined) add(address);
      for (const behind of standsFor ?? []) add(behind.address);
    }
    for (const { address } of cluster.leftOut) add(address);
  }
  for (const { address } of seen.leftOut) add(address);
  const served = context.scope.service(host)?.ports.filter(({ protocol }) => protocol !== 'UDP');
  return endpoints
    .filter(({ servicePortName }) => served?.some(({ name }) => name === servicePortName))
    .filter((endpoint) => whole.length > 0 && (told.get(addressText(endpoint)) ?? 0) === 0)
    .map((endpoint) => `${host}: ${addressText(endpoint)} is neither served nor explained`);
}

describe.each(goldenCases().map(({ name, directory }) => [name, directory] as const))(
  '%s',
  (_, directory) => {
    test('every cluster and endpoint is explained as it is served', async () => {
      const state = await readMeshDirectory(directory);
      const snapshot = snapshotOf(state);
      const source = new OfflineSource(snapshot);
      for (const description of state.proxies) {
        const node = describedNode(description);
        const context = resolveProxy(snapshot, proxyFromNode(node));
        // Clusters of gRPC clients are explained as an Envoy's, and the explanation says so.
        if (context.proxy.dialect === 'grpc') continue;
        const { answer } = source.answer(node);
        if (answer['cds'] === undefined) continue;
        const hosts = new Set(snapshot.services.all.map(({ hostname }) => hostname));
        const explanations = [...hosts].map((host) => explain(state, context, { host }));
        expect(differences(context, answer, explanations), description.name).toEqual([]);
        for (const explanation of explanations) {
          expect(explanation.outcome, explanation.host).toBe(
            context.scope.service(explanation.host) === undefined ? 'not-visible' : 'visible',
          );
          expect(reportText(explanation)).not.toMatch(/undefined|\[object/);
          const leftOut = explanation.services.filter(({ state: judged }) => judged === 'left-out');
          expect(leftOut.every(({ reason }) => reason !== undefined)).toBe(true);
        }
      }
    });
  },
);
