/** Hosts as `/clusters?format=json` of an Envoy and `istioctl proxy-config endpoints -o json` list them. */
import type { JsonObject } from '../../envoy/json-value.js';
import { field, objectField, objectsField, textField } from './json-fields.js';

/** Whether an object is a ClusterStatus of Envoy's admin interface. */
export function isClusterStatus(item: JsonObject): boolean {
  return (
    textField(item, 'name') !== undefined &&
    ['host_statuses', 'added_via_api', 'observability_name'].some((name) => field(item, name) !== undefined)
  );
}

/** The assignment whose hosts are listed. */
export function assignmentOf(status: JsonObject): JsonObject {
  const groups = new Map<string, { locality: JsonObject; priority: number; hosts: JsonObject[] }>();
  for (const host of objectsField(status, 'host_statuses')) {
    const locality = objectField(host, 'locality') ?? {};
    const priority = Number(field(host, 'priority') ?? 0);
    const key = JSON.stringify([locality, priority]);
    const group = groups.get(key) ?? { locality, priority, hosts: [] };
    groups.set(key, group);
    group.hosts.push({
      endpoint: { address: objectField(host, 'address') ?? {} },
      health_status: textField(objectField(host, 'health_status'), 'eds_health_status') ?? 'UNKNOWN',
      load_balancing_weight: field(host, 'weight') ?? 1,
    });
  }
  return {
    cluster_name: textField(status, 'eds_service_name') ?? textField(status, 'name') ?? '',
    endpoints: [...groups.values()].map(({ locality, priority, hosts }) => ({
      locality,
      priority,
      lb_endpoints: hosts,
    })),
  };
}
