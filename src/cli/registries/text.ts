/** The state of registries as text. */
import { aligned } from '../../base/aligned.js';
import type { RegistryReport, RegistryState } from './report.js';

/** How many values of a kind are listed unless all are asked for. */
const shown = 5;

/** A table of all registries, and below it what needs attention. @param all whether everything is listed. */
export function registriesText({ registries, conflicts }: RegistryReport, all: boolean): string {
  const rows = [
    ['REGISTRY', 'STATE', 'SERVICES', 'ENDPOINTS', 'STALE', 'HELD', 'QUARANTINED'],
    ...registries.map(rowOf),
  ];
  const table = aligned(rows);
  const details = registries.flatMap((registry) => detailsOf(registry, all));
  const shared = limited(
    conflicts.map(({ host, policy, registries: names }) => `  ${host}: ${names.join(', ')} (${policy})`),
    all,
  );
  if (shared.length > 0) details.push('', 'Hosts that several registries have:', ...shared);
  return `${[...table, ...details].join('\n')}\n`;
}

function rowOf({
  registry,
  state,
  synced,
  services,
  endpoints,
  stale,
  held,
  quarantined,
}: RegistryState): string[] {
  const counts = [services, endpoints, stale.length, held.length, quarantined.length];
  return [registry, synced ? state : `${state}, not read yet`, ...counts.map(String)];
}

function detailsOf(
  { registry, message, restored, stale, held, quarantined }: RegistryState,
  all: boolean,
): string[] {
  const parts: [string, string[]][] = [
    ['stale', stale.map(({ key, since, reason }) => `${key}: since ${since}: ${reason}`)],
    [
      'held',
      held.map(
        ({ key, hostname, endpoints, reason, until }) =>
          `${key}: ${endpoints} endpoints of ${hostname} stay until ${until}: ${reason}`,
      ),
    ],
    ['quarantined', quarantined.map(({ key, reason }) => `${key}: ${reason}`)],
  ];
  const lines = parts.flatMap(([what, list]) =>
    list.length === 0
      ? []
      : [
          `  ${what}:`,
          ...limited(
            list.map((line) => `    ${line}`),
            all,
          ),
        ],
  );
  if (message !== undefined) lines.unshift(`  ${message}`);
  if (restored > 0) lines.unshift(`  ${restored} services are as they were before the start`);
  return lines.length === 0 ? [] : ['', `${registry}:`, ...lines];
}

function limited(lines: readonly string[], all: boolean): string[] {
  if (all || lines.length <= shown) return [...lines];
  return [...lines.slice(0, shown), `    and ${lines.length - shown} more`];
}
