/**
 * Puts a snapshot together from registries, configuration objects and the mesh configuration. It is a pure function;
 * the snapshot before only saves work: parts in which nothing changed are taken from it, so that they are the same
 * objects. A change of endpoints makes nothing new but the endpoint index.
 */
import { deepEqual } from '../base/compare.js';
import { finish, type Piecewise } from '../base/piecewise.js';
import type { MeshConfig, MeshNetworks } from '../config/mesh-config.js';
import { reuseList } from '../base/changes.js';
import type { AggregateView } from '../registry/view.js';
import { EnvoyFilterTable } from './envoy-filter-index.js';
import { DestinationRuleTable } from './destination-rule-index.js';
import { EndpointTable } from './endpoint-index.js';
import { discoveredObjects, type MeshObjects } from './mesh-objects.js';
import { buildNetworkIndex, type HostResolver } from './network-index.js';
import { PeerAuthenticationTable } from './peer-authentication.js';
import { rebuild } from './rebuild.js';
import { SecretTable } from './secret-index.js';
import { ServiceTable } from './service-index.js';
import { SidecarTable } from './sidecar-index.js';
import type { Snapshot } from './snapshot.js';
import { TelemetryTable } from './telemetry-index.js';
import { VirtualServiceTable } from './virtual-service-index.js';
import { AuthorizationPolicyTable, RequestAuthenticationTable } from './workload-policies.js';

/** Everything that a snapshot is made of. */
export interface SnapshotInput {
  readonly mesh: MeshConfig;
  readonly networks: MeshNetworks;
  readonly discovery: AggregateView;
  readonly objects: MeshObjects;
  /** Differs from that of every other snapshot of the process. */
  readonly version: string;
  /** Gives the addresses of gateways that are host names. */
  readonly resolveHost?: HostResolver;
}

/** A snapshot whose endpoints can be exchanged. */
export type BuiltSnapshot = Snapshot & { readonly endpoints: EndpointTable };

/** Makes a snapshot; what it says does not depend on `previous`. */
export function buildSnapshot(input: SnapshotInput, previous?: Snapshot): BuiltSnapshot {
  return finish(snapshotInPieces(input, previous));
}

/** The same, one index at a time. */
export function* snapshotInPieces(input: SnapshotInput, previous?: Snapshot): Piecewise<BuiltSnapshot> {
  const { discovery, version } = input;
  const mesh = previous !== undefined && deepEqual(previous.mesh, input.mesh) ? previous.mesh : input.mesh;
  const { rootNamespace, domainSuffix, outboundTrafficPolicy, serviceEntryVisibility } = mesh;
  const objects = discoveredObjects(input.objects, mesh.discoverySelectors);
  yield;
  const services = rebuild(
    ServiceTable,
    {
      services: discovery.services,
      defaultExportTo: mesh.defaultServiceExportTo,
      serviceEntryVisibility,
      namespaces: serviceEntryVisibility?.applyToSidecars === true ? objects.namespaces : [],
    },
    previous?.services,
  );
  yield;
  const virtualServices = rebuild(
    VirtualServiceTable,
    { objects: objects.virtualServices, domainSuffix, defaultExportTo: mesh.defaultVirtualServiceExportTo },
    previous?.virtualServices,
  );
  yield;
  const destinationRules = rebuild(
    DestinationRuleTable,
    {
      objects: objects.destinationRules,
      rootNamespace,
      domainSuffix,
      defaultExportTo: mesh.defaultDestinationRuleExportTo,
    },
    previous?.destinationRules,
  );
  yield;
  return {
    version,
    mesh,
    discovery,
    services,
    endpoints: rebuild(
      EndpointTable,
      {
        shards: discovery.shards,
        declaredAccounts: services.declaredAccounts,
        trustDomainAliases: mesh.trustDomainAliases,
      },
      previous?.endpoints,
    ),
    networks: buildNetworkIndex(
      {
        networks: input.networks,
        gateways: discovery.gateways,
        services: services.all,
        resolveHost: input.resolveHost,
      },
      previous?.networks,
    ),
    destinationRules,
    virtualServices,
    sidecars: rebuild(
      SidecarTable,
      { services, virtualServices, sidecars: objects.sidecars, rootNamespace, outboundTrafficPolicy },
      previous?.sidecars,
    ),
    peerAuthentications: rebuild(
      PeerAuthenticationTable,
      { objects: objects.peerAuthentications, rootNamespace },
      previous?.peerAuthentications,
    ),
    gateways: reuseList(previous?.gateways, objects.gateways),
    authorizationPolicies: rebuild(
      AuthorizationPolicyTable,
      { objects: objects.authorizationPolicies, rootNamespace },
      previous?.authorizationPolicies,
    ),
    requestAuthentications: rebuild(
      RequestAuthenticationTable,
      { objects: objects.requestAuthentications, rootNamespace },
      previous?.requestAuthentications,
    ),
    telemetries: rebuild(
      TelemetryTable,
      { objects: objects.telemetries, rootNamespace },
      previous?.telemetries,
    ),
    envoyFilters: rebuild(
      EnvoyFilterTable,
      { objects: objects.envoyFilters, rootNamespace },
      previous?.envoyFilters,
    ),
    secrets: rebuild(
      SecretTable,
      { secrets: objects.secrets, configMaps: objects.configMaps },
      previous?.secrets,
    ),
  };
}
