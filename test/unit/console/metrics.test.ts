import { describe, expect, it, test } from 'vitest';
import { PilotMetrics } from '../../../src/console/metrics.js';
import { metricTable, type MetricRow } from '../../../src/console/metric-table.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import type { PushReport, StreamIdentity } from '../../../src/xds/observer.js';
import { identityOf } from './streams.js';
import { noSafety } from '../../../src/registry/safety.js';

/** The lines of one metric, without those of its help. */
async function lines(metrics: PilotMetrics, name: string): Promise<string[]> {
  const { text } = await metrics.expose();
  return text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
}

function stream(number: number, given: Partial<StreamIdentity> = {}): StreamIdentity {
  return { ...identityOf(`sidecar~10.0.0.1~web-${number}.shop~shop.svc.cluster.local`, number), ...given };
}

function report(given: Partial<PushReport> = {}): PushReport {
  return {
    typeUrl: typeUrls.cds,
    version: 'v1',
    nonce: '1',
    resources: 2,
    removed: 0,
    bytes: 5000,
    reason: 'request',
    queueMs: 0,
    makeMs: 20,
    ...given,
  };
}

const refusal = (code: number, typeUrl: string = typeUrls.cds) => ({
  typeUrl,
  nonce: '1',
  code,
  message: 'no',
});

describe('clients', () => {
  it('are counted by the version that they say they are, and by variant', async () => {
    const metrics = new PilotMetrics();
    metrics.connected(stream(1), { istioVersion: '1.31.0' });
    metrics.connected(stream(2, { variant: 'delta' }), { istioVersion: '' });
    expect(await lines(metrics, 'pilot_xds')).toEqual([
      'pilot_xds{version="1.31.0"} 1',
      'pilot_xds{version="unknown"} 1',
    ]);
    metrics.disconnected(stream(2, { variant: 'delta' }), undefined);
    expect(await lines(metrics, 'pilot_xds')).toEqual(['pilot_xds{version="1.31.0"} 1']);
    expect(await lines(metrics, 'pilotlight_xds_streams')).toEqual([
      'pilotlight_xds_streams{variant="sotw"} 1',
      'pilotlight_xds_streams{variant="delta"} 0',
    ]);
    expect(await lines(metrics, 'pilotlight_xds_disconnects')).toEqual([
      'pilotlight_xds_disconnects{reason="client"} 1',
    ]);
  });

  it('that invent versions and types make no more than a few series', async () => {
    const metrics = new PilotMetrics();
    for (let number = 0; number < 500; number += 1) {
      metrics.connected(stream(number), { istioVersion: `${number}${'x'.repeat(5000)}` });
      metrics.unsupportedType(stream(number), `type.googleapis.com/my.type.Number${number}`);
      metrics.pushed(stream(number), report({ typeUrl: `type.googleapis.com/my.type.Number${number}` }));
    }
    const versions = await lines(metrics, 'pilot_xds');
    expect(versions).toHaveLength(21);
    expect(versions).toContain('pilot_xds{version="other"} 480');
    expect(Math.max(...versions.map(({ length }) => length))).toBeLessThan(200);
    expect(await lines(metrics, 'pilotlight_xds_unsupported_types')).toEqual([
      'pilotlight_xds_unsupported_types{type="other"} 500',
    ]);
    expect(await lines(metrics, 'pilot_xds_pushes')).toEqual(['pilot_xds_pushes{type="other"} 500']);
    for (let number = 0; number < 500; number += 1) metrics.disconnected(stream(number), undefined);
    metrics.connected(stream(1), { istioVersion: '1.31.0' });
    expect(await lines(metrics, 'pilot_xds')).toEqual(['pilot_xds{version="1.31.0"} 1']);
  });
});

