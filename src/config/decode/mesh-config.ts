/**
 * Decoding of MeshConfig: the document laid over Istio's defaults (Istio reference 4.9). As in Istio, a field that
 * is given replaces the default of that field as a whole, messages and lists too; only the fields of `defaultConfig`
 * are laid over its defaults one by one.
 */
import type { MeshConfig, ServiceSettings, TlsConfig } from '../mesh-config.js';
import { builtInProviders, type ExtensionProvider } from '../extension-provider.js';
import type { OutboundTrafficPolicy } from '../kinds/networking.js';
import { validateConnectionPool } from '../validation/connection-pool.js';
import { durationProblem } from '../validation/duration.js';
import type { FindingSink } from '../validation/finding.js';
import { dnsLabelProblem, wildcardDomainProblem } from '../validation/host.js';
import { validateLocalityLb, validateZoneAwareLb } from '../validation/locality-lb.js';
import { portNumberProblem } from '../validation/port.js';
import { camelCase, list, message } from './composites.js';
import { isRecord } from '../../base/is-record.js';
import { mapped, optional, unlessZero, type Decoder } from './decoder.js';
import { decodeWhole, type Decoded } from './decoded.js';
import { defaultProviders, extensionProvider } from './extension-provider.js';
import {
  clientTls,
  connectionPool,
  localityLbSetting,
  outlierDetection,
  tcpKeepalive,
  zoneAwareLbSetting,
} from './kinds/traffic-policy.js';
import { httpRetry } from './kinds/http-route.js';
import { boolean, duration, enumeration, int32, jsonObject, string } from './scalars.js';
import { labelSelector, serviceEntryVisibility } from './service-entry-visibility.js';

/** What a document may say of MeshConfig. */
type Given = Partial<Omit<MeshConfig, 'domainSuffix' | 'caTrustDomains' | 'raw'>>;

const inboundTrafficPolicy: Decoder<MeshConfig['inboundTrafficPolicy']> = mapped(
  message<{ readonly mode: MeshConfig['inboundTrafficPolicy'] }>({
    mode: enumeration({ PASSTHROUGH: 0, LOCALHOST: 1 }),
  }),
  ({ mode }) => mode,
);

const serviceSettings: Decoder<ServiceSettings> = mapped(
  message<{ readonly settings: { readonly clusterLocal: boolean }; readonly hosts: readonly string[] }>({
    settings: message<{ readonly clusterLocal: boolean }>({ clusterLocal: boolean }),
    hosts: list(string),
  }),
  ({ settings, hosts }) => ({ clusterLocal: settings.clusterLocal, hosts }),
);

const pathNormalization: Decoder<MeshConfig['pathNormalization']> = mapped(
  message<{ readonly normalization: MeshConfig['pathNormalization'] }>({
    normalization: enumeration({
      DEFAULT: 0,
      NONE: 1,
      BASE: 2,
      MERGE_SLASHES: 3,
      DECODE_AND_MERGE_SLASHES: 4,
    }),
  }),
  ({ normalization }) => normalization,
);

const tlsConfig = message<TlsConfig>({
  minProtocolVersion: unlessZero(enumeration({ TLS_AUTO: 0, TLSV1_2: 1, TLSV1_3: 2 })),
  ecdhCurves: unlessZero(list(string)),
  cipherSuites: unlessZero(list(string)),
});

