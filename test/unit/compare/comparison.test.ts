import { describe, expect, test } from 'vitest';
import { PilotError } from '../../../src/base/errors.js';
import { isEqual, isIncomplete, isOurVersion } from '../../../src/compare/comparison.js';
import { parseIgnore } from '../../../src/compare/ignore.js';
import type { Answer } from '../../../src/compare/resources.js';
import type { Side, SideKind } from '../../../src/compare/side.js';
import type { JsonObject } from '../../../src/envoy/json-value.js';
import { answerSide, compared, found } from './sides.js';

const endpoint = (address: string, more: JsonObject = {}): JsonObject => ({
  endpoint: { address: { socket_address: { address, port_value: 80 } } },
  ...more,
});
const assignment = (...endpoints: JsonObject[]): JsonObject => ({
  cluster_name: 'c',
  endpoints: [{ locality: { region: 'eu', zone: 'a' }, lb_endpoints: endpoints }],
});

describe('a comparison', () => {
  test('says what is only on one side and what differs, by type', async () => {
    const left = answerSide({ cds: [{ name: 'a' }, { name: 'b', type: 'EDS' }], eds: [] });
    const right = answerSide({ cds: [{ name: 'b', type: 'STATIC' }, { name: 'c' }], eds: [] });
    const comparison = await compared(left, right);
    expect(found(comparison)).toEqual(['- cds a', 'cds b type', '+ cds c']);
    expect(comparison.proxies[0]?.types.map(({ type, left: l, right: r }) => [type, l, r])).toEqual([
      ['cds', 2, 2],
      ['eds', 0, 0],
    ]);
  });

  test('does not count the order of endpoints in a locality unless it is to be exact', async () => {
    const one = answerSide({ eds: [assignment(endpoint('10.0.0.1'), endpoint('10.0.0.2'))] });
    const other = answerSide({ eds: [assignment(endpoint('10.0.0.2'), endpoint('10.0.0.1'))] });
    expect(found(await compared(one, other))).toEqual([]);
    expect(found(await compared(one, other, { exact: true }))).toEqual([
      'eds c endpoints[locality=eu/a/,priority=].lb_endpoints',
    ]);
  });

  test('tells endpoints of one address apart by their content, in any order', async () => {
    const [first, second] = [
      endpoint('10.0.0.1', { load_balancing_weight: 1 }),
      endpoint('10.0.0.1', { load_balancing_weight: 2 }),
    ];
    const one = answerSide({ eds: [assignment(first, second)] });
    expect(found(await compared(one, answerSide({ eds: [assignment(second, first)] })))).toEqual([]);
    expect(found(await compared(one, answerSide({ eds: [assignment(first, first)] })))).toEqual([
      'eds c endpoints[locality=eu/a/,priority=].lb_endpoints[1].load_balancing_weight',
    ]);
  });

  test('warns when a side says that it is of another Istio', async () => {
    const answer = { cds: [] };
    const comparison = await compared(answerSide(answer, '1.31.2'), answerSide(answer, '1.29.0'));
    expect(comparison.warnings).toEqual([expect.stringContaining('right says that its Istio is 1.29.0')]);
    expect(['1.31', '1.31.0', '1.31-alpha.3', 'v1.31.1'].filter((version) => !isOurVersion(version))).toEqual(
      [],
    );
    expect(['1.3', '1.310.0', '1.30.1', '2.31.0', ''].filter(isOurVersion)).toEqual([]);
  });

  test('fails when there is no type that both sides can tell, and for a type that does not exist', async () => {
    await expect(compared(answerSide({ cds: [] }), answerSide({ lds: [] }))).rejects.toMatchObject({
      code: 'COMPARE_FAILED',
      hint: expect.stringContaining('left has no lds'),
    });
    await expect(
      compared(answerSide({ cds: [] }), answerSide({ cds: [] }), { types: ['xyz'] }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a comparison with a server', () => {
  const server = (answer: Answer): Side => ({ ...answerSide(answer), kind: 'server' });
  const node = (metadata: Readonly<Record<string, unknown>>) => ({ name: 'p', node: { id: 'p', metadata } });
  const pair = (metadata: Readonly<Record<string, unknown>>) => [
    { name: 'p', left: node(metadata), right: node(metadata) },
  ];

  test('is of all types, but of names only for a proxy whose agent captures DNS', async () => {
    const answer = { cds: [], lds: [], rds: [], nds: [] };
    const types = async (metadata: Readonly<Record<string, unknown>>): Promise<readonly string[]> =>
      (await compared(answerSide(answer), server(answer), { proxies: pair(metadata) })).types;
    expect(await types({})).toEqual(['cds', 'eds', 'lds', 'rds']);
    expect(await types({ DNS_CAPTURE: 'true' })).toEqual(['cds', 'eds', 'lds', 'rds', 'nds']);
  });

  test('does not count the order of the addresses of a name', async () => {
    const names = (...ips: readonly string[]): Answer => ({ nds: [{ table: { web: { ips } } }] });
    const left = answerSide(names('10.0.0.1', '10.0.0.2'));
    const right = server(names('10.0.0.2', '10.0.0.1'));
    const proxies = pair({ DNS_CAPTURE: 'true' });
    expect(found(await compared(left, right, { proxies }))).toEqual([]);
    expect(found(await compared(left, right, { proxies, exact: true }))).not.toEqual([]);
    expect(found(await compared(left, server(names('10.0.0.3')), { proxies }))).not.toEqual([]);
  });

  test('says that a plain Envoy is served less by a directory, where they differ', async () => {
    const directory: Side = { ...answerSide({ cds: [{ name: 'a' }] }), kind: 'directory' };
    const notes = async (
      metadata: Readonly<Record<string, unknown>>,
      answer: Answer,
    ): Promise<readonly string[]> =>
      (await compared(directory, server(answer), { proxies: pair(metadata) })).proxies.flatMap(
        (proxy) => proxy.notes,
      );
    expect(await notes({}, { cds: [] })).toEqual([expect.stringContaining('the node has no ISTIO_VERSION')]);
    expect(await notes({ ISTIO_VERSION: '1.31.0' }, { cds: [] })).toEqual([]);
    expect(await notes({}, { cds: [{ name: 'a' }] })).toEqual([]);
  });

  test('goes on with other proxies when a side cannot tell of one, but not when a server fails', async () => {
    const fails = (kind: SideKind): Side => ({
      ...answerSide({ cds: [] }),
      kind,
      answer: async ({ name }) => {
        if (name === 'bad') throw new PilotError('COMPARE_FAILED', 'no idea');
        return { answer: { cds: [] }, notes: [] };
      },
    });
    const proxies = ['bad', 'good'].map((name) => ({
      ...pair({})[0],
      name,
      left: { name, node: undefined },
      right: { name, node: undefined },
    }));
    const comparison = await compared(answerSide({ cds: [] }), fails('directory'), { proxies });
    expect(comparison.proxies.map(({ name, failure }) => [name, failure])).toEqual([
      ['bad', 'bad: no idea'],
      ['good', undefined],
    ]);
    expect([isEqual(comparison), isIncomplete(comparison)]).toEqual([false, true]);
    await expect(compared(answerSide({ cds: [] }), fails('server'), { proxies })).rejects.toThrow(
      'bad: no idea',
    );
  });
});

describe('--ignore', () => {
  const left: JsonObject = {
    name: 'a',
    connect_timeout: '1s',
    metadata: { filter_metadata: { istio: { config: 'x' }, 'envoy.lb': { canary: true } } },
    load_assignment: { endpoints: [{ lb_endpoints: [endpoint('10.0.0.1', { load_balancing_weight: 1 })] }] },
  };
  const right: JsonObject = {
    name: 'a',
    connect_timeout: '2s',
    metadata: { filter_metadata: { istio: { config: 'y' }, 'envoy.lb': { canary: false } } },
    load_assignment: { endpoints: [{ lb_endpoints: [endpoint('10.0.0.1', { load_balancing_weight: 2 })] }] },
  };
  const paths = [
    'connect_timeout',
    'metadata.filter_metadata.istio.config',
    'metadata.filter_metadata["envoy.lb"].canary',
    'load_assignment.endpoints[0].lb_endpoints[address=10.0.0.1:80].load_balancing_weight',
  ];

  const remaining = async (...ignores: string[]): Promise<string[]> => {
    const comparison = await compared(answerSide({ cds: [left] }), answerSide({ cds: [right] }), {
      ignores: ignores.map(parseIgnore),
    });
    return found(comparison).map((line) => line.replace('cds a ', ''));
  };

  test('without one, reports every path', async () => {
    expect(await remaining()).toEqual(paths);
  });

  test.each(paths)('takes %s as the report prints it', async (path) => {
    expect(await remaining(path)).toEqual(paths.filter((other) => other !== path));
    expect(await remaining(`cds:${path}`)).toEqual(paths.filter((other) => other !== path));
    expect(await remaining(`eds:${path}`)).toEqual(paths);
  });

  test('takes * for one field and [*] for any element, and what stands below a path with it', async () => {
    expect(await remaining('metadata.filter_metadata.*.canary')).toEqual(paths.toSpliced(2, 1));
    expect(await remaining('load_assignment.endpoints[*].lb_endpoints[*].load_balancing_weight')).toEqual(
      paths.slice(0, 3),
    );
    expect(await remaining('metadata')).toEqual([paths[0], paths[3]]);
    expect(await remaining('*')).toEqual([]);
    expect(await remaining('load_assignment.*.lb_endpoints')).toEqual(paths);
  });

  test('counts what it took, and is told of when it took nothing', async () => {
    const ignores = ['metadata', 'metadatas', 'eds:connect_timeout'].map(parseIgnore);
    const comparison = await compared(answerSide({ cds: [left] }), answerSide({ cds: [right] }), { ignores });
    expect(comparison.ignored).toEqual([
      { path: 'metadata', differences: 2 },
      { path: 'metadatas', differences: 0 },
      { path: 'eds:connect_timeout', differences: 0 },
    ]);
    expect(comparison.warnings).toEqual([
      '--ignore metadatas matched no difference',
      '--ignore eds:connect_timeout matched no difference',
    ]);
  });

  test.each(['', 'cds:', 'a..b', 'a[', '.a'])('refuses "%s"', (text) => {
    expect(() => parseIgnore(text)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });
});