describe('responses', () => {
  it('are counted and measured by type', async () => {
    const metrics = new PilotMetrics();
    metrics.connected(stream(1), {});
    metrics.pushed(stream(1), report());
    metrics.pushed(stream(1), report({ typeUrl: typeUrls.eds, reason: 'endpoints', queueMs: 300, bytes: 7 }));
    metrics.acked(stream(1), typeUrls.cds);
    metrics.sent(stream(1), typeUrls.cds, 50);
    expect(await lines(metrics, 'pilot_xds_pushes')).toEqual([
      'pilot_xds_pushes{type="cds"} 1',
      'pilot_xds_pushes{type="eds"} 1',
    ]);
    expect(await lines(metrics, 'pilotlight_xds_bytes')).toContain('pilotlight_xds_bytes{type="cds"} 5000');
    expect(await lines(metrics, 'pilotlight_xds_acks')).toEqual(['pilotlight_xds_acks{type="cds"} 1']);
    const sizes = await lines(metrics, 'pilot_xds_config_size_bytes_bucket');
    expect(sizes).toContain(`pilot_xds_config_size_bytes_bucket{type="${typeUrls.cds}",le="1"} 0`);
    expect(sizes).toContain(`pilot_xds_config_size_bytes_bucket{type="${typeUrls.cds}",le="10000"} 1`);
    const times = await lines(metrics, 'pilot_xds_push_time_bucket');
    expect(times).toContain('pilot_xds_push_time_bucket{type="cds",le="0.01"} 0');
    expect(times).toContain('pilot_xds_push_time_bucket{type="cds",le="0.1"} 1');
    expect(await lines(metrics, 'pilot_xds_send_time_sum')).toEqual(['pilot_xds_send_time_sum 0.05']);
    expect(await lines(metrics, 'pilot_proxy_queue_time_count')).toEqual(['pilot_proxy_queue_time_count 1']);
    expect(await lines(metrics, 'pilot_proxy_queue_time_sum')).toEqual(['pilot_proxy_queue_time_sum 0.3']);
  });

  it('that were not taken over when their stream ended with an error are counted as send errors', async () => {
    const metrics = new PilotMetrics();
    for (const number of [1, 2, 3]) {
      metrics.connected(stream(number), {});
      metrics.pushed(stream(number), report());
      metrics.pushed(stream(number), report({ typeUrl: typeUrls.eds }));
      metrics.sent(stream(number), typeUrls.cds, 1);
    }
    metrics.sendTimedOut();
    metrics.disconnected(stream(1), new Error('it does not read'));
    metrics.disconnected(stream(2), undefined);
    expect(await lines(metrics, 'pilot_xds_pushes')).toEqual([
      'pilot_xds_pushes{type="cds"} 3',
      'pilot_xds_pushes{type="eds"} 3',
      'pilot_xds_pushes{type="eds_senderr"} 1',
    ]);
    expect(await lines(metrics, 'pilot_xds_write_timeout')).toEqual(['pilot_xds_write_timeout 1']);
  });
});

describe('refusals', () => {
  it('have a series by node and status, until accepted or disconnected', async () => {
    const metrics = new PilotMetrics();
    metrics.nacked(stream(1), refusal(3));
    metrics.nacked(stream(2), refusal(13));
    metrics.nacked(stream(2), refusal(3, typeUrls.rds));
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toEqual([
      'pilot_xds_cds_reject{node="web-1.shop",err="InvalidArgument"} 1',
      'pilot_xds_cds_reject{node="web-2.shop",err="Internal"} 1',
    ]);
    metrics.nacked(stream(1), refusal(13));
    metrics.disconnected(stream(2), undefined);
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toEqual([
      'pilot_xds_cds_reject{node="web-1.shop",err="Internal"} 1',
    ]);
    expect(await lines(metrics, 'pilot_xds_rds_reject')).toEqual([]);
    metrics.acked(stream(1), typeUrls.eds);
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toHaveLength(1);
    metrics.acked(stream(1), typeUrls.cds);
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toEqual([]);
    expect(await lines(metrics, 'pilot_total_xds_rejects')).toEqual([
      'pilot_total_xds_rejects{type="cds"} 3',
      'pilot_total_xds_rejects{type="rds"} 1',
    ]);
  });

  it('by two streams of a node are one series that counts both', async () => {
    const metrics = new PilotMetrics();
    const second = stream(1, { connectionId: 'another' });
    metrics.nacked(stream(1), refusal(3));
    metrics.nacked(second, refusal(3));
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toEqual([
      'pilot_xds_cds_reject{node="web-1.shop",err="InvalidArgument"} 2',
    ]);
    metrics.disconnected(second, undefined);
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toEqual([
      'pilot_xds_cds_reject{node="web-1.shop",err="InvalidArgument"} 1',
    ]);
  });

  it('by thousands of nodes, with statuses that there are not, are no more than some series', async () => {
    const metrics = new PilotMetrics();
    for (let number = 0; number < 2000; number += 1) metrics.nacked(stream(number), refusal(number + 100));
    const series = await lines(metrics, 'pilot_xds_cds_reject');
    expect(series).toHaveLength(501);
    expect(series).toContain('pilot_xds_cds_reject{node="other",err="other"} 1500');
    for (let number = 0; number < 2000; number += 1) metrics.acked(stream(number), typeUrls.cds);
    expect(await lines(metrics, 'pilot_xds_cds_reject')).toEqual([]);
  });
});

