/** What /debug/registries answers, read from JSON. */
import type { HostConflict } from '../../registry/merge.js';
import type { GuardCounts } from '../../registry/safety.js';

/** One registry, as the server tells of it. Times are ISO 8601. */
export interface RegistryState {
  readonly registry: string;
  readonly name: string;
  readonly state: string;
  readonly message?: string;
  readonly synced: boolean;
  readonly services: number;
  readonly endpoints: number;
  readonly restored: number;
  readonly stale: readonly { readonly key: string; readonly since: string; readonly reason: string }[];
  readonly held: readonly {
    readonly key: string;
    readonly hostname: string;
    readonly endpoints: number;
    readonly reason: string;
    readonly until: string;
  }[];
  readonly removals: GuardCounts;
  readonly quarantined: readonly { readonly key: string; readonly reason: string }[];
}

/** The whole answer. */
export interface RegistryReport {
  readonly registries: readonly RegistryState[];
  readonly conflicts: readonly HostConflict[];
}

/** Reads an answer; undefined for one of another kind. */
export function readRegistries(text: string): RegistryReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { registries, conflicts } = value as Partial<RegistryReport>;
  return Array.isArray(registries) && Array.isArray(conflicts) ? { registries, conflicts } : undefined;
}

/** Whether nothing of a registry needs a person. What is put aside does not make it unhealthy. */
export function isHealthy({ state, synced, stale, held }: RegistryState): boolean {
  return state === 'healthy' && synced && stale.length === 0 && held.length === 0;
}
