/** Which HTTP is spoken to a cluster, and how (Istio reference 5.6). */
import type { ConnectionPoolSettings, HttpSettings } from '../../config/kinds/traffic-policy.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import { packAny } from '../../envoy/any.js';
import {
  HttpProtocolOptions,
  PreserveCaseFormatterConfig,
  type AnyShape,
  type ClusterShape,
  type CommonHttpProtocolOptionsShape,
  type Http1ProtocolOptionsShape,
  type Http2ProtocolOptionsShape,
  type HttpProtocolOptionsShape,
} from '../../envoy/messages.js';
import { duration, uint32 } from '../../envoy/well-known.js';
import { isHttp, isHttp2, type Protocol } from '../../model/protocol.js';

/** What decides about the HTTP of a cluster. */
export interface ProtocolInput {
  readonly protocol: Protocol;
  readonly pool: ConnectionPoolSettings | undefined;
  /** The mesh's policy of upgrades; absent for inbound clusters, which are never upgraded. */
  readonly h2UpgradePolicy?: MeshConfig['h2UpgradePolicy'];
  /** Whether the client's protocol is used where the port does not say what it speaks. */
  readonly sniffs: boolean;
  readonly preserveHeaderCase: boolean;
}

/** HTTP options on their way into a cluster. */
export interface ProtocolOptions {
  /** `default` is HTTP/1 that is only written down if there is something else to say. */
  readonly upstream: 'default' | 'http1' | 'http2' | 'downstream';
  readonly http1?: Http1ProtocolOptionsShape;
  readonly http2?: Http2ProtocolOptionsShape;
  readonly common?: CommonHttpProtocolOptionsShape;
}

/** How a client of TLS names the server; by what the request says where a rule does not. */
export interface ServerNameOptions {
  readonly autoSni?: boolean;
  readonly autoSanValidation?: boolean;
}

type ProtocolFields = Pick<ClusterShape, 'typedExtensionProtocolOptions'>;

/** Under this name an Any of HTTP options stands in a cluster. */
const optionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Header names in HTTP/1 keep their case. */
export const preserveCase: Http1ProtocolOptionsShape = {
  headerKeyFormat: {
    statefulFormatter: { name: 'preserve_case', typedConfig: packAny(PreserveCaseFormatterConfig, {}) },
  },
};

/** The HTTP that a port's protocol and a policy's pool choose. */
export function protocolOptions(input: ProtocolInput): ProtocolOptions {
  const http = input.pool?.http;
  const upstream = upstreamProtocol(input);
  const byClient = http?.useClientProtocol === true;
  const common = commonOptions(input.pool);
  return {
    upstream: byClient ? 'downstream' : upstream,
    // A rule that asks for the client's protocol where it was used anyway makes Istio forget the case.
    ...(keepsCase(input) && !(byClient && upstream === 'downstream') && { http1: preserveCase }),
    ...(upstream === 'http2' && !byClient && { http2: http2Options(http) }),
    ...(common !== undefined && { common }),
  };
}

/** The protocol before the client's is asked for. */
function upstreamProtocol(input: ProtocolInput): ProtocolOptions['upstream'] {
  const { protocol, sniffs } = input;
  if (isHttp2(protocol)) return 'http2';
  if (protocol === 'UnsupportedProtocol' && sniffs) return 'downstream';
  if (keepsCase(input)) return 'http1';
  return isUpgraded(input) ? 'http2' : 'default';
}

/** A rule's word counts for every port; the mesh's only for those that are known to speak HTTP. */
function isUpgraded({ protocol, pool, h2UpgradePolicy }: ProtocolInput): boolean {
  if (h2UpgradePolicy === undefined || pool?.http?.useClientProtocol === true) return false;
  const policy = pool?.http?.h2UpgradePolicy ?? 'DEFAULT';
  return policy === 'DEFAULT' ? h2UpgradePolicy === 'UPGRADE' && isHttp(protocol) : policy === 'UPGRADE';
}

/** HTTP/2 has no case to keep. */
function keepsCase({ protocol, preserveHeaderCase }: ProtocolInput): boolean {
  return preserveHeaderCase && !isHttp2(protocol) && (isHttp(protocol) || protocol === 'UnsupportedProtocol');
}

