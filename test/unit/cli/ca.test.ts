/** `pilotlight ca`: what it writes, with which modes, and what it does not replace. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { lstat, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from './run-command.js';

const dayMs = 24 * 3_600_000;
let folder: string;
let ca: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-ca-'));
  ca = join(folder, 'ca');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function init(...flags: readonly string[]): Promise<void> {
  expect(await run('ca', 'init', '-d', ca, ...flags)).toMatchObject({ code: 0, said: '' });
}

async function modeOf(...path: readonly string[]): Promise<string> {
  return ((await stat(join(ca, ...path))).mode & 0o777).toString(8);
}

async function certificate(...path: readonly string[]): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(ca, ...path)));
}

describe('ca init', () => {
  test('writes a CA whose key is for its user alone', async () => {
    await init('--name', 'the shop');
    expect((await readdir(ca)).sort()).toEqual(['ca.crt', 'ca.key']);
    expect([await modeOf('ca.crt'), await modeOf('ca.key'), await modeOf()]).toEqual(['644', '600', '700']);
    const made = await certificate('ca.crt');
    expect(made.subject).toContain('CN=the shop');
    expect(Date.parse(made.validTo) - Date.now()).toBeGreaterThan(3649 * dayMs);
  });

  test('replaces none unless it is forced to', async () => {
    await init();
    const before = await readFile(join(ca, 'ca.crt'), 'utf8');
    expect(await run('ca', 'init', '-d', ca)).toMatchObject({
      code: 2,
      result: '',
      said: expect.stringMatching(/ca\.crt is there already\n.*--force/),
    });
    expect(await readFile(join(ca, 'ca.crt'), 'utf8')).toBe(before);
    await init('--force');
    expect(await readFile(join(ca, 'ca.crt'), 'utf8')).not.toBe(before);
    expect(await modeOf('ca.key')).toBe('600');
  });
});

describe('ca issue', () => {
  test('writes the certificate of a service account by the CA', async () => {
    await init();
    const flags = ['--namespace', 'shop', '--service-account', 'web', '--lifetime', '2d'];
    const { code, result, said } = await run('ca', 'issue', '-d', ca, ...flags);
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(result).toContain('spiffe://cluster.local/ns/shop/sa/web');
    const leaf = await certificate('shop', 'web', 'tls.crt');
    expect(leaf.subjectAltName).toBe('URI:spiffe://cluster.local/ns/shop/sa/web');
    expect(leaf.verify((await certificate('ca.crt')).publicKey)).toBe(true);
    expect(Math.round((Date.parse(leaf.validTo) - Date.now()) / dayMs)).toBe(2);
    expect(await readFile(join(ca, 'shop', 'web', 'ca.crt'), 'utf8')).toBe(
      await readFile(join(ca, 'ca.crt'), 'utf8'),
    );
    expect(await modeOf('shop', 'web', 'tls.key')).toBe('600');
    const key = createPrivateKey(await readFile(join(ca, 'shop', 'web', 'tls.key')));
    expect(leaf.checkPrivateKey(key)).toBe(true);
  });

  test('takes trust domain, further names, key type and folder', async () => {
    await init('--key-type', 'rsa-2048');
    const output = join(folder, 'certs');
    const { code } = await run(
      'ca',
      'issue',
      ...['-d', ca, '-o', output, '--trust-domain', 'example.org', '--key-type', 'ecdsa-p384'],
      ...['--dns', 'localhost', '--ip', '127.0.0.1'],
    );
    expect(code).toBe(0);
    const leaf = new X509Certificate(await readFile(join(output, 'tls.crt')));
    expect(leaf.subjectAltName).toBe(
      'URI:spiffe://example.org/ns/default/sa/default, DNS:localhost, IP Address:127.0.0.1',
    );
    expect(leaf.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'secp384r1' });
  });

  test('replaces nothing unless it is forced to, and then all files at once', async () => {
    await init();
    const issue = (...flags: readonly string[]) => run('ca', 'issue', '-d', ca, ...flags);
    const at = join(ca, 'default', 'default');
    expect(await issue()).toMatchObject({ code: 0 });
    const before = await readFile(join(at, 'tls.crt'), 'utf8');
    expect(await issue()).toMatchObject({ code: 2, said: expect.stringContaining('is there already') });
    expect(await readFile(join(at, 'tls.crt'), 'utf8')).toBe(before);
    expect(await issue('--force')).toMatchObject({ code: 0 });
    const leaf = await certificate('default', 'default', 'tls.crt');
    expect(leaf.checkPrivateKey(createPrivateKey(await readFile(join(at, 'tls.key'))))).toBe(true);
    expect(leaf.toString()).not.toBe(before);
    // One link is what changes: nobody can see the new key beside the old certificate.
    expect((await lstat(join(at, 'tls.key'))).isSymbolicLink()).toBe(true);
    const generations = (await readdir(at)).filter((name) => name.startsWith('..') && name !== '..data');
    expect(generations).toHaveLength(1);
  });

  test('issues by a CA of the user’s own, with those between it and the root', async () => {
    await init();
    const own = [
      '--ca-cert',
      join(ca, 'ca.crt'),
      '--ca-key',
      join(ca, 'ca.key'),
      '-o',
      join(folder, 'certs'),
    ];
    expect(await run('ca', 'issue', ...own)).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, 'certs', 'ca.crt'), 'utf8')).toBe(
      await readFile(join(ca, 'ca.crt'), 'utf8'),
    );
  });

  test('says that a certificate ends with its CA', async () => {
    await init('--lifetime', '12h');
    expect(await run('ca', 'issue', '-d', ca)).toMatchObject({
      code: 0,
      said: expect.stringContaining('no longer than the CA itself'),
    });
  });

  test('says what to do when there is no CA, and what is wrong with one', async () => {
    expect(await run('ca', 'issue', '-d', ca)).toMatchObject({
      code: 2,
      said: expect.stringMatching(/ca\.crt: there is no such file\n.*pilotlight ca init/),
    });
    await init();
    await writeFile(join(ca, 'ca.key'), 'nothing');
    expect(await run('ca', 'issue', '-d', ca)).toMatchObject({
      code: 2,
      said: expect.stringContaining('ca.key: it holds no private key'),
    });
  });
});

test.each([
  [['show'], 'neither init nor issue'],
  [['init', '--ip', '127.0.0.1'], '--ip is for `ca issue`'],
  [['init', '--lifetime', 'long'], '--lifetime: "long" is not a duration'],
  [['init', '--lifetime', '0'], '--lifetime must be more than nothing'],
  [['init', '--key-type', 'dsa'], 'Allowed choices are ecdsa-p256'],
  [['issue', '--namespace', 'a/b'], '--namespace: "a/b" is not a name'],
  [['issue', '--service-account', ''], '--service-account must not be empty'],
  [['issue', '--trust-domain', 'a/b'], '--trust-domain: "a/b" is not a trust domain'],
  [['issue', '--ca-cert', 'x'], '--ca-cert and --ca-key are given together'],
])('ca refuses %j', async (args, message) => {
  const [action = '', ...flags] = args;
  expect(await run('ca', action, '-d', ca, ...flags)).toMatchObject({
    code: 2,
    said: expect.stringContaining(message),
  });
});