const given = message<Given>(
  {
    rootNamespace: optional(string),
    trustDomain: optional(string),
    trustDomainAliases: optional(list(string)),
    connectTimeout: optional(duration),
    dnsRefreshRate: optional(duration),
    protocolDetectionTimeout: optional(duration),
    enableAutoMtls: optional(boolean),
    outboundTrafficPolicy: optional(
      message<Omit<OutboundTrafficPolicy, 'egressProxy'>>({
        mode: enumeration({ REGISTRY_ONLY: 0, ALLOW_ANY: 1, ALLOW_ANY_DYNAMIC_DNS: 3 }),
        tls: optional(clientTls),
      }),
    ),
    inboundTrafficPolicy: optional(inboundTrafficPolicy),
    localityLbSetting: optional(localityLbSetting),
    zoneAwareLbSetting: optional(zoneAwareLbSetting),
    proxyListenPort: optional(int32),
    proxyInboundListenPort: optional(int32),
    proxyHttpPort: optional(int32),
    defaultServiceExportTo: optional(list(string)),
    defaultVirtualServiceExportTo: optional(list(string)),
    defaultDestinationRuleExportTo: optional(list(string)),
    h2UpgradePolicy: optional(enumeration({ DO_NOT_UPGRADE: 0, UPGRADE: 1 })),
    tcpKeepalive: optional(tcpKeepalive),
    tlsDefaults: optional(tlsConfig),
    meshMTLS: optional(tlsConfig),
    defaultTrafficPolicy: optional(
      message<NonNullable<MeshConfig['defaultTrafficPolicy']>>({
        connectionPool: optional(connectionPool),
        outlierDetection: optional(outlierDetection),
      }),
    ),
    defaultHttpRetryPolicy: optional(httpRetry),
    inboundClusterStatName: optional(string),
    outboundClusterStatName: optional(string),
    accessLogFile: optional(string),
    accessLogFormat: optional(string),
    accessLogEncoding: optional(enumeration({ TEXT: 0, JSON: 1 })),
    enableEnvoyAccessLogService: optional(boolean),
    disableEnvoyListenerLog: optional(boolean),
    enableTracing: optional(boolean),
    pathNormalization: optional(pathNormalization),
    extensionProviders: optional(list(extensionProvider)),
    defaultProviders: optional(defaultProviders),
    serviceSettings: optional(list(serviceSettings)),
    discoverySelectors: optional(list(labelSelector)),
    serviceEntryVisibility: optional(serviceEntryVisibility),
    defaultConfig: optional(jsonObject),
  },
  {
    ignored: [
      'ca',
      'caCertificates',
      'certificates',
      'configSources',
      'enablePrometheusMerge',
      'hboneIdleTimeout',
      'ingressClass',
      'ingressControllerMode',
      'ingressSelector',
      'ingressService',
      'serviceScopeConfigs',
      'verifyCertificateAtClient',
    ],
  },
);

export interface MeshConfigOptions {
  /** DNS domain of Kubernetes services; `cluster.local` unless told. */
  readonly domainSuffix?: string;
}

/** Istio's defaults. */
export function defaultMeshConfig({ domainSuffix = 'cluster.local' }: MeshConfigOptions = {}): MeshConfig {
  return {
    rootNamespace: 'istio-system',
    trustDomain: 'cluster.local',
    trustDomainAliases: [],
    domainSuffix,
    connectTimeout: 10_000,
    dnsRefreshRate: 60_000,
    protocolDetectionTimeout: 0,
    enableAutoMtls: true,
    outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
    inboundTrafficPolicy: 'PASSTHROUGH',
    localityLbSetting: { enabled: true },
    proxyListenPort: 15_001,
    proxyInboundListenPort: 15_006,
    proxyHttpPort: 0,
    defaultServiceExportTo: ['*'],
    defaultVirtualServiceExportTo: ['*'],
    defaultDestinationRuleExportTo: ['*'],
    h2UpgradePolicy: 'DO_NOT_UPGRADE',
    inboundClusterStatName: '',
    outboundClusterStatName: '',
    accessLogFile: '',
    accessLogFormat: '',
    accessLogEncoding: 'TEXT',
    enableEnvoyAccessLogService: false,
    disableEnvoyListenerLog: false,
    enableTracing: true,
    pathNormalization: 'DEFAULT',
    extensionProviders: builtInProviders,
    defaultProviders: { tracing: [], metrics: [], accessLogging: [] },
    caTrustDomains: [],
    serviceSettings: [],
    discoverySelectors: [],
    defaultConfig: {
      configPath: './etc/istio/proxy',
      binaryPath: '/usr/local/bin/envoy',
      serviceCluster: 'istio-proxy',
      drainDuration: '45s',
      terminationDrainDuration: '5s',
      proxyAdminPort: 15_000,
      controlPlaneAuthPolicy: 'MUTUAL_TLS',
      discoveryAddress: 'istiod.istio-system.svc:15012',
      statNameLength: 189,
      statusPort: 15_020,
    },
    raw: {},
  };
}

/** Decodes MeshConfig, lays it over Istio's defaults and checks it by Istio's rules. */
export function decodeMeshConfig(value: unknown, options: MeshConfigOptions = {}): Decoded<MeshConfig> {
  const overDefaults = mapped(given, (document) =>
    layOver(defaultMeshConfig(options), document, camelCaseFields(value)),
  );
  return decodeWhole(value, overDefaults, validateMeshConfig);
}

