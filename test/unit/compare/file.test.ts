import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileSide } from '../../../src/compare/load/file.js';
import { answerSide, compared, found, sample, sent } from './sides.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-compare-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function saved(value: unknown): Promise<string> {
  const path = join(folder, 'saved.json');
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

/** A sample with one piece of its text replaced. */
async function edited(name: string, from: string, to: string): Promise<string> {
  const text = await readFile(sample(name), 'utf8');
  expect(text).toContain(from);
  return saved(text.replace(from, to));
}

describe('a saved file', () => {
  test.each([
    ['sent.json', ['cds', 'eds']],
    ['envoy-config-dump.json', ['cds', 'eds']],
    ['istiod-config-dump.json', ['cds', 'eds']],
    ['istioctl-clusters.json', ['cds']],
    ['istioctl-eds.json', ['eds']],
    ['istioctl-endpoints.json', ['eds']],
    ['envoy-clusters.json', ['eds']],
  ])('of the shape of %s equals what the proxy was served', async (name, types) => {
    const comparison = await compared(answerSide(sent()), await fileSide(sample(name)));
    expect(comparison.types).toEqual(types);
    expect(found(comparison)).toEqual([]);
    expect(comparison.proxies[0]?.types.every(({ right }) => right >= 5)).toBe(true);
  });

  test.each([
    [
      'envoy-config-dump.json',
      '"port_value": 9100',
      '"port_value": 9101',
      [
        'eds outbound|9100||billing.vm.internal endpoints[locality=asia/asia-b/,priority=].lb_endpoints[address=192.0.2.4:9100]',
        'eds outbound|9100||billing.vm.internal endpoints[locality=asia/asia-b/,priority=].lb_endpoints[address=192.0.2.4:9101]',
      ],
    ],
    [
      'envoy-config-dump.json',
      '"health_status": "DEGRADED"',
      '"health_status": "HEALTHY"',
      [
        'eds outbound|80||billing.vm.internal endpoints[locality=eu/eu-a/rack1,priority=].lb_endpoints[address=192.0.2.1:8080].health_status',
      ],
    ],
    [
      'istioctl-clusters.json',
      '"lbPolicy": "LEAST_REQUEST"',
      '"lbPolicy": "RANDOM"',
      ['cds outbound|80||live.media.svc.cluster.local lb_policy'],
    ],
    [
      'istioctl-endpoints.json',
      '"weight": 3',
      '"weight": 2',
      [
        'eds outbound|80||billing.vm.internal endpoints[locality=eu/eu-a/rack1,priority=].lb_endpoints[address=192.0.2.1:8080].load_balancing_weight',
      ],
    ],
    [
      'istiod-config-dump.json',
      '"healthStatus": "DRAINING"',
      '"healthStatus": "UNHEALTHY"',
      [
        'eds outbound|80||live.media.svc.cluster.local endpoints[locality=eu/eu-b/,priority=].lb_endpoints[address=10.10.3.11:8080].health_status',
      ],
    ],
  ])('of the shape of %s shows an edit of %s to %s', async (name, from, to, expected) => {
    const comparison = await compared(answerSide(sent()), await fileSide(await edited(name, from, to)));
    expect(found(comparison)).toEqual(expected);
  });

  test('that is an Envoy’s dump knows its proxy, and has no static clusters', async () => {
    const side = await fileSide(sample('envoy-config-dump.json'));
    expect(side.proxies).toMatchObject({
      kind: 'single',
      name: 'client.shop',
      node: { metadata: { NAMESPACE: 'shop' } },
    });
    const { answer } = await side.answer({ name: 'client.shop', node: undefined }, side.types);
    expect(JSON.stringify(answer)).not.toContain('xds-grpc');
  });

  test('that is a dump without endpoints says how to get them', async () => {
    const dump = JSON.parse(await readFile(sample('envoy-config-dump.json'), 'utf8')) as {
      configs: { '@type': string }[];
    };
    const configs = dump.configs.filter((config) => !config['@type'].endsWith('EndpointsConfigDump'));
    const comparison = await compared(answerSide(sent()), await fileSide(await saved({ configs })));
    expect(comparison.types).toEqual(['cds']);
    expect(comparison.notCompared).toEqual([
      { type: 'eds', reason: 'right has no endpoints: ask for /config_dump?include_eds' },
      { type: 'lds', reason: 'left has no lds' },
    ]);
  });

  test('that is a dump tells clusters that are still warming, as the newest', async () => {
    const type = 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump';
    const cluster = (timeout: string): unknown => ({ cluster: { name: 'c', connect_timeout: timeout } });
    const side = await fileSide(
      await saved({
        configs: [
          {
            '@type': type,
            dynamic_active_clusters: [cluster('1s')],
            dynamic_warming_clusters: [cluster('2s')],
          },
        ],
      }),
    );
    const { answer, notes } = await side.answer({ name: '', node: undefined }, ['cds']);
    expect(answer['cds']).toEqual([{ name: 'c', connect_timeout: '2s' }]);
    expect(notes).toEqual([expect.stringContaining('1 of cds are not in force yet')]);
  });

  test('that is Istiod’s dump of one type is read by the types of its resources', async () => {
    const [assignment] = sent()['eds'] ?? [];
    const configs = [
      { '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment', ...assignment },
    ];
    const side = await fileSide(await saved({ configs }));
    expect(
      found(await compared(answerSide({ eds: assignment === undefined ? [] : [assignment] }), side)),
    ).toEqual([]);
  });

  test('with answers by proxy means every one of them', async () => {
    const path = await saved({ one: sent(), two: { cds: [], eds: [] } });
    const comparison = await compared(await fileSide(path), await fileSide(path));
    expect(comparison.proxies.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(found(comparison)).toEqual([]);
  });

  test('with the clusters of the agent’s bootstrap says that they are left out', async () => {
    const comparison = await compared(answerSide(sent()), await fileSide(sample('istioctl-clusters.json')));
    expect(comparison.proxies[0]?.notes).toEqual([
      expect.stringContaining('prometheus_stats, agent, xds-grpc'),
    ]);
  });

  test('keeps and tells fields and types that are not known', async () => {
    const cluster = {
      name: 'c',
      new_field: 1,
      transport_socket: {
        name: 't',
        typed_config: { '@type': 'type.googleapis.com/new.Type', value: 'AAE=' },
      },
    };
    const side = await fileSide(await saved({ cds: [cluster] }));
    const { answer, notes } = await side.answer({ name: '', node: undefined }, ['cds']);
    expect(answer['cds']).toEqual([cluster]);
    expect(notes).toEqual([
      expect.stringMatching(
        /envoy\.config\.cluster\.v3\.Cluster\.new_field is a field that is not known here.*cds c/,
      ),
      expect.stringMatching(/new\.Type is a type that is not known here: compared by its bytes/),
    ]);
    const other = {
      ...cluster,
      transport_socket: {
        ...cluster.transport_socket,
        typed_config: { '@type': 'type.googleapis.com/new.Type', value: 'AAI=' },
      },
    };
    expect(found(await compared(answerSide(answer), answerSide({ cds: [other] })))).toEqual([
      'cds c transport_socket.typed_config.value',
    ]);
  });

  test.each([
    ['is no JSON', 'not json', 'is no JSON'],
    ['is an empty list', [], 'an empty list, which does not say of what'],
    ['is a list of something else', [{ kind: 'Pod', metadata: {} }], 'a list of objects with kind, metadata'],
    ['is another object', { items: [], kind: 'List' }, 'an object with items, kind'],
    ['is a number', 5, 'no object and no list, but 5'],
  ])('that %s is refused with what was found and what is accepted', async (_, content, says) => {
    await expect(fileSide(await saved(content))).rejects.toMatchObject({
      code: 'COMPARE_FAILED',
      message: expect.stringContaining(says),
      hint: expect.stringContaining('istioctl proxy-config'),
    });
  });

  test('that is missing is refused by its name', async () => {
    await expect(fileSide(join(folder, 'none.json'))).rejects.toMatchObject({
      message: expect.stringContaining('none.json cannot be read'),
    });
  });
});