/** Undefined when nothing asks for it; present and empty when only HTTP/2 settings do. */
function commonOptions(pool: ConnectionPoolSettings | undefined): CommonHttpProtocolOptionsShape | undefined {
  const { tcp, http } = pool ?? {};
  const idleTimeout = http?.idleTimeout ?? tcp?.idleTimeout;
  const { maxRequestsPerConnection = 0, maxConcurrentStreams = 0, http2KeepAlive } = http ?? {};
  const maxConnectionDuration = tcp?.maxConnectionDuration;
  const common: CommonHttpProtocolOptionsShape = {
    ...(idleTimeout !== undefined && { idleTimeout: duration(idleTimeout) }),
    ...(maxRequestsPerConnection > 0 && { maxRequestsPerConnection: uint32(maxRequestsPerConnection) }),
    ...(maxConnectionDuration !== undefined && { maxConnectionDuration: duration(maxConnectionDuration) }),
  };
  const asked = Object.keys(common).length > 0 || maxConcurrentStreams > 0 || http2KeepAlive !== undefined;
  return asked ? common : undefined;
}

function http2Options(http: HttpSettings | undefined): Http2ProtocolOptionsShape {
  const { maxConcurrentStreams = 0, http2KeepAlive } = http ?? {};
  return {
    ...(maxConcurrentStreams > 0 && { maxConcurrentStreams: uint32(maxConcurrentStreams) }),
    ...(http2KeepAlive !== undefined && {
      connectionKeepalive: {
        ...(http2KeepAlive.interval !== undefined && { interval: duration(http2KeepAlive.interval) }),
        ...(http2KeepAlive.timeout !== undefined && { timeout: duration(http2KeepAlive.timeout) }),
      },
    }),
  };
}

/** The options as a cluster has them: nothing at all where there is nothing to say. */
export function protocolFields(options: ProtocolOptions, serverName: ServerNameOptions = {}): ProtocolFields {
  const { upstream, http1, http2, common } = options;
  const named = serverName.autoSni === true || serverName.autoSanValidation === true;
  if (upstream === 'http2' && common === undefined && !named && isEmpty(http2)) return plainHttp2;
  if (upstream === 'downstream' && http1 === undefined && common === undefined && !named)
    return plainDownstream;
  if (upstream === 'default' && common === undefined && !named) return {};
  const rest = {
    ...(common !== undefined && { commonHttpProtocolOptions: common }),
    ...(named && { upstreamHttpProtocolOptions: serverName }),
  };
  if (upstream === 'downstream') {
    const useDownstreamProtocolConfig = { httpProtocolOptions: http1 ?? {}, http2ProtocolOptions: {} };
    return packed({ ...rest, useDownstreamProtocolConfig });
  }
  if (upstream === 'http2')
    return packed({ ...rest, explicitHttpConfig: { http2ProtocolOptions: http2 ?? {} } });
  return packed({
    ...rest,
    explicitHttpConfig: { httpProtocolOptions: upstream === 'http1' ? (http1 ?? {}) : {} },
  });
}

/** HTTP as clients speak it, connections closed after five idle minutes: for what is passed through. */
export function passthroughProtocolFields(preserveHeaderCase: boolean): ProtocolFields {
  return preserveHeaderCase ? passthroughKeepingCase : passthrough;
}

function packed(options: HttpProtocolOptionsShape): ProtocolFields {
  const any: AnyShape = packAny(HttpProtocolOptions, options);
  return { typedExtensionProtocolOptions: { [optionsKey]: any } };
}

function isEmpty(message: object | undefined): boolean {
  return message === undefined || Object.keys(message).length === 0;
}

/** HTTP/2 without any settings; several hundred clusters may share it. */
export const plainHttp2: ProtocolFields = packed({ explicitHttpConfig: { http2ProtocolOptions: {} } });

const plainDownstream: ProtocolFields = packed({
  useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
});

const passthrough: ProtocolFields = packed({
  commonHttpProtocolOptions: { idleTimeout: duration(300_000) },
  useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
});

const passthroughKeepingCase: ProtocolFields = packed({
  commonHttpProtocolOptions: { idleTimeout: duration(300_000) },
  useDownstreamProtocolConfig: { httpProtocolOptions: preserveCase, http2ProtocolOptions: {} },
});
