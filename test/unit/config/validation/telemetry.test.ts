import type { Telemetry, TelemetryTracing } from '../../../../src/config/kinds/telemetry.js';
import { describeRules } from './rules.js';

const base: Telemetry = { targetRefs: [], tracing: [], metrics: [], accessLogging: [] };
const nameless = { name: '' };
const provider = { name: 'otel' };

const tracing = (fields: Partial<TelemetryTracing>): Partial<Telemetry> => ({
  tracing: [{ providers: [], customTags: {}, ...fields }],
});
const tag = (operation: 'UPSERT' | 'REMOVE', value: string, name = 'version'): Partial<Telemetry> => ({
  metrics: [{ providers: [], overrides: [{ tagOverrides: { [name]: { operation, value } } }] }],
});
const metric = (customMetric: string): Partial<Telemetry> => ({
  metrics: [{ providers: [], overrides: [{ match: { customMetric, mode: 'SERVER' }, tagOverrides: {} }] }],
});

describeRules('Telemetry', base, [
  {
    rule: 'providers have no name',
    broken: {
      metrics: [{ providers: [nameless], overrides: [] }],
      accessLogging: [{ providers: [provider, nameless] }],
      ...tracing({ providers: [nameless] }),
    },
    finds: [
      'error spec.accessLogging[0].providers[1].name',
      'error spec.metrics[0].providers[0].name',
      'error spec.tracing[0].providers[0].name',
    ],
    fine: { metrics: [{ providers: [provider], overrides: [] }], accessLogging: [{ providers: [provider] }] },
  },
  {
    rule: 'traces are set twice',
    broken: { tracing: [0, 1].map(() => ({ providers: [], customTags: {} })) },
    finds: ['warning spec.tracing'],
    fine: tracing({}),
  },
  {
    rule: 'traces go to several',
    broken: tracing({ providers: [provider, { name: 'zipkin' }] }),
    finds: ['warning spec.tracing[0].providers'],
    fine: tracing({ providers: [provider] }),
  },
  {
    rule: 'a share is none',
    broken: tracing({ randomSamplingPercentage: 100.1 }),
    finds: ['error spec.tracing[0].randomSamplingPercentage'],
    fine: tracing({ randomSamplingPercentage: 100 }),
  },
  {
    rule: 'tags of spans are empty',
    broken: tracing({
      customTags: {
        a: { literal: { value: '' } },
        b: { header: { name: '', defaultValue: 'b' } },
        c: { environment: { name: '', defaultValue: 'c' } },
      },
    }),
    finds: ['a', 'b', 'c'].map((name) => `error spec.tracing[0].customTags.${name}`),
    fine: tracing({ customTags: { a: { literal: { value: 'a' } } } }),
  },
  {
    rule: 'a tag of a metric has no value',
    broken: tag('UPSERT', ''),
    finds: ['error spec.metrics[0].overrides[0].tagOverrides.version.value'],
    fine: tag('UPSERT', 'node.metadata.LABELS.version'),
  },
  {
    rule: 'a tag that is removed has a value',
    broken: tag('REMOVE', 'a'),
    finds: ['error spec.metrics[0].overrides[0].tagOverrides.version.value'],
    fine: tag('REMOVE', ''),
  },
  {
    rule: 'a metric of one’s own has no name',
    broken: metric(''),
    finds: ['error spec.metrics[0].overrides[0].match.customMetric'],
    fine: metric('requests'),
  },
]);
