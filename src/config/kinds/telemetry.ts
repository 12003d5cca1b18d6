/** The type of Telemetry. Durations are milliseconds. */
import type { PolicyTarget } from './policy-target.js';

/** Which end of a connection a setting is for. */
export type WorkloadMode = 'CLIENT_AND_SERVER' | 'CLIENT' | 'SERVER';

/** An extension provider of MeshConfig, by its name. */
export interface ProviderRef {
  readonly name: string;
}

/** Where the value of a tag of spans comes from. */
export interface TracingTag {
  readonly literal?: { readonly value: string };
  readonly environment?: { readonly name: string; readonly defaultValue: string };
  readonly header?: { readonly name: string; readonly defaultValue: string };
  readonly formatter?: { readonly value: string };
}

export interface TelemetryTracing {
  readonly match?: { readonly mode: WorkloadMode };
  readonly providers: readonly ProviderRef[];
  readonly randomSamplingPercentage?: number;
  readonly disableSpanReporting?: boolean;
  readonly customTags: Readonly<Record<string, TracingTag>>;
  readonly useRequestIdForTraceSampling?: boolean;
  readonly enableIstioTags?: boolean;
  readonly disableContextPropagation?: boolean;
}

/** Names of Istio's metrics. */
export const istioMetrics = [
  'ALL_METRICS',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
] as const;

/** A metric of Istio's, or all of them. */
export type IstioMetric = (typeof istioMetrics)[number];

export interface MetricsOverride {
  /** All metrics at both ends when absent. */
  readonly match?: {
    readonly metric?: IstioMetric;
    readonly customMetric?: string;
    readonly mode: WorkloadMode;
  };
  readonly disabled?: boolean;
  readonly tagOverrides: Readonly<
    Record<string, { readonly operation: 'UPSERT' | 'REMOVE'; readonly value: string }>
  >;
}

export interface TelemetryMetrics {
  readonly providers: readonly ProviderRef[];
  readonly overrides: readonly MetricsOverride[];
  readonly reportingInterval?: number;
}

export interface TelemetryAccessLogging {
  readonly match?: { readonly mode: WorkloadMode };
  readonly providers: readonly ProviderRef[];
  readonly disabled?: boolean;
  /** A CEL expression. */
  readonly filter?: { readonly expression: string };
}

export interface Telemetry extends PolicyTarget {
  readonly tracing: readonly TelemetryTracing[];
  readonly metrics: readonly TelemetryMetrics[];
  readonly accessLogging: readonly TelemetryAccessLogging[];
}
