/** The access logs of listeners of one class. */
import { compareStrings } from '../../base/compare.js';
import type { ExtensionProvider, FileAccessLogProvider } from '../../config/extension-provider.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import { packAny } from '../../envoy/any.js';
import { ExpressionFilter, type AccessLogFilterShape, type AccessLogShape } from '../../envoy/messages.js';
import type { JsonObjectInput } from '../../envoy/well-known.js';
import { clusterOf, type ProviderClusters } from '../provider-clusters.js';
import { fileLog, jsonFormat, textFormat } from './file-log.js';
import { grpcLog, httpServiceLog, openTelemetryLog, serviceLog } from './grpc-logs.js';
import { loggingChoices, type ListenerMode, type LoggingChoice } from './logging.js';
import { providerNamed } from './providers.js';

/** The logs of the listeners of one class. */
export interface AccessLogs {
  /** Of connection managers. */
  readonly httpLogs: readonly AccessLogShape[];
  /** Of TCP proxies. */
  readonly tcpLogs: readonly AccessLogShape[];
  /** Of the listeners that take intercepted connections. */
  readonly listenerLogs: readonly AccessLogShape[];
}

/** What logs depend on. */
export interface LoggingInput {
  readonly telemetries: readonly ConfigObject<'Telemetry'>[];
  readonly mesh: MeshConfig;
  readonly clusters: ProviderClusters;
  readonly mode: ListenerMode;
}

/** Logs as Telemetries or default providers choose them; where these say nothing, those of the mesh. */
export function accessLogs(input: LoggingInput): AccessLogs {
  const { telemetries, mesh, mode } = input;
  const choices = [...(loggingChoices(telemetries, mesh, mode) ?? [])]
    .flatMap(([name, choice]) => chosenLog(name, choice, input))
    .sort((a, b) => compareStrings(a.provider, b.provider));
  if (choices.length === 0) return meshLogs(mesh);
  const enabled = choices.filter(({ choice }) => !choice.disabled);
  const logs = enabled.map(({ log, choice }) => filtered(log, expressionFilters(choice)));
  return {
    httpLogs: logs,
    tcpLogs: logs,
    listenerLogs: mesh.disableEnvoyListenerLog
      ? []
      : enabled.map(({ log, choice }) => filtered(log, [noFilterChain, ...expressionFilters(choice)])),
  };
}

interface ChosenLog {
  readonly provider: string;
  readonly log: AccessLogShape;
  readonly choice: LoggingChoice;
}

/** A provider that there is none of, or that keeps no logs, chooses nothing. */
function chosenLog(name: string, choice: LoggingChoice, input: LoggingInput): readonly ChosenLog[] {
  const provider = providerNamed(name, input.mesh);
  const log = provider && providerLog(provider, input);
  return provider === undefined || log === undefined ? [] : [{ provider: provider.name, log, choice }];
}

function providerLog(
  provider: ExtensionProvider,
  { mesh, clusters }: LoggingInput,
): AccessLogShape | undefined {
  const { envoyFileAccessLog: file, envoyHttpAls: http, envoyTcpAls: tcp, envoyOtelAls: otel } = provider;
  if (file !== undefined) return isBuiltIn(provider) ? meshFileLog(file.path, mesh) : providedFileLog(file);
  const service = http ?? tcp ?? otel;
  const cluster = service && clusterOf(clusters, service);
  if (cluster === undefined) return undefined;
  if (http !== undefined) return httpServiceLog(http, cluster);
  if (tcp !== undefined) return grpcLog('tcp', tcp, cluster);
  return otel && openTelemetryLog(otel, cluster);
}

/** Istio's own provider takes the format of the mesh unless it has one. */
function isBuiltIn({ name, envoyFileAccessLog: file }: ExtensionProvider): boolean {
  return name === 'envoy' && file?.logFormat === undefined && file?.omitEmptyValues !== true;
}

function providedFileLog({ path, logFormat, omitEmptyValues }: FileAccessLogProvider): AccessLogShape {
  const labels = logFormat?.labels as JsonObjectInput | undefined;
  const format =
    labels === undefined
      ? textFormat(logFormat?.text ?? '', omitEmptyValues)
      : jsonFormat(labels, omitEmptyValues);
  return fileLog(path === '' ? '/dev/stdout' : path, format);
}

/** A log in a file, in the form that MeshConfig gives. */
function meshFileLog(
  path: string,
  { accessLogEncoding, accessLogFormat }: Pick<MeshConfig, 'accessLogEncoding' | 'accessLogFormat'>,
): AccessLogShape {
  const isJson = accessLogEncoding === 'JSON';
  return fileLog(path, isJson ? jsonFormat(parsedFields(accessLogFormat)) : textFormat(accessLogFormat));
}

/** A format that is no JSON object counts as none. */
function parsedFields(format: string): JsonObjectInput | undefined {
  try {
    const value: unknown = format === '' ? undefined : JSON.parse(format);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Istiod logs it and takes its own format, which the caller does.
    return undefined;
  }
}

/** What JSON.parse gives is JSON all the way down. */
function isJsonObject(value: unknown): value is JsonObjectInput {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function meshLogs(mesh: MeshConfig): AccessLogs {
  const file = mesh.accessLogFile === '' ? [] : [meshFileLog(mesh.accessLogFile, mesh)];
  const service = mesh.enableEnvoyAccessLogService;
  return {
    httpLogs: [...file, ...(service ? [serviceLog('http')] : [])],
    tcpLogs: [...file, ...(service ? [serviceLog('tcp')] : [])],
    listenerLogs: mesh.disableEnvoyListenerLog
      ? []
      : [...file, ...(service ? [serviceLog('listener')] : [])].map((log) => filtered(log, [noFilterChain])),
  };
}

/** Listeners log what no filter chain takes, as no filter could. */
const noFilterChain: AccessLogFilterShape = { responseFlagFilter: { flags: ['NR'] } };

function expressionFilters({ filter }: LoggingChoice): readonly AccessLogFilterShape[] {
  if (filter === undefined) return [];
  const typedConfig = packAny(ExpressionFilter, { expression: filter });
  return [{ extensionFilter: { name: 'envoy.access_loggers.extension_filters.cel', typedConfig } }];
}

function filtered(log: AccessLogShape, filters: readonly AccessLogFilterShape[]): AccessLogShape {
  const [only] = filters;
  if (only === undefined) return log;
  return { ...log, filter: filters.length === 1 ? only : { andFilter: { filters } } };
}
