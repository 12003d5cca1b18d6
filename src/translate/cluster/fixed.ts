/** Clusters that are not of any service (Istio reference 5.10). */
import type { OutboundTrafficPolicy } from '../../config/kinds/networking.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import { DiscoveryType } from '../../envoy/enums.js';
import type { ClusterShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import {
  allowAnyDynamicDnsCluster,
  blackHoleCluster,
  inboundPassthroughCluster,
  passthroughCluster,
  sdsExternalCluster,
} from '../names.js';
import type { ClusterView } from './cluster-view.js';
import { connectionPoolFields } from './connection-pool.js';
import { originalDestination } from './discovery.js';
import { forwardProxyFields, forwardProxyServerName, type DnsCacheInput } from './dynamic-forward-proxy.js';
import { metadataExchangeFilters } from './filters.js';
import type { HostLookup } from './host-lookup.js';
import { clusterProvided } from './load-balancer.js';
import {
  passthroughProtocolFields,
  plainHttp2,
  protocolFields,
  type ProtocolOptions,
} from './protocol-options.js';
import { delimitedStatName } from './stat-name.js';
import { pipeAddress, staticEndpoint } from './static-cluster.js';
import { decideTls } from './tls.js';
import { transportSocketFields, type TransportSocketFields } from './transport-socket.js';
import { magicSources } from './upstream-bind.js';

/** All that a fixed cluster depends on. */
export interface FixedInput {
  readonly mesh: MeshConfig;
  readonly view: ClusterView;
}

/** A fixed cluster. */
export interface FixedCluster {
  readonly name: string;
  readonly cluster: ClusterShape;
  readonly problem?: string;
}

/** Answers nothing. */
export function buildBlackHole({ mesh }: FixedInput): FixedCluster {
  const name = blackHoleCluster;
  return {
    name,
    cluster: {
      name,
      altStatName: delimitedStatName(name),
      type: DiscoveryType.STATIC,
      connectTimeout: duration(mesh.connectTimeout),
    },
  };
}

/** Sends on to where the connection was going. */
export function buildPassthrough(input: FixedInput): FixedCluster {
  const name = passthroughCluster;
  const filters = input.view.metadataExchange ? metadataExchangeFilters : {};
  return { name, cluster: { name, ...passthroughFields(input), ...filters } };
}

/** Sends on to the workload; it is counted under the name of the outbound one, as Istio does. */
export function buildInboundPassthrough(input: FixedInput): FixedCluster {
  const name = inboundPassthroughCluster;
  const upstreamBindConfig = magicSources(input.view.families);
  return { name, cluster: { name, ...passthroughFields(input), upstreamBindConfig } };
}

function passthroughFields({ mesh, view }: FixedInput) {
  return {
    altStatName: delimitedStatName(passthroughCluster),
    ...originalDestination,
    ...connectionPoolFields(mesh, mesh.defaultTrafficPolicy?.connectionPool, undefined),
    ...clusterProvided,
    ...passthroughProtocolFields(view.preserveHeaderCase),
  };
}

/** All that the cluster of unknown hosts depends on. */
export interface AllowAnyInput extends FixedInput {
  readonly outbound: OutboundTrafficPolicy;
  readonly lookup: HostLookup;
}

/** Looks up the hosts that no service is known for. */
export function buildAllowAnyDynamicDns(input: AllowAnyInput): FixedCluster {
  const { mesh, view, outbound } = input;
  const name = allowAnyDynamicDnsCluster;
  const sockets = allowAnySockets(input);
  const serverName = sockets.tls && forwardProxyServerName(sockets.tls);
  const names = serverName !== undefined && (serverName.autoSni || serverName.autoSanValidation);
  // Without settings for TLS Istio does not say that this is meant, and Envoy refuses what it makes then.
  const checks =
    serverName === undefined ? view.metadataExchange : serverName.autoSni && serverName.autoSanValidation;
  return {
    name,
    ...(sockets.problem !== undefined && { problem: sockets.problem }),
    cluster: {
      name,
      altStatName: delimitedStatName(name),
      ...forwardProxyFields({
        ...allowAnyDnsCache(input.lookup),
        allowInsecure: !asksForTls(outbound) || !checks,
      }),
      ...connectionPoolFields(mesh, undefined, undefined),
      ...clusterProvided,
      ...(names
        ? protocolFields(plainHttp1, serverName)
        : passthroughProtocolFields(view.preserveHeaderCase)),
      ...sockets.fields,
      ...(view.metadataExchange && metadataExchangeFilters),
    },
  };
}

/** The cache of hosts that no service is known for; the filters that look them up name it too. */
export function allowAnyDnsCache(lookup: HostLookup): DnsCacheInput {
  return { cacheName: 'allow_any_dfp_dns_cache', ...lookup, maxHosts: 1024 };
}

const plainHttp1: ProtocolOptions = { upstream: 'default' };

function asksForTls({ tls }: OutboundTrafficPolicy): boolean {
  return tls !== undefined && tls.mode !== 'DISABLE';
}

function allowAnySockets({ mesh, view, outbound }: AllowAnyInput): TransportSocketFields {
  return transportSocketFields({
    decision: decideTls({
      tls: outbound.tls,
      accounts: [],
      clusterSni: '',
      clusterName: allowAnyDynamicDnsCluster,
      mode: 'unknown',
      autoMtls: false,
      meshExternal: true,
      fileCertificates: view.fileCertificates,
    }),
    proxyProtocol: undefined,
    http2: false,
    metadataExchange: view.metadataExchange,
    choosesByEndpoint: true,
    tlsDefaults: mesh.tlsDefaults,
    servesCredentials: view.type === 'router',
    credentialSocket: view.credentialSocket,
    fileServer: view.fileServer,
    fallbackAltNames: [],
  });
}

/** Where the platform serves secrets. */
export function buildSdsExternal({ mesh }: FixedInput): FixedCluster {
  const name = sdsExternalCluster;
  return {
    name,
    cluster: {
      name,
      altStatName: delimitedStatName(name),
      ...staticEndpoint(name, pipeAddress('./var/run/secrets/credential-uds/socket')),
      connectTimeout: duration(mesh.connectTimeout),
      ...plainHttp2,
    },
  };
}