describe('changes', () => {
  it('are counted by Istio’s reasons, and measured until they were sent and until they were accepted', async () => {
    const metrics = new PilotMetrics();
    const change = { version: 'v', streams: 3, concerned: 1, responses: 1, bytes: 10 };
    metrics.changePushed({ ...change, reason: 'endpoints', ms: 250 });
    metrics.changePushed({ ...change, reason: 'service+service-removed+config', ms: 500 });
    metrics.converged('endpoints', 30);
    expect(await lines(metrics, 'pilot_push_triggers')).toEqual([
      'pilot_push_triggers{type="endpoint"} 1',
      'pilot_push_triggers{type="service"} 1',
      'pilot_push_triggers{type="config"} 1',
    ]);
    expect(await lines(metrics, 'pilot_proxy_convergence_time_sum')).toEqual([
      'pilot_proxy_convergence_time_sum 0.75',
    ]);
    expect(await lines(metrics, 'pilotlight_change_pushed_seconds_count')).toEqual([
      'pilotlight_change_pushed_seconds_count{reason="endpoint"} 1',
      'pilotlight_change_pushed_seconds_count{reason="several"} 1',
    ]);
    expect(await lines(metrics, 'pilotlight_change_converged_seconds_sum')).toEqual([
      'pilotlight_change_converged_seconds_sum{reason="endpoint"} 0.03',
    ]);
  });

  it('that arrive are counted as Istio counts them', async () => {
    const metrics = new PilotMetrics();
    for (const what of ['endpoints', 'service', 'service-removed', 'workload', 'config', 'mesh', 'status'])
      metrics.changeArrived({ what });
    expect(await lines(metrics, 'pilot_inbound_updates')).toEqual([
      'pilot_inbound_updates{type="eds"} 2',
      'pilot_inbound_updates{type="svc"} 1',
      'pilot_inbound_updates{type="svcdelete"} 1',
      'pilot_inbound_updates{type="config"} 2',
    ]);
    metrics.debounced(0.15);
    expect(await lines(metrics, 'pilot_debounce_time_sum')).toEqual(['pilot_debounce_time_sum 0.15']);
  });
});

describe('what is looked at when metrics are asked for', () => {
  it('is the state of registries', async () => {
    let state: 'healthy' | 'failed' = 'healthy';
    const view = {
      provider: 'Consul',
      cluster: 'east',
      synced: true,
      services: new Map(),
      endpoints: new Map([['a', { hostname: 'a', namespace: 'b', endpoints: [] }]]),
      workloads: new Map(),
      gateways: [],
      quarantined: [{ key: 'a', reason: 'has no name' }],
      safety: noSafety,
    };
    const metrics = new PilotMetrics({ registries: () => [{ ...view, status: { state } }] });
    const states = (one: string): string[] =>
      ['connecting', 'healthy', 'degraded', 'failed'].map(
        (each) => `pilotlight_registry_state{registry="Consul/east",state="${each}"} ${each === one ? 1 : 0}`,
      );
    expect(await lines(metrics, 'pilotlight_registry_state')).toEqual(states('healthy'));
    state = 'failed';
    expect(await lines(metrics, 'pilotlight_registry_state')).toEqual(states('failed'));
    expect(await lines(metrics, 'pilotlight_registry_quarantined')).toEqual([
      'pilotlight_registry_quarantined{registry="Consul/east"} 1',
    ]);
  });

  it('is what caches have done, by cache and in all', async () => {
    let hits = 1;
    const metrics = new PilotMetrics({
      caches: () => [
        { name: 'clusters', hits, misses: 2, entries: 3 },
        { name: 'endpoints', hits: 10, misses: 20, entries: 30 },
      ],
    });
    expect(await lines(metrics, 'xds_cache_reads')).toEqual([
      'xds_cache_reads{type="hit"} 11',
      'xds_cache_reads{type="miss"} 22',
    ]);
    hits = 5;
    expect(await lines(metrics, 'pilotlight_cache_hits')).toEqual([
      'pilotlight_cache_hits{cache="clusters"} 5',
      'pilotlight_cache_hits{cache="endpoints"} 10',
    ]);
    expect(await lines(metrics, 'xds_cache_size')).toEqual(['xds_cache_size 33']);
  });

  it('is what became of registrations and of fetches of keys', async () => {
    let registered = 1;
    const metrics = new PilotMetrics({
      registrations: () => ({ registered, refused: 2, removed: 0 }),
      jwksFetches: () => ({ fetched: 3, failed: 4 }),
    });
    await metrics.expose();
    registered = 5;
    expect(await lines(metrics, 'pilotlight_registrations')).toEqual([
      'pilotlight_registrations{outcome="registered"} 5',
      'pilotlight_registrations{outcome="refused"} 2',
      'pilotlight_registrations{outcome="removed"} 0',
    ]);
    expect(await lines(metrics, 'pilotlight_jwks_fetches')).toEqual([
      'pilotlight_jwks_fetches{outcome="fetched"} 3',
      'pilotlight_jwks_fetches{outcome="failed"} 4',
    ]);
  });
});

