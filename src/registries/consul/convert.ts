/** Entries of Consul as records; pure. What records mean to the mesh is said by mapping rules (`mapping.ts`). */
import {
  type InstanceHealth,
  type InstancePort,
  type InstanceRecord,
  type Metadata,
  type ServiceRecord,
} from '../../adapter/index.js';
import type { CatalogInstance, CatalogNode, Check, HealthEntry } from './answers.js';
import { likeConsul2Istio, likeIstio } from './compatibility.js';
import { type ConsulSettings, kindsOf } from './options.js';
import { attributesOf, keyOf, type Scope } from './scope.js';

/** The settings that decide what entries come to. */
export type ConvertSettings = Pick<ConsulSettings, 'address' | 'warning' | 'kinds' | 'compatibility'>;

/** A service of a catalog with all its instances. */
export function serviceRecord(
  service: string,
  scope: Scope,
  entries: readonly HealthEntry[],
  settings: ConvertSettings,
): ServiceRecord {
  const kinds = kindsOf(settings as ConsulSettings);
  const used = entries.filter(({ Service: { Kind = '' } }) => kinds?.has(Kind) ?? true);
  const instances = used.map((entry) => instanceRecord(entry, settings));
  const record: ServiceRecord = { service: keyOf(scope, service), name: service, instances };
  switch (settings.compatibility) {
    case 'istio':
      return likeIstio(record, used);
    case 'consul2istio':
      return likeConsul2Istio(record, used);
    default: {
      const address = virtualAddress(used);
      return { ...record, attributes: attributesOf(scope), ...(address === undefined ? {} : { address }) };
    }
  }
}

function instanceRecord(entry: HealthEntry, settings: ConvertSettings): InstanceRecord {
  const { Node: node, Service: service, Checks: checks } = entry;
  const { address, port } = placeOf(node, service, settings.address);
  const weight = weightOf(service, checks);
  const locality = service.Locality ?? node.Locality;
  return {
    // IDs are unique on their node alone.
    id: `${node.Node}/${service.ID}`,
    address,
    ports: portsOf(service, port),
    health: healthOf(checks, settings.warning),
    ...(weight === undefined ? {} : { weight }),
    metadata: { ...nodeMetadata(node), ...service.Meta },
    ...(service.Tags === null || service.Tags === undefined ? {} : { tags: service.Tags }),
    ...(locality?.Region === undefined || locality.Region === ''
      ? {}
      : { locality: { region: locality.Region, ...(locality.Zone ? { zone: locality.Zone } : {}) } }),
    location: `node ${node.Node}, service ID ${service.ID}`,
  };
}

/**
 * Where an instance is reached, as Consul's own mesh decides it: the tagged address of the service, the service's
 * address, the tagged address of its node, the node's. A tagged address of a service may have a port of its own.
 */
function placeOf(
  node: CatalogNode,
  service: CatalogInstance,
  tag: string,
): { readonly address: string; readonly port: number } {
  const port = service.Port ?? 0;
  // The plain address is the one for the own network.
  const tagged = tag === 'lan' ? undefined : service.TaggedAddresses?.[tag];
  if (tagged !== undefined && tagged.Address !== '')
    return { address: tagged.Address, port: tagged.Port || port };
  const ofNode = tag === 'lan' ? undefined : node.TaggedAddresses?.[tag];
  return { address: service.Address || ofNode || node.Address || '', port };
}

/** Ports by name, of which the default one may have been moved by a tagged address; else the only one, if there is one. */
function portsOf({ Ports: named, Port }: CatalogInstance, port: number): readonly InstancePort[] {
  if (named === null || named === undefined || named.length === 0) return port === 0 ? [] : [{ port }];
  return named.map((each) => ({
    name: each.Name,
    port: each.Port === Port ? port : each.Port,
    ...(each.Port === Port && port !== each.Port ? { servicePort: each.Port } : {}),
  }));
}

/** Maintenance is told by critical checks of these IDs. */
function isMaintenance({ CheckID }: Check): boolean {
  return CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance:');
}

/** The health of an instance by its checks and those of its node; one without checks is healthy. */
export function healthOf(checks: readonly Check[], warning: ConsulSettings['warning']): InstanceHealth {
  if (checks.some(isMaintenance)) return 'draining';
  if (checks.some(({ Status }) => Status !== 'passing' && Status !== 'warning')) return 'unhealthy';
  if (!hasWarning(checks) || warning === 'weighted') return 'healthy';
  return warning;
}

/** The weight for the state that an instance is in. 0 takes no traffic; 1 when Consul has none. */
function weightOf({ Weights: weights }: CatalogInstance, checks: readonly Check[]): number | undefined {
  return (hasWarning(checks) ? weights?.Warning : weights?.Passing) ?? undefined;
}

function hasWarning(checks: readonly Check[]): boolean {
  return checks.some(({ Status }) => Status === 'warning');
}

/** What a node says of itself, told apart from what its services say: `node.zone`. */
function nodeMetadata({ Node, Datacenter, Meta }: CatalogNode): Metadata {
  const own = Object.entries(Meta ?? {}).map(([key, value]) => [`node.${key}`, value] as const);
  return {
    ...Object.fromEntries(own),
    'node.name': Node,
    ...(Datacenter === undefined ? {} : { 'node.datacenter': Datacenter }),
  };
}

/** The virtual address that Consul, or who registered the service, gave it; undefined when instances disagree. */
function virtualAddress(entries: readonly HealthEntry[]): string | undefined {
  const found = new Set(
    entries.map(({ Service: { TaggedAddresses: tagged } }) => {
      const { Address } = tagged?.['virtual'] ?? tagged?.['consul-virtual'] ?? {};
      return Address;
    }),
  );
  found.delete(undefined);
  found.delete('');
  const [address] = found;
  return found.size === 1 ? address : undefined;
}
