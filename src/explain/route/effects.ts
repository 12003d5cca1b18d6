/** What a route does to a request beside sending it on. */
import type { JsonObject } from '../../envoy/json-value.js';
import { field, number, objects, text, texts } from './fields.js';

const faultFilter = 'envoy.filters.http.fault';
const corsFilter = 'envoy.filters.http.cors';

/** Each effect as a sentence without a full stop. */
export function routeEffects(route: JsonObject): readonly string[] {
  return [
    ...faults(route),
    ...rewrites(route),
    ...headerChanges(route),
    ...limits(route),
    ...mirrors(route),
    ...hashes(route),
  ];
}

function faults(route: JsonObject): string[] {
  const fault = field(route, 'typed_per_filter_config', faultFilter);
  const effects: string[] = [];
  const delay = text(fault, 'delay', 'fixed_delay');
  if (delay !== '') effects.push(`${percent(fault, 'delay')} of requests are delayed by ${delay}`);
  const status = text(fault, 'abort', 'http_status') || text(fault, 'abort', 'grpc_status');
  if (status !== '') effects.push(`${percent(fault, 'abort')} of requests are answered with ${status}`);
  if (field(route, 'typed_per_filter_config', corsFilter) !== undefined) effects.push('it has a CORS policy');
  return effects;
}

const parts: Readonly<Record<string, number>> = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 };

function percent(fault: ReturnType<typeof field>, kind: string): string {
  const numerator = number(fault, kind, 'percentage', 'numerator') ?? 0;
  return `${numerator / (parts[text(fault, kind, 'percentage', 'denominator') || 'HUNDRED'] ?? 1)} %`;
}

function rewrites(route: JsonObject): string[] {
  const action = field(route, 'route');
  const effects: string[] = [];
  const prefix = text(action, 'prefix_rewrite');
  if (prefix !== '') effects.push(`the matched part of the path becomes ${prefix}`);
  const expression = text(action, 'regex_rewrite', 'pattern', 'regex');
  if (expression !== '')
    effects.push(
      `what matches ${expression} in the path becomes ${text(action, 'regex_rewrite', 'substitution')}`,
    );
  const host = text(action, 'host_rewrite_literal');
  if (host !== '') effects.push(`the host becomes ${host}`);
  return effects;
}

function headerChanges(route: JsonObject): string[] {
  const changes = (['request', 'response'] as const).flatMap((kind) => [
    ...objects(route, `${kind}_headers_to_add`).map((change) => {
      const verb = text(change, 'append_action') === 'OVERWRITE_IF_EXISTS_OR_ADD' ? 'sets' : 'adds';
      return `${verb} the ${kind} header ${text(change, 'header', 'key')}: ${text(change, 'header', 'value')}`;
    }),
    ...texts(route, `${kind}_headers_to_remove`).map((name) => `removes the ${kind} header ${name}`),
  ]);
  return changes.map((change) => `it ${change}`);
}

function limits(route: JsonObject): string[] {
  const action = field(route, 'route');
  const timeout = text(action, 'timeout');
  const retries = field(action, 'retry_policy');
  const effects = timeout === '' || timeout === '0s' ? [] : [`a request may take ${timeout}`];
  if (retries === undefined) return effects;
  const each = text(retries, 'per_try_timeout');
  const within = each === '' ? '' : `, each within ${each}`;
  return [
    ...effects,
    `it is tried again up to ${number(retries, 'num_retries') ?? 1} times${within}, on ${text(retries, 'retry_on')}`,
  ];
}

function mirrors(route: JsonObject): string[] {
  return objects(route, 'route', 'request_mirror_policies').map((policy) => {
    const share = percent(
      { copy: { percentage: field(policy, 'runtime_fraction', 'default_value') ?? {} } },
      'copy',
    );
    return `${share} of requests are copied to ${text(policy, 'cluster')}`;
  });
}

function hashes(route: JsonObject): string[] {
  return objects(route, 'route', 'hash_policy').map((policy) => {
    const [by = 'something'] = Object.keys(policy);
    const name = text(policy, by, 'header_name') || text(policy, by, 'name');
    return `requests are hashed to an endpoint by ${by.replaceAll('_', ' ')}${name === '' ? '' : ` ${name}`}`;
  });
}
