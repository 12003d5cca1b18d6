/**
 * What a proxy's own configuration (ProxyConfig) and its metadata say of HTTP: as plain JSON, so that proxies that are
 * alike share listeners (Istio reference 7.4).
 */
import type { ProxyContext } from '../../mesh/snapshot.js';
import { preservesHeaderCase } from '../cluster/proxy-config.js';
import { proxyConfigValue, proxyHeader } from '../proxy-headers.js';
import { asEnum, asObject, asText, optionalDuration, optionalNumber } from './json-values.js';

/** What becomes of the header that says which server answered. */
export type ServerHeader =
  | { readonly kind: 'default' }
  | { readonly kind: 'named'; readonly name: string }
  /** The workload's own is passed on. */
  | { readonly kind: 'passed' };

/** Names of `ForwardClientCertDetails`. */
export const clientCertificateModes = [
  'UNDEFINED',
  'SANITIZE',
  'FORWARD_ONLY',
  'APPEND_FORWARD',
  'SANITIZE_SET',
  'ALWAYS_FORWARD_ONLY',
] as const;

/** What becomes of the header that tells of client certificates. */
export type ClientCertificateMode = (typeof clientCertificateModes)[number];

const underscoreActions = ['UNSPECIFIED', 'ALLOW', 'REJECT_REQUEST', 'DROP_HEADER'] as const;
const escapedSlashActions = [
  'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED',
  'KEEP_UNCHANGED',
  'REJECT_REQUEST',
  'UNESCAPE_AND_REDIRECT',
  'UNESCAPE_AND_FORWARD',
] as const;

/** `connectionSettings`; durations are milliseconds, what is absent is not set. */
export interface ConnectionSettings {
  /** Gateways fill in what is not set. */
  readonly edge?: true;
  readonly listenerBufferLimit?: number;
  readonly idleTimeout?: number;
  readonly maxConnectionDuration?: number;
  readonly maxStreamDuration?: number;
  readonly streamIdleTimeout?: number;
  readonly requestTimeout?: number;
  readonly requestHeadersTimeout?: number;
  readonly drainTimeout?: number;
  readonly maxConcurrentStreams?: number;
  readonly initialStreamWindow?: number;
  readonly initialConnectionWindow?: number;
  readonly headersWithUnderscores?: Exclude<(typeof underscoreActions)[number], 'UNSPECIFIED'>;
  readonly mergeSlashes?: boolean;
  readonly escapedSlashes?: Exclude<
    (typeof escapedSlashActions)[number],
    'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED'
  >;
}

/** All of it. */
export interface HttpSettings {
  readonly server: ServerHeader;
  readonly clientCertificates: ClientCertificateMode;
  readonly clientCertificateDetails: Readonly<Record<'subject' | 'uri' | 'dns' | 'cert' | 'chain', boolean>>;
  readonly generatesRequestIds: boolean;
  readonly suppressesDebugHeaders: boolean;
  /** Who the proxy is, is told within the mesh only. */
  readonly exchangesInMeshOnly: boolean;
  readonly forwardsPort: boolean;
  /** Requests are counted as attempts in a header. */
  readonly countsAttempts: boolean;
  /** A host that a route changed is kept in a header. */
  readonly appendsForwardedHost: boolean;
  readonly preservesCase: boolean;
  readonly acceptsHttp10: boolean;
  /** Milliseconds after which an idle connection is closed. */
  readonly idleTimeout?: number;
  readonly connection: ConnectionSettings;
}