function layOver(defaults: MeshConfig, document: Given, raw: unknown): MeshConfig {
  const fields = isRecord(raw) ? raw : {};
  return {
    ...defaults,
    ...document,
    trustDomainAliases: [...new Set(document.trustDomainAliases ?? [])].sort(),
    caTrustDomains: caTrustDomains(fields['caCertificates']),
    extensionProviders: layOverProviders(defaults.extensionProviders, document.extensionProviders ?? []),
    defaultConfig: layOverProxyConfig(defaults.defaultConfig, fields['defaultConfig']),
    raw: fields,
  };
}

function caTrustDomains(certificates: unknown): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(certificates) ? certificates : [];
  return listed.flatMap((certificate) => {
    const domains: unknown = isRecord(certificate) ? certificate['trustDomains'] : undefined;
    return Array.isArray(domains) ? domains.filter((domain) => typeof domain === 'string') : [];
  });
}

/** A provider takes the place of the one that has its name. */
function layOverProviders(
  defaults: readonly ExtensionProvider[],
  document: readonly ExtensionProvider[],
): readonly ExtensionProvider[] {
  const byName = new Map(defaults.map((provider) => [provider.name, provider]));
  for (const provider of document) byName.set(provider.name, provider);
  return [...byName.values()];
}

/** A tracing service name and a service cluster are one oneof, so the former takes the place of the default one. */
function layOverProxyConfig(
  defaults: MeshConfig['defaultConfig'],
  document: unknown,
): MeshConfig['defaultConfig'] {
  const fields = isRecord(document) ? document : {};
  const { serviceCluster, ...rest } = defaults;
  return 'tracingServiceName' in fields ? { ...rest, ...fields } : { serviceCluster, ...rest, ...fields };
}

/** Maps whose keys are a person's own and stay as they are. */
const mapsByName: ReadonlySet<string> = new Set([
  'customTags',
  'includeAdditionalHeadersInCheck',
  'labels',
  'matchLabels',
  'proxyMetadata',
  'runtimeValues',
]);

/** JSON values with the names of their fields in lowerCamelCase. A field that is null counts as absent. */
function camelCaseFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCaseFields);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      if (field === null || field === undefined) return [];
      const key = camelCase(name);
      return [[key, mapsByName.has(key) ? field : camelCaseFields(field)]];
    }),
  );
}

function validateMeshConfig(mesh: MeshConfig, sink: FindingSink): void {
  sink.error('proxyListenPort', portNumberProblem(mesh.proxyListenPort));
  sink.error('connectTimeout', durationProblem(mesh.connectTimeout));
  if (mesh.protocolDetectionTimeout !== 0)
    sink.error('protocolDetectionTimeout', durationProblem(mesh.protocolDetectionTimeout));
  validateTrustDomain(mesh.trustDomain, 'trustDomain', sink);
  for (const [index, alias] of mesh.trustDomainAliases.entries())
    validateTrustDomain(alias, `trustDomainAliases[${index}]`, sink);
  for (const [index, { hosts }] of mesh.serviceSettings.entries()) {
    for (const [at, host] of hosts.entries())
      sink.error(`serviceSettings[${index}].hosts[${at}]`, wildcardDomainProblem(host));
  }
  // Istio checks the mesh's own settings as if outlier detection were on, which is each DestinationRule's matter.
  validateLocalityLb(mesh.localityLbSetting, true, 'localityLbSetting', sink);
  if (mesh.zoneAwareLbSetting !== undefined)
    validateZoneAwareLb(mesh.zoneAwareLbSetting, true, 'zoneAwareLbSetting', sink);
  const pool = mesh.defaultTrafficPolicy?.connectionPool;
  if (pool !== undefined) {
    const { http2KeepAlive: _unchecked, ...http } = pool.http ?? {};
    const checked = { ...pool, ...(pool.http !== undefined && { http }) };
    // Istio checks all of the mesh's pool as it does a rule's, but for the keepalive of HTTP/2.
    validateConnectionPool(checked, 'defaultTrafficPolicy.connectionPool', sink);
  }
  if (mesh.meshMTLS?.ecdhCurves !== undefined)
    sink.error('meshMTLS.ecdhCurves', 'curves cannot be set for mutual TLS; use tlsDefaults');
}

/** The last label may be empty, for names such as `example.org.`. */
function validateTrustDomain(domain: string, path: string, sink: FindingSink): void {
  for (const label of domain.replace(/(?<=.)\.$/, '').split('.'))
    sink.error(path, dnsLabelProblem('trust domain label', label));
}
