/** ExternalName services stand for other services: which names those have by it (Istio reference 4.2). */
import { compareStrings } from '../base/compare.js';
import type { Service, ServiceAlias } from '../model/service.js';
import { withAliases } from './service-copies.js';

/** The services, in their order, each with the ExternalName services that end at its host, whatever its namespace. */
export function resolveAliases(services: readonly Service[]): readonly Service[] {
  const aliases = aliasesByTarget(services);
  if (aliases.size === 0) return services;
  return services.map((service) => {
    const ofHost = aliases.get(service.hostname);
    return ofHost === undefined ? service : withAliases(service, ofHost);
  });
}

function aliasesByTarget(services: readonly Service[]): ReadonlyMap<string, readonly ServiceAlias[]> {
  const externalNames = new Map<string, string>();
  const aliases: { alias: ServiceAlias; externalName: string }[] = [];
  for (const { hostname, resolution, attributes } of services) {
    if (resolution !== 'Alias') continue;
    const { namespace, externalName = '' } = attributes;
    externalNames.set(hostname, externalName);
    aliases.push({ alias: { hostname, namespace }, externalName });
  }
  const byTarget = new Map<string, ServiceAlias[]>();
  for (const { alias, externalName } of aliases) {
    const target = endOfChain(alias.hostname, externalName, externalNames);
    if (target === undefined) continue;
    const list = byTarget.get(target);
    if (list === undefined) byTarget.set(target, [alias]);
    else list.push(alias);
  }
  for (const list of byTarget.values()) {
    list.sort((a, b) => compareStrings(a.namespace, b.namespace) || compareStrings(a.hostname, b.hostname));
  }
  return byTarget;
}

/** The first host that is no alias itself; none when the names go round in a circle. */
function endOfChain(
  alias: string,
  externalName: string,
  externalNames: ReadonlyMap<string, string>,
): string | undefined {
  const seen = new Set([alias]);
  let host = externalName;
  for (;;) {
    const next = externalNames.get(host);
    if (next === undefined) return host;
    if (seen.has(host)) return undefined;
    seen.add(host);
    host = next;
  }
}