/** The settings of a proxy. */
export function httpSettings({ proxy, snapshot }: ProxyContext): HttpSettings {
  const { mesh } = snapshot;
  const header = (...path: readonly string[]): unknown => proxyHeader(proxy, mesh, ...path);
  const detail = (name: string, unset: boolean): boolean => {
    const value = header('setCurrentClientCertDetails', name);
    return typeof value === 'boolean' ? value : unset;
  };
  const idleTimeout = optionalDuration(proxy.metadata['IDLE_TIMEOUT']);
  return {
    server: serverHeader(asObject(header('server'))),
    clientCertificates: asEnum(header('forwardedClientCert'), clientCertificateModes),
    clientCertificateDetails: {
      subject: detail('subject', true),
      uri: detail('uri', true),
      dns: detail('dns', true),
      cert: detail('cert', false),
      chain: detail('chain', false),
    },
    generatesRequestIds: header('requestId', 'disabled') !== true,
    suppressesDebugHeaders: header('envoyDebugHeaders', 'disabled') === true,
    exchangesInMeshOnly: isInMesh(header('metadataExchangeHeaders', 'mode')),
    forwardsPort: header('xForwardedPort', 'enabled') === true,
    countsAttempts: header('attemptCount', 'disabled') !== true,
    appendsForwardedHost: header('xForwardedHost', 'enabled') === true,
    preservesCase: preservesHeaderCase(proxy, mesh),
    acceptsHttp10: proxy.metadata['HTTP10'] === '1',
    ...(idleTimeout !== undefined && { idleTimeout }),
    connection: connectionSettings(proxy, mesh),
  };
}

function serverHeader(server: Readonly<Record<string, unknown>> | undefined): ServerHeader {
  if (server?.['disabled'] === true) return { kind: 'passed' };
  const name = asText(server?.['value']);
  return name === '' ? { kind: 'default' } : { kind: 'named', name };
}

function isInMesh(mode: unknown): boolean {
  return mode === 'IN_MESH' || mode === 1;
}

type Source = Parameters<typeof proxyConfigValue>;

/** Those of the proxy's own configuration, or the mesh's where it has none at all. */
function connectionSettings(proxy: Source[0], mesh: Source[1]): ConnectionSettings {
  const own = proxyConfigValue(proxy, mesh, 'connectionSettings') !== undefined;
  const source: Source[0] = own ? proxy : { metadata: {} };
  const value = (name: string): unknown => proxyConfigValue(source, mesh, 'connectionSettings', name);
  const underscores = asEnum(
    withoutPrefix(value('httpHeadersWithUnderscoresAction'), 'HEADERS_WITH_UNDERSCORES_'),
    underscoreActions,
  );
  const escapedSlashes = asEnum(value('httpPathWithEscapedSlashesAction'), escapedSlashActions);
  const mergeSlashes = value('httpMergeSlashes');
  return present({
    edge: value('profile') === 'EDGE' || value('profile') === 1 ? true : undefined,
    listenerBufferLimit: size(value('listenerPerConnectionBufferLimitBytes')),
    idleTimeout: optionalDuration(value('httpIdleTimeout')),
    maxConnectionDuration: optionalDuration(value('httpMaxConnectionDuration')),
    maxStreamDuration: optionalDuration(value('httpMaxStreamDuration')),
    streamIdleTimeout: optionalDuration(value('httpStreamIdleTimeout')),
    requestTimeout: optionalDuration(value('httpRequestTimeout')),
    requestHeadersTimeout: optionalDuration(value('httpRequestHeadersTimeout')),
    drainTimeout: optionalDuration(value('httpDrainTimeout')),
    maxConcurrentStreams: size(value('httpMaxConcurrentStreams')),
    initialStreamWindow: size(value('http2InitialStreamWindowSize')),
    initialConnectionWindow: size(value('http2InitialConnectionWindowSize')),
    headersWithUnderscores: underscores === 'UNSPECIFIED' ? undefined : underscores,
    mergeSlashes: typeof mergeSlashes === 'boolean' ? mergeSlashes : undefined,
    escapedSlashes: escapedSlashes === 'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED' ? undefined : escapedSlashes,
  });
}

/** A size; one below zero counts as not set. */
function size(value: unknown): number | undefined {
  const number = optionalNumber(value);
  return number === undefined || number < 0 ? undefined : number;
}

function withoutPrefix(value: unknown, prefix: string): unknown {
  return typeof value === 'string' && value.startsWith(prefix) ? value.slice(prefix.length) : value;
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the fields that are undefined. */
function present<T extends object>(fields: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<
    Defined<T>
  >;
}
