import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ExecCredentials } from '../../../src/kubernetes/exec-credentials.js';
import type { ExecPlugin } from '../../../src/kubernetes/kubeconfig.js';

const cluster = { server: 'https://api.example.com', insecure: false, ca: 'the CA' };

let folder: string;
let runs: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-exec-'));
  runs = join(folder, 'runs');
  await writeFile(runs, '');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A plugin that notes each run and then does what the script says. */
function plugin(script: string, more: Partial<ExecPlugin> = {}): ExecPlugin {
  const note = `require('node:fs').appendFileSync(${JSON.stringify(runs)}, process.env.KUBERNETES_EXEC_INFO + '\\n');`;
  return {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: process.execPath,
    args: ['-e', `${note} ${script}`],
    env: {},
    provideClusterInfo: false,
    ...more,
  };
}

function printing(status: unknown): string {
  return `console.log(${JSON.stringify(JSON.stringify({ kind: 'ExecCredential', status }))})`;
}

async function runCount(): Promise<number> {
  return (await readFile(runs, 'utf8')).split('\n').length - 1;
}

test('gives what the plugin prints, and asks again only when it was forgotten', async () => {
  const credentials = new ExecCredentials();
  const login = plugin(printing({ token: 'x', clientCertificateData: 'crt', clientKeyData: 'key' }));
  const both = await Promise.all([credentials.get(login, cluster), credentials.get(login, cluster)]);
  expect(both).toEqual([
    { token: 'x', cert: 'crt', key: 'key' },
    { token: 'x', cert: 'crt', key: 'key' },
  ]);
  await credentials.get(login, cluster);
  expect(await runCount()).toBe(1);
  credentials.forget();
  await credentials.get(login, cluster);
  expect(await runCount()).toBe(2);
});

test('runs the plugin again when what it gave has ended', async () => {
  const credentials = new ExecCredentials();
  const ended = plugin(printing({ token: 'x', expirationTimestamp: '2020-01-01T00:00:00Z' }));
  await credentials.get(ended, cluster);
  await credentials.get(ended, cluster);
  expect(await runCount()).toBe(2);
  const lasting = plugin(printing({ token: 'x', expirationTimestamp: '2999-01-01T00:00:00Z' }));
  await credentials.get(lasting, cluster);
  expect(await credentials.get(lasting, cluster)).toEqual({
    token: 'x',
    expires: Date.parse('2999-01-01T00:00:00Z'),
  });
  expect(await runCount()).toBe(3);
});

test('tells the plugin what it is asked for, and of the cluster if it wants to know', async () => {
  const credentials = new ExecCredentials();
  await credentials.get(plugin(printing({ token: 'x' })), cluster);
  await credentials.get(
    plugin(printing({ token: 'x' }), { provideClusterInfo: true, config: { audience: 'a' } }),
    cluster,
  );
  const infos = (await readFile(runs, 'utf8'))
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const head = { apiVersion: 'client.authentication.k8s.io/v1beta1', kind: 'ExecCredential' };
  const ca = Buffer.from('the CA').toString('base64');
  expect(infos).toEqual([
    { ...head, spec: { interactive: false } },
    {
      ...head,
      spec: {
        interactive: false,
        cluster: {
          server: 'https://api.example.com',
          'certificate-authority-data': ca,
          config: { audience: 'a' },
        },
      },
    },
  ]);
});

test('gives the plugin the environment that the kubeconfig names', async () => {
  const script = `console.log(JSON.stringify({ status: { token: process.env.ACCOUNT } }))`;
  const login = plugin(script, { env: { ACCOUNT: 'shop' } });
  expect(await new ExecCredentials().get(login, cluster)).toEqual({ token: 'shop' });
});

test.each([
  ['console.error("log in first"); process.exit(3)', 'ended with 3: log in first'],
  ['console.log("hello")', 'printed what is no ExecCredential: '],
  ['console.log("{}")', 'printed neither a token nor a client certificate with its key'],
])('says what went wrong with a plugin: %s', async (script, message) => {
  const credentials = new ExecCredentials();
  await expect(credentials.get(plugin(script), cluster)).rejects.toThrow(
    `the credential plugin ${process.execPath} ${message}`,
  );
  // The next one who asks runs it again.
  await expect(credentials.get(plugin(script), cluster)).rejects.toThrow();
  expect(await runCount()).toBe(2);
});

test('says what to do when the plugin is missing', async () => {
  const missing = { ...plugin(''), command: join(folder, 'nothing'), installHint: 'Install it.' };
  await expect(new ExecCredentials().get(missing, cluster)).rejects.toMatchObject({
    code: 'KUBECONFIG_INVALID',
    message: `the credential plugin ${join(folder, 'nothing')} does not exist`,
    hint: 'Install it.',
  });
});
