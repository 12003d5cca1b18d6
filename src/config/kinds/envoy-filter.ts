/** The type of EnvoyFilter. */
import type { Labels } from '../../model/labels.js';
import type { PolicyTargetReference } from './policy-target.js';

/** What a patch is applied to. */
export type ApplyTo =
  | 'INVALID'
  | 'LISTENER'
  | 'FILTER_CHAIN'
  | 'NETWORK_FILTER'
  | 'HTTP_FILTER'
  | 'ROUTE_CONFIGURATION'
  | 'VIRTUAL_HOST'
  | 'HTTP_ROUTE'
  | 'CLUSTER'
  | 'EXTENSION_CONFIG'
  | 'BOOTSTRAP'
  | 'LISTENER_FILTER';

export type PatchContext = 'ANY' | 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND' | 'GATEWAY' | 'WAYPOINT';

export type PatchOperation =
  | 'INVALID'
  | 'MERGE'
  | 'ADD'
  | 'REMOVE'
  | 'INSERT_BEFORE'
  | 'INSERT_AFTER'
  | 'INSERT_FIRST'
  | 'REPLACE'
  | 'MERGE_AND_REPLACE_LIST';

/** Empty text and 0 match anything, in all of the matches. */
export interface ClusterMatch {
  readonly portNumber: number;
  readonly service: string;
  readonly subset: string;
  readonly name: string;
}

export interface RouteConfigurationMatch {
  readonly portNumber: number;
  readonly portName: string;
  readonly gateway: string;
  readonly name: string;
  readonly vhost?: {
    readonly name: string;
    readonly domainName: string;
    readonly route?: {
      readonly name: string;
      readonly action: 'ANY' | 'ROUTE' | 'REDIRECT' | 'DIRECT_RESPONSE';
    };
  };
}

export interface FilterChainMatchOfPatch {
  readonly name: string;
  readonly sni: string;
  readonly transportProtocol: string;
  /** Several are parted by commas. */
  readonly applicationProtocols: string;
  readonly destinationPort: number;
  readonly filter?: { readonly name: string; readonly subFilter?: { readonly name: string } };
}

export interface ListenerMatch {
  readonly portNumber: number;
  readonly portName: string;
  readonly name: string;
  readonly listenerFilter: string;
  readonly filterChain?: FilterChainMatchOfPatch;
}

export interface EnvoyFilterMatch {
  readonly context: PatchContext;
  readonly proxy?: { readonly proxyVersion: string; readonly metadata: Labels };
  readonly listener?: ListenerMatch;
  readonly routeConfiguration?: RouteConfigurationMatch;
  readonly cluster?: ClusterMatch;
  /** Waypoints are not served. */
  readonly waypoint?: object;
}

export interface EnvoyFilterPatch {
  readonly applyTo: ApplyTo;
  readonly match?: EnvoyFilterMatch;
  readonly patch?: {
    readonly operation: PatchOperation;
    /** A message of Envoy's as JSON. */
    readonly value?: Readonly<Record<string, unknown>>;
    readonly filterClass: 'UNSPECIFIED' | 'AUTHN' | 'AUTHZ' | 'STATS';
  };
}

export interface EnvoyFilter {
  readonly workloadSelector?: { readonly labels: Labels };
  readonly targetRefs: readonly PolicyTargetReference[];
  readonly configPatches: readonly EnvoyFilterPatch[];
  /** Those with a lower number are applied first. */
  readonly priority: number;
}
