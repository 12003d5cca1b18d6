/** Answers as tables for a terminal, with the columns that istioctl's proxy-config shows. */
import { aligned } from '../base/aligned.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';
import { resourceName, type Answer } from '../compare/resources.js';
import {
  listenerHeadings,
  listenerRows,
  nameHeadings,
  nameRows,
  routeHeadings,
  routeRows,
} from './listener-rows.js';

/** All types of an answer, a table each. */
export function answerTables(answer: Answer): string {
  return Object.entries(answer)
    .map(([type, resources]) => `${type.toUpperCase()} (${resources.length})\n${tableOf(type, resources)}`)
    .join('\n');
}

function tableOf(type: string, resources: readonly JsonObject[]): string {
  switch (type) {
    case 'cds':
      return table(
        ['SERVICE', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'],
        resources.map(clusterRow),
      );
    case 'eds':
      return table(
        ['ENDPOINT', 'HEALTH', 'WEIGHT', 'LOCALITY', 'PRIORITY', 'CLUSTER'],
        resources.flatMap(endpointRows),
      );
    case 'lds':
      return table(listenerHeadings, resources.flatMap(listenerRows));
    case 'rds':
      return table(routeHeadings, resources.flatMap(routeRows));
    case 'nds':
      return table(nameHeadings, resources.flatMap(nameRows));
    default:
      return table(
        ['NAME'],
        resources.map((resource) => [resourceName(resource)]),
      );
  }
}

function clusterRow(cluster: JsonObject): string[] {
  const name = resourceName(cluster);
  const [direction = '', port = '', subset = '', host = ''] = name.split('|');
  const type = path(cluster, 'type') ?? path(cluster, 'cluster_type', 'name') ?? 'STATIC';
  const rule = path(cluster, 'metadata', 'filter_metadata', 'istio', 'config');
  const parsed = name.includes('|') ? [host, port, subset, direction] : [name, '', '', ''];
  return [...parsed, textOf(type), ruleName(textOf(rule))];
}

function ruleName(configPath: string): string {
  const match = /\/namespaces\/([^/]+)\/destination-rule\/(.+)$/.exec(configPath);
  return match === null ? '' : `${match[2]}.${match[1]}`;
}

function endpointRows(assignment: JsonObject): string[][] {
  const cluster = resourceName(assignment);
  const groups = assignment['endpoints'];
  const rows = (isJsonArray(groups) ? groups : []).filter(isJsonObject).flatMap((group) => {
    const endpoints = group['lb_endpoints'];
    const locality = ['region', 'zone', 'sub_zone'].map((part) => textOf(path(group, 'locality', part)));
    return (isJsonArray(endpoints) ? endpoints : [])
      .filter(isJsonObject)
      .map((endpoint) => [
        addressOf(endpoint),
        textOf(endpoint['health_status'] ?? 'UNKNOWN'),
        textOf(endpoint['load_balancing_weight']),
        locality.join('/').replace(/\/+$/, ''),
        textOf(group['priority'] ?? 0),
        cluster,
      ]);
  });
  return rows.length > 0 ? rows : [['(none)', '', '', '', '', cluster]];
}

function addressOf(endpoint: JsonObject): string {
  const socket = path(endpoint, 'endpoint', 'address', 'socket_address');
  if (socket !== undefined && isJsonObject(socket))
    return `${textOf(socket['address'])}:${textOf(socket['port_value'])}`;
  return textOf(path(endpoint, 'endpoint', 'address', 'pipe', 'path'));
}

function path(value: Json, ...keys: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const key of keys) at = isJsonObject(at) ? at[key] : undefined;
  return at;
}

function textOf(value: Json | undefined): string {
  return value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
}

/** Headings and rows in columns. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return aligned([headings, ...rows])
    .map((line) => `${line}\n`)
    .join('');
}
