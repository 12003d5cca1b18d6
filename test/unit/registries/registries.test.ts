import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, toArray, takeWhile } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { silentLogger } from '../../../src/base/logger.js';
import { flagEntry, fileEntries, type RegistryEntry } from '../../../src/registries/entry.js';
import { openRegistry } from '../../../src/registries/open-registry.js';
import { openAll, RunningRegistries } from '../../../src/registries/running.js';
import { shardKey, type ServiceRegistry } from '../../../src/registry/registry.js';
import { RecordingLogger } from '../../recording-logger.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registries-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** TypeScript that Node does not run by itself, in a folder without node_modules. */
const source = `
import { of } from 'rxjs';
import { istioVersion } from 'pilotlight';
import { defineAdapter, snapshotOf, type ReadEvent, type ServiceRecord } from 'pilotlight/adapter';
enum Places { First = '10.0.0.1' }
interface Settings { readonly service: string }
export const adapter = defineAdapter<Settings>({
  type: 'mine',
  summary: istioVersion.line,
  settings: { type: 'object', additionalProperties: false, required: ['service'], properties: { service: { type: 'string' } } },
  fromText: (service) => ({ service }),
  open: ({ service }) => {
    const record: ServiceRecord = { service, instances: [{ id: 'a', address: Places.First, ports: [{ port: 80 }], health: 'healthy' }] };
    return of<ReadEvent>({ type: 'registry', reading: snapshotOf([record]) });
  },
});
`;

function open(entry: RegistryEntry, where = 'registries[0]'): Promise<ServiceRegistry> {
  return openRegistry(entry, where, { folder, logger: silentLogger, env: {} });
}

describe('an adapter of one’s own', () => {
  it.each(['my-registry.ts', 'my-registry.mts'])('is loaded from %s without a build', async (file) => {
    await writeFile(join(folder, file), source);
    const registry = await open({ type: `./${file}`, name: 'east', settings: { service: 'web' } });
    expect(shardKey(registry)).toBe('mine/east');
    const events = await firstValueFrom(
      registry.watch().pipe(
        takeWhile(({ type }) => type !== 'synced'),
        toArray(),
      ),
    );
    expect(events.find(({ type }) => type === 'service')).toMatchObject({ key: 'web' });
  });

  it('is loaded from a package beside the settings file', async () => {
    await writeFile(join(folder, 'package.json'), '{}');
    const place = join(folder, 'node_modules/my-package');
    await import('node:fs/promises').then(({ mkdir }) => mkdir(place, { recursive: true }));
    await writeFile(
      join(place, 'package.json'),
      '{"name":"my-package","type":"module","exports":"./index.js"}',
    );
    const script = `export const adapter = { type: 'packaged', summary: '', settings: {}, open: () => undefined };`;
    await writeFile(join(place, 'index.js'), script);
    expect(shardKey(await open({ type: 'my-package' }))).toBe('packaged/packaged');
  });

  it('says what is wrong with it, and where it is listed', async () => {
    await expect(open({ type: './none.ts' })).rejects.toThrow(
      `registries[0]: there is no adapter ${folder}/none.ts`,
    );
    await expect(open({ type: 'no-such-type' })).rejects.toThrow(
      'registries[0]: the adapter no-such-type cannot be loaded',
    );
    await writeFile(join(folder, 'broken.ts'), 'export const x = (;');
    await expect(open({ type: './broken.ts' })).rejects.toThrow(
      'registries[0]: the adapter ./broken.ts cannot be loaded',
    );
    await writeFile(join(folder, 'other.ts'), 'export const other = 1;');
    await expect(open({ type: './other.ts' })).rejects.toThrow('exports no `adapter`');
    await writeFile(join(folder, 'mine.ts'), source);
    await expect(open({ type: './mine.ts', settings: { servce: 'web' } }, 'registries[2]')).rejects.toThrow(
      'registries[2]: settings.service is missing; settings.servce is not known',
    );
  });
});

test('an entry of the command line is a type and its text', () => {
  expect(flagEntry('consul=http://127.0.0.1:8500?x=1')).toEqual({
    type: 'consul',
    text: 'http://127.0.0.1:8500?x=1',
  });
  for (const wrong of ['consul', '=x', 'consul=']) expect(() => flagEntry(wrong)).toThrow('TYPE=WHERE');
});

test('two entries of one name are refused', async () => {
  expect(() =>
    fileEntries([
      { type: 'a', name: 'x' },
      { type: 'b', name: 'x' },
    ]),
  ).toThrow('registries[1].name');
  await writeFile(join(folder, 'mine.ts'), source);
  const entry = { type: './mine.ts', settings: { service: 'web' } };
  await expect(openAll([entry, { ...entry, settings: { service: 'api' } }], open)).rejects.toThrow(
    'registries[1].name: there is a registry mine/mine already',
  );
});

describe('RunningRegistries', () => {
  const entry = (name: string, service = 'web'): RegistryEntry => ({
    type: './mine.ts',
    name,
    settings: { service },
  });

  async function running(...entries: readonly RegistryEntry[]) {
    await writeFile(join(folder, 'mine.ts'), source);
    const done: string[] = [];
    const host = {
      setRegistry: (registry: ServiceRegistry) => void done.push(`set ${shardKey(registry)}`),
      removeRegistry: (key: string) => void done.push(`remove ${key}`),
    };
    const logger = new RecordingLogger();
    const registries = new RunningRegistries(host, open, await openAll(entries, open), logger);
    return { registries, lines: logger.lines, news: () => done.splice(0) };
  }

  it('adds, replaces and removes what differs, and leaves the rest alone', async () => {
    const { registries, news } = await running(entry('a'), entry('b'));
    await registries.apply([entry('a'), entry('b')]);
    expect(news()).toEqual([]);
    await registries.apply([entry('a'), entry('b', 'api'), entry('c')]);
    expect(news()).toEqual(['set mine/b', 'set mine/c']);
    await registries.apply([entry('c')]);
    expect(news()).toEqual(['remove mine/a', 'remove mine/b']);
  });

  it('leaves one that runs as it is when its change cannot be applied', async () => {
    const { registries, lines, news } = await running(entry('a'), entry('b'));
    await registries.apply([{ type: './mine.ts', name: 'a', settings: { service: 1 } }, entry('c')]);
    expect(news()).toEqual(['set mine/c', 'remove mine/b']);
    expect(JSON.stringify(lines)).toContain('settings.service must be string');
    await registries.apply([entry('a'), entry('c')]);
    expect(news()).toEqual([]);
  });
});
