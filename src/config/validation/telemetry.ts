/** The rules of Telemetry: Istio's ValidateTelemetry. */
import type {
  MetricsOverride,
  ProviderRef,
  TelemetryMetrics,
  TelemetryTracing,
  TracingTag,
} from '../kinds/telemetry.js';
import type { ConfigObject } from '../object.js';
import { type FindingSink, keyPath } from './finding.js';
import { validatePolicyTarget } from './policy-target.js';

/** Checks a Telemetry (Istio reference 10.5). */
export function validateTelemetry({ spec }: ConfigObject<'Telemetry'>, sink: FindingSink): void {
  validatePolicyTarget(spec, sink);
  for (const [index, metrics] of spec.metrics.entries())
    validateMetrics(metrics, `spec.metrics[${index}]`, sink);
  if (spec.tracing.length > 1)
    sink.warn('spec.tracing', 'of several settings the later ones count; one is what Istio supports');
  for (const [index, tracing] of spec.tracing.entries())
    validateTracing(tracing, `spec.tracing[${index}]`, sink);
  for (const [index, { providers }] of spec.accessLogging.entries())
    validateProviders(providers, `spec.accessLogging[${index}].providers`, sink);
}

function validateProviders(providers: readonly ProviderRef[], path: string, sink: FindingSink): void {
  for (const [index, { name }] of providers.entries())
    if (name === '') sink.error(`${path}[${index}].name`, 'provider name is empty');
}

function validateTracing(tracing: TelemetryTracing, path: string, sink: FindingSink): void {
  if (tracing.providers.length > 1)
    sink.warn(`${path}.providers`, 'the first provider counts; traces go to one only');
  validateProviders(tracing.providers, `${path}.providers`, sink);
  const { randomSamplingPercentage: percentage = 0 } = tracing;
  if (percentage < 0 || percentage > 100)
    sink.error(`${path}.randomSamplingPercentage`, `${percentage} is not between 0 and 100`);
  for (const [name, tag] of Object.entries(tracing.customTags)) {
    if (name === '') sink.error(`${path}.customTags`, 'tag name is empty');
    sink.error(keyPath(`${path}.customTags`, name), tagProblem(tag));
  }
}

function tagProblem({ literal, header, environment }: TracingTag): string | undefined {
  if (literal?.value === '') return 'literal value is empty';
  if (header?.name === '') return 'header name is empty';
  return environment?.name === '' ? 'environment name is empty' : undefined;
}

function validateMetrics(metrics: TelemetryMetrics, path: string, sink: FindingSink): void {
  validateProviders(metrics.providers, `${path}.providers`, sink);
  for (const [index, override] of metrics.overrides.entries())
    validateOverride(override, `${path}.overrides[${index}]`, sink);
}

function validateOverride({ tagOverrides, match }: MetricsOverride, path: string, sink: FindingSink): void {
  for (const [name, { operation, value }] of Object.entries(tagOverrides)) {
    const at = keyPath(`${path}.tagOverrides`, name);
    if (name === '') sink.warn(at, 'tag name is empty');
    if (operation === 'UPSERT' && value === '')
      sink.error(`${at}.value`, 'is needed for the operation UPSERT');
    if (operation === 'REMOVE' && value !== '') sink.error(`${at}.value`, 'is for the operation UPSERT only');
  }
  if (match?.customMetric === '') sink.error(`${path}.match.customMetric`, 'is empty');
}