test('the largest request and defects of the server are told', async () => {
  const metrics = new PilotMetrics();
  for (const bytes of [10, 5000, 20]) metrics.received(bytes);
  expect(await lines(metrics, 'pilot_xds_recv_max')).toEqual(['pilot_xds_recv_max 5000']);
  metrics.disconnected(stream(1), Object.assign(new Error('a defect'), { code: 13 }));
  metrics.disconnected(stream(2), Object.assign(new Error('too large'), { code: 8 }));
  metrics.refused('127.0.0.1:1', new Error('no node'));
  expect(await lines(metrics, 'pilot_total_xds_internal_errors')).toEqual([
    'pilot_total_xds_internal_errors 1',
  ]);
  expect(await lines(metrics, 'pilotlight_xds_refused_streams')).toEqual([
    'pilotlight_xds_refused_streams 1',
  ]);
});

test('docs/metrics.md lists every metric', async () => {
  const rows: readonly MetricRow[] = Object.values(metricTable);
  const table = (own: boolean): string =>
    rows
      .filter(({ name }) => name.startsWith('pilotlight_') === own)
      .map(
        ({ name, kind, labels, help, buckets }) =>
          `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help}${buckets === undefined ? '' : ` Buckets: ${buckets.join(', ')}.`} |`,
      )
      .join('\n');
  const page = `# Metrics

\`/metrics\` at the HTTP address has them in Prometheus' text form. Those that Istiod has too have its names, labels and
bucket edges, so its dashboards and alerts work. Times are in seconds. \`type\` is the short name of a type of resource
(\`cds\`, \`eds\`, \`lds\`, \`rds\`, \`sds\`, \`ecds\`, \`nds\`, …), or \`other\`.

What clients choose (their version, their name, types of their own invention) is cut in length, and only so many values
have a series of their own at a time; the rest share \`other\`.

## With Istio's names

| name | kind | labels | what it is |
| --- | --- | --- | --- |
${table(false)}

Two mean something slightly different here. \`pilot_proxy_convergence_time\` has one value for each change, that of the
client which was sent it last; Istiod has one for each client. \`pilot_xds_push_time\` counts the making of a response once:
for the clients that share it, it is next to nothing.

Istiod's metrics of its own Kubernetes client, certificates, webhooks and workload registration
(\`pilot_k8s_*\`, \`citadel_*\`, \`auto_registration_*\` and so on), and the counts of conflicts that it finds in listeners
and routes (\`pilot_conflict_*\`, \`pilot_vservice_dup_domain\` and so on), are not there. Registrations are counted by
\`pilotlight_registrations\`.

## Pilotlight's own

| name | kind | labels | what it is |
| --- | --- | --- | --- |
${table(true)}

The first question of most people, how long a change takes to reach everyone, is answered by
\`pilotlight_change_converged_seconds\`:

    histogram_quantile(0.99, sum by (le) (rate(pilotlight_change_converged_seconds_bucket[5m])))

Metrics of the process (\`process_*\`) and of Node.js (\`nodejs_*\`, among them the lag of the event loop) are those of
prom-client. The lag is looked at every 100 ms, and these are part of each of its values: 0.1 s means that there is none.
`;
  await expect(page).toMatchFileSnapshot('../../../docs/metrics.md');
});

test('/metrics has no metric that the table does not name, beside those of the process', async () => {
  const { text } = await new PilotMetrics().expose();
  const named = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
  const own = named.filter((name) => !/^(process|nodejs)_/.test(name));
  expect(own.sort()).toEqual(
    Object.values(metricTable)
      .map(({ name }) => name)
      .sort(),
  );
});
