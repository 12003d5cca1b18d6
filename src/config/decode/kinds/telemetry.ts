/** The decoder of Telemetry. */
import type {
  MetricsOverride,
  ProviderRef,
  Telemetry,
  TelemetryAccessLogging,
  TelemetryMetrics,
  TelemetryTracing,
  TracingTag,
} from '../../kinds/telemetry.js';
import { list, map, message } from '../composites.js';
import { optional } from '../decoder.js';
import { boolean, double, duration, enumeration, string } from '../scalars.js';
import { specOnly } from './common.js';
import { policyTarget } from './policy-target.js';

const mode = enumeration({ CLIENT_AND_SERVER: 0, CLIENT: 1, SERVER: 2 });

const match = optional(message<{ readonly mode: (typeof mode)['zero'] }>({ mode }));

const providers = list(message<ProviderRef>({ name: string }));

const named = message<{ readonly name: string; readonly defaultValue: string }>({
  name: string,
  defaultValue: string,
});
const valued = message<{ readonly value: string }>({ value: string });

const tag = message<TracingTag>(
  {
    literal: optional(valued),
    environment: optional(named),
    header: optional(named),
    formatter: optional(valued),
  },
  { oneofs: [['literal', 'environment', 'header', 'formatter']] },
);

const tracing = message<TelemetryTracing>({
  match,
  providers,
  randomSamplingPercentage: optional(double),
  disableSpanReporting: optional(boolean),
  customTags: map(tag),
  useRequestIdForTraceSampling: optional(boolean),
  enableIstioTags: optional(boolean),
  disableContextPropagation: optional(boolean),
});

const metric = enumeration({
  ALL_METRICS: 0,
  REQUEST_COUNT: 1,
  REQUEST_DURATION: 2,
  REQUEST_SIZE: 3,
  RESPONSE_SIZE: 4,
  TCP_OPENED_CONNECTIONS: 5,
  TCP_CLOSED_CONNECTIONS: 6,
  TCP_SENT_BYTES: 7,
  TCP_RECEIVED_BYTES: 8,
  GRPC_REQUEST_MESSAGES: 9,
  GRPC_RESPONSE_MESSAGES: 10,
});

const override = message<MetricsOverride>({
  match: optional(
    message<NonNullable<MetricsOverride['match']>>(
      { metric: optional(metric), customMetric: optional(string), mode },
      { oneofs: [['metric', 'customMetric']] },
    ),
  ),
  disabled: optional(boolean),
  tagOverrides: map(
    message<MetricsOverride['tagOverrides'][string]>({
      operation: enumeration({ UPSERT: 0, REMOVE: 1 }),
      value: string,
    }),
  ),
});

const metrics = message<TelemetryMetrics>({
  providers,
  overrides: list(override),
  reportingInterval: optional(duration),
});

const accessLogging = message<TelemetryAccessLogging>({
  match,
  providers,
  disabled: optional(boolean),
  filter: optional(message<{ readonly expression: string }>({ expression: string })),
});

export const telemetry = specOnly(
  message<Telemetry>({
    ...policyTarget,
    tracing: list(tracing),
    metrics: list(metrics),
    accessLogging: list(accessLogging),
  }),
);
