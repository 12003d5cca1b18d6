import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './run-command.js';

describe('pilotlight adapter new', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'adapter-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes an adapter of that name with its test, and never over what is there', async () => {
    const directory = join(folder, 'shop');
    const first = await run('adapter', 'new', 'shop', '--directory', directory);
    expect(first.code).toBe(0);
    const [adapter, test] = await Promise.all(
      ['shop.ts', 'shop.test.ts'].map((file) => readFile(join(directory, file), 'utf8')),
    );
    expect(adapter).toContain("type: 'shop'");
    expect(test).toContain("from './shop.js'");
    expect(`${adapter}${test}`).not.toContain('skeleton');
    const again = await run('adapter', 'new', 'shop', '--directory', directory);
    expect(again.code).toBe(2);
    expect(again.said).toContain('is there already');
  });

  it('refuses a name that is no type', async () => {
    const { code, said } = await run('adapter', 'new', 'My Shop');
    expect(code).toBe(2);
    expect(said).toContain('"My Shop" is no name');
  });
});

const healthy = {
  registry: 'consul/east',
  name: 'east',
  state: 'healthy',
  synced: true,
  services: 2,
  endpoints: 4,
  restored: 0,
  stale: [],
  held: [],
  removals: {},
  quarantined: [],
};
const ill = {
  ...healthy,
  registry: 'consul/west',
  name: 'west',
  state: 'degraded',
  message: '1 of 2 services cannot be read',
  stale: Array.from({ length: 7 }, (_, index) => ({
    key: `s${index}`,
    since: '2026-01-01',
    reason: 'HTTP 500',
  })),
  held: [
    {
      key: 'web',
      hostname: 'web.consul',
      endpoints: 3,
      reason: 'its last endpoints are gone',
      until: '2026-01-02',
    },
  ],
  quarantined: [{ key: '***', reason: 'no legal host' }],
};

describe('pilotlight registries', () => {
  let server: Server;
  let answer: { readonly status: number; readonly text: string };
  let asked: string | undefined;
  beforeEach(async () => {
    server = createServer((request, response) => {
      asked = request.url;
      response.writeHead(answer.status).end(answer.text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  function ask(body: unknown, ...args: readonly string[]) {
    answer =
      typeof body === 'string' ? { status: 404, text: body } : { status: 200, text: JSON.stringify(body) };
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return run('registries', '--http', address, ...args);
  }

  it('shows a line for each, and what needs attention below', async () => {
    const conflicts = [{ host: 'web.consul', policy: 'union', registries: ['consul/east', 'consul/west'] }];
    const { code, result } = await ask({ registries: [healthy, ill], conflicts });
    expect(code).toBe(1);
    expect(result).toMatch(/^consul\/east +healthy +2 +4 +0 +0 +0$/m);
    expect(result).toContain('1 of 2 services cannot be read');
    expect(result).toContain('and 2 more');
    expect(result).toContain(
      'web: 3 endpoints of web.consul stay until 2026-01-02: its last endpoints are gone',
    );
    expect(result).toContain('***: no legal host');
    expect(result).toContain('web.consul: consul/east, consul/west (union)');
  });

  it('shows everything of one', async () => {
    const body = { registries: [healthy, ill], conflicts: [] };
    const { result } = await ask(body, 'west');
    expect(result).toContain('s6: since');
    expect(result).not.toContain('consul/east');
    expect((await ask(body, 'east')).code).toBe(0);
    expect((await ask(body, 'none')).code).toBe(1);
    expect(JSON.parse((await ask(body, 'east', '-o', 'json')).result)).toMatchObject({
      registries: [healthy],
    });
  });

  it('lets held removals through', async () => {
    const { code } = await ask({}, '--release', 'consul/west', '--key', 'web');
    expect(code).toBe(0);
    expect(asked).toBe('/debug/registries?release=consul%2Fwest&key=web');
    const refused = await ask('there is no registry x\n', '--release', 'x');
    expect(refused.code).toBe(2);
    expect(refused.said).toContain('there is no registry x');
  });
});
