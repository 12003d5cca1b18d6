/** A directory that is served, compared over `xds://` with directories that say the same and something else. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startPilot, type Pilot } from '../../src/app.js';
import { silentLogger } from '../../src/base/logger.js';
import { run } from '../unit/cli/run-command.js';

const mesh = fileURLToPath(new URL('compare-mesh', import.meta.url));

let pilot: Pilot;
let server: string;
let folder: string;
let edited: string;
beforeAll(async () => {
  pilot = await startPilot({
    directory: mesh,
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    debounceAfter: 10,
    debounceMax: 100,
    rescanInterval: 60_000,
    shutdownGrace: 1000,
    domainSuffix: 'cluster.local',
    autoAllocate: 'status',
    logger: silentLogger,
  });
  await pilot.ready;
  server = `xds://127.0.0.1:${pilot.xdsAddress.port}`;
});
afterAll(() => pilot.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-compare-'));
  edited = join(folder, 'edited');
  await cp(mesh, edited, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

interface Report {
  readonly equal: boolean;
  readonly proxies: readonly {
    readonly types: Readonly<
      Record<
        string,
        {
          readonly onlyLeft: readonly string[];
          readonly onlyRight: readonly string[];
          readonly different: readonly {
            readonly name: string;
            readonly differences: readonly {
              readonly path: string;
              readonly left?: unknown;
              readonly right?: unknown;
            }[];
          }[];
        }
      >
    >;
  }[];
}

/** Every difference as `type name path: left / right`, with - and + for what one side has only. */
function lines({ proxies }: Report): string[] {
  return proxies.flatMap(({ types }) =>
    Object.entries(types).flatMap(([type, { onlyLeft, onlyRight, different }]) => [
      ...onlyLeft.map((name) => `- ${type} ${name}`),
      ...onlyRight.map((name) => `+ ${type} ${name}`),
      ...different.flatMap(({ name, differences }) =>
        differences.map(
          ({ path, left, right }) => `${type} ${name} ${path}: ${shown(left)} / ${shown(right)}`,
        ),
      ),
    ]),
  );
}

/** A value, or only that there is something where it is more than one. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' ? 'something' : JSON.stringify(value);
}

async function compareEdited(): Promise<{ code: number; found: string[] }> {
  const { code, result, said } = await run('compare', edited, server, '--proxy', 'client', '-o', 'json');
  if (result === '') throw new Error(said);
  return { code, found: lines(JSON.parse(result) as Report) };
}

const reviews = 'outbound|80||reviews.shop.svc.cluster.local';
const v1 = 'outbound|80|v1|reviews.shop.svc.cluster.local';
const v2 = 'outbound|80|v2|reviews.shop.svc.cluster.local';
const extra = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: extra, namespace: shop }
spec:
  hosts: [extra.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ number: 80, name: http, protocol: HTTP }]
`;
const pay = 'outbound|443||pay.example.com';
const bank = 'outbound|80||bank.example.com';
const ready = 'endpoints[locality=eu/eu-a/,priority=].lb_endpoints[address=10.0.0.1:8080]';
const inBank = 'endpoints[locality=us/us-a/,priority=]';

describe('a directory that is served', () => {
  test('equals itself, for every proxy', async () => {
    const { code, result } = await run('compare', mesh, server, '--all-proxies');
    expect({ code, result }).toEqual({ code: 0, result: expect.stringMatching(/equal for 2 proxies/) });
    expect(result).toMatch(/= client: equal \(\d+ cds, [5-9] eds, \d+ lds, \d+ rds\)/);
  });

  test.each<[string, from: string, to: string, found: readonly string[]]>([
    [
      'a weight',
      'weight: 3',
      'weight: 5',
      [
        `eds ${bank} ${inBank}.lb_endpoints[address=192.0.2.1:80].load_balancing_weight: 5 / 3`,
        `eds ${bank} ${inBank}.load_balancing_weight: 6 / 4`,
      ],
    ],
    [
      'a label',
      'app: reviews, version: v1',
      'app: reviewers, version: v1',
      [v1, reviews].map(
        (name) =>
          `eds ${name} ${ready}.metadata.filter_metadata.istio.workload: "reviews-1;shop;reviewers;v1;Kubernetes" / "reviews-1;shop;reviews;v1;Kubernetes"`,
      ),
    ],
    [
      'a missing endpoint',
      '    - { address: 192.0.2.2, locality: us/us-a }\n',
      '',
      [
        `eds ${bank} ${inBank}.lb_endpoints[address=192.0.2.2:80]: nothing / something`,
        `eds ${bank} ${inBank}.load_balancing_weight: 3 / 4`,
      ],
    ],
    [
      'an extra cluster',
      '---\napiVersion: v1\nkind: Node\nmetadata: { name: node-a,',
      `---\n${extra}---\napiVersion: v1\nkind: Node\nmetadata: { name: node-a,`,
      [
        '- cds outbound|80||extra.example.com',
        'rds 80 virtual_hosts[name=extra.example.com:80]: something / nothing',
      ],
    ],
    [
      'a TLS setting',
      'sni: pay.example.com',
      'sni: other.example.com',
      [`cds ${pay} transport_socket.typed_config.sni: "other.example.com" / "pay.example.com"`],
    ],
    [
      'a connect timeout',
      'connectTimeout: 2s',
      'connectTimeout: 3s',
      [`cds ${pay} connect_timeout: "3s" / "2s"`],
    ],
    [
      'a subset',
      'labels: { version: v2 } # subset',
      'labels: { version: v1 }',
      [
        `eds ${v2} endpoints[locality=eu/eu-a/,priority=]: something / nothing`,
        `eds ${v2} endpoints[locality=eu/eu-b/,priority=]: nothing / something`,
      ],
    ],
    [
      'a load balancer policy',
      'simple: ROUND_ROBIN',
      'simple: RANDOM',
      [`cds ${pay} lb_policy: "RANDOM" / nothing`],
    ],
    [
      'a health status',
      'conditions: { ready: true, serving: true, terminating: false }',
      'conditions: { ready: false, serving: false, terminating: false }',
      [v1, reviews].map((name) => `eds ${name} ${ready}.health_status: "UNHEALTHY" / "HEALTHY"`),
    ],
    [
      'a locality',
      'address: 192.0.2.2, locality: us/us-a',
      'address: 192.0.2.2, locality: us/us-b',
      [
        `eds ${bank} ${inBank}.lb_endpoints[address=192.0.2.2:80]: nothing / something`,
        `eds ${bank} ${inBank}.load_balancing_weight: 3 / 4`,
        `eds ${bank} endpoints[locality=us/us-b/,priority=]: something / nothing`,
      ],
    ],
  ])('differs from one with %s at the right place', async (_, from, to, expected) => {
    const path = join(edited, 'mesh-objects.yaml');
    const text = await readFile(path, 'utf8');
    expect(text.split(from)).toHaveLength(2);
    await writeFile(path, text.replace(from, to));
    const { code, found } = await compareEdited();
    expect({ code, found }).toEqual({ code: 1, found: expected });
  });
});
