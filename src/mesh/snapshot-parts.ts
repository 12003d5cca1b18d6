/** The parts of a snapshot that proxies see: what is compared to tell whether two snapshots say the same. */
import type { Snapshot } from './snapshot.js';

/** How registries are doing, and which snapshot it is, is nothing that proxies see; workloads are compared apart. */
type Part = Exclude<keyof Snapshot, 'version' | 'discovery'>;

const named: Readonly<Record<Part, true>> = {
  mesh: true,
  services: true,
  endpoints: true,
  networks: true,
  destinationRules: true,
  virtualServices: true,
  sidecars: true,
  peerAuthentications: true,
  gateways: true,
  authorizationPolicies: true,
  requestAuthentications: true,
  telemetries: true,
  envoyFilters: true,
  secrets: true,
};

/** Whether nothing but Secrets and ConfigMaps differs, which nothing but secrets is made of. */
export function sameButSecrets(before: Snapshot, now: Snapshot): boolean {
  return sameParts(before, now, 'secrets');
}

const parts = Object.keys(named) as readonly Part[];

/** Whether two snapshots say the same of everything but `apart`. */
export function sameParts(before: Snapshot, now: Snapshot, apart?: Part): boolean {
  return (
    before.discovery.workloads === now.discovery.workloads &&
    parts.every((part) => part === apart || before[part] === now[part])
  );
}
