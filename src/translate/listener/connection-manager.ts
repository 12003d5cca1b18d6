/** The network filter that speaks HTTP, for listeners of all classes (Istio reference 7.4). */
import type { MeshConfig } from '../../config/mesh-config.js';
import { packAny } from '../../envoy/any.js';
import { ApiVersion, PathWithEscapedSlashesAction } from '../../envoy/enums.js';
import {
  HttpConnectionManager,
  UuidRequestIdConfig,
  type FilterShape,
  type HttpConnectionManagerShape,
  type HttpFilterShape,
  type RouteConfigurationShape,
} from '../../envoy/messages.js';
import { boolValue, duration } from '../../envoy/well-known.js';
import { delimitedStatName } from '../cluster/stat-name.js';
import { preserveCase } from '../cluster/protocol-options.js';
import { connectionFields, connectionOptions } from './connection-settings.js';
import type { ListenerClass, ListenerExtras } from './extras.js';
import {
  alpnFilter,
  clientMetadataExchange,
  clientMetadataExchangeInMesh,
  cors,
  faultInjection,
  grpcStatsFilter,
  grpcWebFilter,
  routerFilter,
  serverMetadataExchange,
} from './http-filters.js';
import type { HttpSettings } from './http-settings.js';
import type { ListenerView } from './listener-view.js';

/** Fields of a connection manager beside where requests go. */
export type ConnectionManagerFields = Omit<
  HttpConnectionManagerShape,
  'rds' | 'routeConfig' | 'scopedRoutes'
>;

/** What the HTTP of a listener depends on, beside where its requests go. */
export interface HttpContext {
  readonly listenerClass: ListenerClass;
  readonly mesh: Pick<MeshConfig, 'pathNormalization'>;
  readonly view: Pick<ListenerView, 'istioFilters' | 'http'>;
  readonly extras: ListenerExtras;
}

/** What connection managers of one kind have in common. */
export interface ManagerSettings extends HttpContext {
  /** What its class of listener has of its own. */
  readonly base?: ConnectionManagerFields;
  /** The client's address is that of its connection, and not what headers say. */
  readonly useRemoteAddress?: boolean;
  readonly grpcWeb?: boolean;
  /** Stand before the last filter. */
  readonly lastFilters?: readonly HttpFilterShape[];
}

/** What tells one connection manager from another of its kind. */
export interface ManagerTarget {
  /** Without the semicolon at its end, unless it is taken as it stands. */
  readonly statPrefix: string;
  readonly statPrefixAsIs?: boolean;
  /** The name of routes that are asked for, or the routes themselves. */
  readonly routes: string | RouteConfigurationShape;
}

/** One connection manager. */
export interface ConnectionManagerInput extends ManagerSettings, ManagerTarget {}

/** The filter of a connection manager. */
export function connectionManagerFilter(input: ConnectionManagerInput): FilterShape {
  return managerFilter(input, encodedSettings(input));
}

/** The filter of a connection manager whose settings are encoded: a message may be encoded in parts. */
export function managerFilter(
  { statPrefix, statPrefixAsIs = false, routes }: ManagerTarget,
  settings: Uint8Array,
): FilterShape {
  const target = HttpConnectionManager.encode({
    statPrefix: statPrefixAsIs ? statPrefix : delimitedStatName(statPrefix),
    ...(typeof routes === 'string' ? { rds: routesByName(routes) } : { routeConfig: routes }),
  });
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: { typeUrl: HttpConnectionManager.typeUrl, value: Buffer.concat([target, settings]) },
  };
}

/** The settings of connection managers as bytes. They are most of each, so many share them. */
export function encodedSettings(input: ManagerSettings): Uint8Array {
  return HttpConnectionManager.encode(managerFields(input));
}

/** A connection manager as Istio makes it, but for where its requests go. */
function managerFields(input: ManagerSettings): ConnectionManagerFields {
  const { base = {}, view, mesh, extras, useRemoteAddress = false } = input;
  const { telemetry } = extras;
  const { http } = view;
  return {
    ...base,
    ...http1Fields(base, http),
    ...commonFields(http),
    ...(http.forwardsPort && { appendXForwardedPort: true }),
    accessLog: telemetry.httpLogs,
    ...pathFields(mesh),
    useRemoteAddress: boolValue(useRemoteAddress),
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    streamIdleTimeout: duration(0),
    ...connectionFields(http.connection, base),
    ...(telemetry.tracing !== undefined && { tracing: telemetry.tracing }),
    httpFilters: httpFilters(input),
    requestIdExtension: {
      typedConfig: packAny(UuidRequestIdConfig, {
        useRequestIdForTraceSampling: boolValue(telemetry.samplesByRequestId),
      }),
    },
    proxy100Continue: true,
  };
}

function routesByName(routeConfigName: string): NonNullable<HttpConnectionManagerShape['rds']> {
  return {
    configSource: { ads: {}, initialFetchTimeout: duration(0), resourceApiVersion: ApiVersion.V3 },
    routeConfigName,
  };
}

function http1Fields(
  { httpProtocolOptions }: ConnectionManagerFields,
  { preservesCase }: HttpSettings,
): Pick<ConnectionManagerFields, 'httpProtocolOptions'> {
  return preservesCase ? { httpProtocolOptions: { ...httpProtocolOptions, ...preserveCase } } : {};
}

function commonFields(http: HttpSettings): Pick<ConnectionManagerFields, 'commonHttpProtocolOptions'> {
  const options = {
    ...(http.idleTimeout !== undefined && { idleTimeout: duration(http.idleTimeout) }),
    ...connectionOptions(http.connection),
  };
  return Object.keys(options).length > 0 ? { commonHttpProtocolOptions: options } : {};
}

/** How paths are made alike before routes and policies see them. */
function pathFields({ pathNormalization }: Pick<MeshConfig, 'pathNormalization'>) {
  const mergeSlashes =
    pathNormalization === 'MERGE_SLASHES' || pathNormalization === 'DECODE_AND_MERGE_SLASHES';
  return {
    normalizePath: boolValue(pathNormalization !== 'NONE'),
    ...(mergeSlashes && { mergeSlashes }),
    pathWithEscapedSlashesAction:
      pathNormalization === 'DECODE_AND_MERGE_SLASHES'
        ? PathWithEscapedSlashesAction.UNESCAPE_AND_FORWARD
        : PathWithEscapedSlashesAction.KEEP_UNCHANGED,
  } satisfies ConnectionManagerFields;
}

/** Metadata are exchanged first: policies and telemetry go by them. */
function httpFilters(input: ManagerSettings): readonly HttpFilterShape[] {
  const { listenerClass, view, extras, grpcWeb = false, lastFilters = [] } = input;
  const inbound = listenerClass === 'sidecar-inbound';
  return [
    ...(view.istioFilters ? [metadataExchangeFor(listenerClass, view.http)] : []),
    ...extras.policies.httpFilters,
    ...(grpcWeb ? [grpcWebFilter] : []),
    grpcStatsFilter,
    ...(view.istioFilters && !inbound ? [alpnFilter] : []),
    faultInjection,
    cors,
    ...extras.telemetry.httpFilters,
    ...lastFilters,
    routerFilter(view.http.suppressesDebugHeaders),
  ];
}

function metadataExchangeFor(
  listenerClass: ListenerClass,
  { exchangesInMeshOnly }: HttpSettings,
): HttpFilterShape {
  if (listenerClass === 'sidecar-inbound') return serverMetadataExchange;
  return exchangesInMeshOnly ? clientMetadataExchangeInMesh : clientMetadataExchange;
}
