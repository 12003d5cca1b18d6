/** Recorded explanations: a question for each reason that can be given. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import type { Explanation } from '../../../src/explain/explanation.js';
import { explain } from '../../../src/explain/explain.js';
import { nearestHosts } from '../../../src/explain/nearest.js';
import { reasonCodes } from '../../../src/explain/reason-codes.js';
import { reportText } from '../../../src/explain/report.js';
import { MeshState } from '../../../src/mesh/mesh-state.js';
import { proxyFromNode } from '../../../src/mesh/node.js';
import { resolveProxy } from '../../../src/mesh/proxy-context.js';
import type { Service } from '../../../src/model/service.js';
import { MemoryRegistry } from '../../../src/registry/memory/memory-registry.js';
import { entryService, kubernetesService } from '../mesh/builders.js';
import { run } from '../cli/run-command.js';

const cases = fileURLToPath(new URL('cases', import.meta.url));
const names = readdirSync(cases).sort();

/** `HOST[:PORT] PROXY` of a case. */
function question(name: string): readonly [host: string, proxy: string] {
  const [host = '', proxy = ''] = readFileSync(join(cases, name, 'question.txt'), 'utf8')
    .trim()
    .split(' ');
  return [host, proxy];
}

describe.each(names)('%s', (name) => {
  test('is explained as recorded', async () => {
    const [host, proxy] = question(name);
    const { code, result } = await run('explain', host, join(cases, name), '--proxy', proxy);
    const recorded = `$ pilotlight explain '${host}' ${name} --proxy ${proxy}\n${result}(exit code ${code})\n`;
    await expect(recorded).toMatchFileSnapshot(join(cases, name, 'expected.txt'));
  });
});

/** What is explained of a service that a registry other than those of Kubernetes and Istio says. */
async function explainForeign(service: Service): Promise<Explanation> {
  const state = await readMeshDirectory(join(cases, 'unknown-port'));
  const mesh = new MeshState();
  const registry = new MemoryRegistry();
  mesh.setMesh(state.mesh, state.networks);
  mesh.setRegistry(registry);
  registry.setService(service);
  registry.synced();
  const proxy = proxyFromNode({ id: 'sidecar~10.0.0.1~a.shop~shop.svc.cluster.local' });
  const context = resolveProxy(mesh.snapshot(), proxy);
  mesh.dispose();
  return explain(state, context, { host: service.hostname });
}

const illegal = kubernetesService('broken.shop', { ports: [70_000] });
const unnamed = entryService('*.example.com', 'shop', {
  resolution: 'DynamicDNS',
  ports: [{ name: 'tcp', port: 9000, protocol: 'TCP' }],
});

test('what a registry says and the store keeps out is told with what is wrong', async () => {
  const explanation = await explainForeign(illegal);
  expect(explanation).toMatchObject({
    outcome: 'unknown-host',
    refused: [{ code: 'quarantined', source: { registry: 'Mock/Kubernetes' } }],
  });
  expect(reportText(explanation)).toContain('port 70000');
});

test('a port whose requests do not name the host that is to be looked up has no cluster', async () => {
  const { seen } = await explainForeign(unnamed);
  expect(seen?.ports).toMatchObject([{ port: 9000, clusters: [], reason: { code: 'unnamed-host' } }]);
});

test('every reason that can be given is in a recorded explanation', async () => {
  const texts = names.map((name) => readFileSync(join(cases, name, 'expected.txt'), 'utf8'));
  const foreign = await Promise.all([illegal, unnamed].map(explainForeign));
  const shown = [...texts, ...foreign.map((each) => reportText(each))].join('');
  const missing = Object.keys(reasonCodes).filter((code) => !shown.includes(`[${code}]`));
  expect(missing).toEqual([]);
});

describe('the command', () => {
  const known = join(cases, 'unknown-port');

  test('gives scripts the whole explanation as JSON', async () => {
    const { code, result } = await run('explain', 'catalog.store:80', known, '-p', 'client', '-o', 'json');
    const explanation = JSON.parse(result) as Explanation;
    expect(code).toBe(0);
    expect(explanation).toMatchObject({
      host: 'catalog.store.svc.cluster.local',
      askedAs: 'catalog.store',
      outcome: 'visible',
    });
    expect(explanation.seen?.ports[0]?.clusters[0]?.endpoints[0]).toMatchObject({
      address: '10.10.0.1:8080',
      workload: 'store/catalog-1',
      source: { object: 'EndpointSlice store/catalog-1' },
    });
  });

  test('paints only where colours are wanted', async () => {
    const plain = await run('explain', 'catalog.store', known, '-p', 'client');
    const painted = await run('explain', 'catalog.store', known, '-p', 'client', '--color', 'always');
    expect(plain.result).not.toContain('\u001B');
    expect(painted.result).toContain('\u001B[32mis served');
  });

  test.each([
    [['explain', 'catalog.store:0', known, '-p', 'client'], 'no host to explain'],
    [['explain', 'a b', known, '-p', 'client'], 'no host to explain'],
    [['explain', 'catalog.store', known], 'no proxy'],
    [['explain', 'catalog.store', known, '-p', 'client', '--node', 'x.yaml'], '--proxy or --node'],
    [['explain'], 'HOST'],
  ])('refuses %j', async (args, says) => {
    expect(await run(...args)).toMatchObject({ code: 2, said: expect.stringContaining(says) });
  });
});

describe('the nearest hosts', () => {
  const hosts = [
    'catalog.shop.svc.cluster.local',
    'cart.shop.svc.cluster.local',
    '*.example.com',
    'db.bank.svc.cluster.local',
  ];

  test('a misspelt name', () => {
    expect(nearestHosts('catalg.shop.svc.cluster.local', hosts)[0]).toBe('catalog.shop.svc.cluster.local');
  });

  test('the right name in another namespace, or without one', () => {
    expect(nearestHosts('catalog.store.svc.cluster.local', hosts)[0]).toBe('catalog.shop.svc.cluster.local');
    expect(nearestHosts('catalog', hosts)).toEqual(['catalog.shop.svc.cluster.local']);
  });

  test('a wildcard that covers the host comes first, and nothing is suggested for what is like nothing', () => {
    expect(nearestHosts('api.example.com', hosts)[0]).toBe('*.example.com');
    expect(nearestHosts('payments.acme.net', hosts)).toEqual([]);
  });
});

describe('docs/explain.md', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/explain.md', import.meta.url)), 'utf8');

  test('has a row for each reason, and no other', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)`\s*\| (.*?)\s*\|$/gm)].map(([, code, text]) => [
      code,
      text,
    ]);
    expect(rows).toEqual(Object.entries(reasonCodes));
  });

  test('shows a recorded explanation as an example', () => {
    const recorded = readFileSync(join(cases, 'endpoint-health', 'expected.txt'), 'utf8');
    expect(page).toContain(recorded);
  });
});
