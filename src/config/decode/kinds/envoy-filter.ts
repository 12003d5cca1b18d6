/** The decoder of EnvoyFilter. */
import type {
  ClusterMatch,
  EnvoyFilter,
  EnvoyFilterMatch,
  EnvoyFilterPatch,
  FilterChainMatchOfPatch,
  ListenerMatch,
  RouteConfigurationMatch,
} from '../../kinds/envoy-filter.js';
import { list, message } from '../composites.js';
import { optional } from '../decoder.js';
import { enumeration, int32, jsonObject, string, uint32 } from '../scalars.js';
import { labels, specOnly, workloadSelector } from './common.js';
import { targetReference } from './policy-target.js';

const clusterMatch = message<ClusterMatch>({
  portNumber: uint32,
  service: string,
  subset: string,
  name: string,
});

type VirtualHostMatch = NonNullable<RouteConfigurationMatch['vhost']>;

const routeConfigurationMatch = message<RouteConfigurationMatch>({
  portNumber: uint32,
  portName: string,
  gateway: string,
  name: string,
  vhost: optional(
    message<VirtualHostMatch>({
      name: string,
      domainName: string,
      route: optional(
        message<NonNullable<VirtualHostMatch['route']>>({
          name: string,
          action: enumeration({ ANY: 0, ROUTE: 1, REDIRECT: 2, DIRECT_RESPONSE: 3 }),
        }),
      ),
    }),
  ),
});

const filterMatch = message<NonNullable<FilterChainMatchOfPatch['filter']>>({
  name: string,
  subFilter: optional(message<{ readonly name: string }>({ name: string })),
});

const listenerMatch = message<ListenerMatch>({
  portNumber: uint32,
  portName: string,
  name: string,
  listenerFilter: string,
  filterChain: optional(
    message<FilterChainMatchOfPatch>({
      name: string,
      sni: string,
      transportProtocol: string,
      applicationProtocols: string,
      destinationPort: uint32,
      filter: optional(filterMatch),
    }),
  ),
});

const match = message<EnvoyFilterMatch>(
  {
    context: enumeration({ ANY: 0, SIDECAR_INBOUND: 1, SIDECAR_OUTBOUND: 2, GATEWAY: 3, WAYPOINT: 4 }),
    proxy: optional(
      message<NonNullable<EnvoyFilterMatch['proxy']>>({ proxyVersion: string, metadata: labels }),
    ),
    listener: optional(listenerMatch),
    routeConfiguration: optional(routeConfigurationMatch),
    cluster: optional(clusterMatch),
    waypoint: optional(jsonObject),
  },
  { oneofs: [['listener', 'routeConfiguration', 'cluster', 'waypoint']] },
);

const patch = message<NonNullable<EnvoyFilterPatch['patch']>>({
  operation: enumeration({
    INVALID: 0,
    MERGE: 1,
    ADD: 2,
    REMOVE: 3,
    INSERT_BEFORE: 4,
    INSERT_AFTER: 5,
    INSERT_FIRST: 6,
    REPLACE: 7,
    MERGE_AND_REPLACE_LIST: 8,
  }),
  value: optional(jsonObject),
  filterClass: enumeration({ UNSPECIFIED: 0, AUTHN: 1, AUTHZ: 2, STATS: 3 }),
});

const configPatch = message<EnvoyFilterPatch>({
  applyTo: enumeration({
    INVALID: 0,
    LISTENER: 1,
    FILTER_CHAIN: 2,
    NETWORK_FILTER: 3,
    HTTP_FILTER: 4,
    ROUTE_CONFIGURATION: 5,
    VIRTUAL_HOST: 6,
    HTTP_ROUTE: 7,
    CLUSTER: 8,
    EXTENSION_CONFIG: 9,
    BOOTSTRAP: 10,
    LISTENER_FILTER: 11,
  }),
  match: optional(match),
  patch: optional(patch),
});

export const envoyFilter = specOnly(
  message<EnvoyFilter>({
    workloadSelector: optional(workloadSelector),
    targetRefs: list(targetReference),
    configPatches: list(configPatch),
    priority: int32,
  }),
);
