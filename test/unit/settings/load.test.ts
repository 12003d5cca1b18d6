import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSettingsFile, resolveSettings } from '../../../src/settings/load.js';

const none = { flags: {}, env: {}, file: {} };

describe('a setting', () => {
  test('comes from the flag, then the environment, then the file, then the default', () => {
    const flags = { '--debounce-after': '1s' };
    const env = { PILOTLIGHT_DEBOUNCE_AFTER: '2s' };
    const file = { debounceAfter: '3s' };
    expect(resolveSettings({ flags, env, file }).debounceAfter).toBe(1000);
    expect(resolveSettings({ flags: {}, env, file }).debounceAfter).toBe(2000);
    expect(resolveSettings({ flags: {}, env: {}, file }).debounceAfter).toBe(3000);
    expect(resolveSettings(none).debounceAfter).toBe(100);
  });

  test('has Istio’s own variable where Istio has one, after Pilotlight’s', () => {
    expect(resolveSettings({ ...none, env: { PILOT_DEBOUNCE_MAX: '5s' } }).debounceMax).toBe(5000);
    const both = { PILOT_DEBOUNCE_MAX: '5s', PILOTLIGHT_DEBOUNCE_MAX: '6s' };
    expect(resolveSettings({ ...none, env: both }).debounceMax).toBe(6000);
  });

  test.each([
    [{ flags: { '--xds-address': 'nowhere' } }, /^--xds-address: "nowhere" is not HOST:PORT/],
    [{ flags: { '--xds-address': '127.0.0.1:70000' } }, /^--xds-address: "127.0.0.1:70000" is not HOST:PORT/],
    [
      { env: { PILOTLIGHT_DEBOUNCE_AFTER: '10 seconds' } },
      /^PILOTLIGHT_DEBOUNCE_AFTER: "10 seconds" is not a duration/,
    ],
    [{ env: { PILOTLIGHT_LOG_LEVEL: 'loud' } }, /^PILOTLIGHT_LOG_LEVEL: "loud" is none of debug, info/],
    [{ env: { PILOTLIGHT_STRICT: 'perhaps' } }, /^PILOTLIGHT_STRICT: "perhaps" is neither true nor false/],
  ])('that cannot be read is named with where it came from: %j', (sources, message) => {
    expect(() => resolveSettings({ ...none, ...sources })).toThrow(message);
  });

  test('that is an address may be IPv6', () => {
    const { xdsAddress } = resolveSettings({ ...none, flags: { '--xds-address': '[::1]:0' } });
    expect(xdsAddress).toEqual({ host: '::1', port: 0 });
  });
});

describe('a settings file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-settings-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function read(text: string): Promise<unknown> {
    const path = join(folder, 'pilotlight.yaml');
    await writeFile(path, text);
    return readSettingsFile(path, true);
  }

  test('gives values by key, with paths relative to the file', async () => {
    expect(await read('directory: mesh\nstrict: true\n')).toEqual({
      directory: join(folder, 'mesh'),
      strict: true,
    });
  });

  test.each([
    ['colour: red', /must NOT have additional properties \(colour\)/],
    ['xdsAddress: 15010', /xdsAddress must be string/],
    ['debounceAfter: soon', /debounceAfter must match pattern/],
    ['- a', /the document must be object/],
    ['a: [', /is not YAML/],
  ])('is refused with the key and the reason: %s', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  test('may be absent, unless it was asked for by name', async () => {
    const path = join(folder, 'absent.yaml');
    expect(await readSettingsFile(path, false)).toBeUndefined();
    await expect(readSettingsFile(path, true)).rejects.toThrow(/absent\.yaml cannot be read/);
  });
});
