import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ContextAccess } from '../../../src/kubernetes/access.js';
import { contextOfFiles, contextOfPod, contextOfText } from '../../../src/kubernetes/kubeconfig-files.js';
import { parseKubeconfig, refuseReferences, selectContext } from '../../../src/kubernetes/kubeconfig.js';

type Fields = Readonly<Record<string, unknown>>;

const server = { server: 'https://api.example.com:6443' };

/** A kubeconfig of one context named `main`. */
function kubeconfig(cluster: Fields = {}, user: Fields = {}, name = 'main'): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { ...server, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'shop' } }],
    'current-context': name,
  });
}

function contextOf(cluster: Fields, user: Fields) {
  return selectContext(parseKubeconfig(kubeconfig(cluster, user), 'test', '/folder'));
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-kubeconfig-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a context', () => {
  test('is a cluster and a user', () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const context = contextOf(
      {
        'certificate-authority-data': base64('the CA'),
        'tls-server-name': 'kubernetes',
        'proxy-url': 'http://proxy:3128',
      },
      { 'client-certificate-data': base64('the certificate'), 'client-key': 'keys/client.key' },
    );
    expect(context).toEqual({
      name: 'main',
      namespace: 'shop',
      cluster: {
        server: new URL('https://api.example.com:6443'),
        ca: { text: 'the CA' },
        serverName: 'kubernetes',
        proxy: new URL('http://proxy:3128'),
        insecure: false,
      },
      user: { cert: { text: 'the certificate' }, key: { file: '/folder/keys/client.key' } },
    });
  });

  test('takes a token from its file before the token beside it, as kubectl does', () => {
    expect(contextOf({}, { token: 'old', tokenFile: '/run/token' }).user).toEqual({
      token: { file: '/run/token' },
    });
    expect(contextOf({}, { token: 'old' }).user).toEqual({ token: { text: 'old' } });
  });

  test('names a plugin by a path relative to the kubeconfig, or by a name in the PATH', () => {
    const exec = (command: string) => contextOf({}, { exec: { command } }).user.exec;
    expect(exec('./bin/login')?.command).toBe('/folder/bin/login');
    expect(exec('/usr/bin/login')?.command).toBe('/usr/bin/login');
    expect(exec('login')).toMatchObject({ command: 'login', args: [], env: {}, provideClusterInfo: false });
  });

  test.each([
    [{ server: 'api.example.com:6443' }, {}, 'test: server "api.example.com:6443" is not a URL'],
    [{ server: '' }, {}, 'test: server "" is not a URL that begins with https:// or http://'],
    [
      { 'proxy-url': 'socks5://proxy' },
      {},
      'test: proxy-url "socks5://proxy" is not a URL that begins with http://',
    ],
    [{}, { token: 5 }, 'test: token has to be a string'],
    [{}, { exec: { args: [] } }, 'test: an exec plugin has to have a command'],
    [{}, { 'auth-provider': { name: 'oidc' } }, 'test: auth-provider is not supported'],
  ])('with %j and %j is refused', (cluster, user, message) => {
    expect(() => contextOf(cluster, user)).toThrow(message);
    expect(() => contextOf(cluster, user)).toThrow(expect.objectContaining({ code: 'KUBECONFIG_INVALID' }));
  });

  test('that there is not is refused with those that there are', () => {
    const parsed = parseKubeconfig(kubeconfig(), 'test', '/');
    expect(() => selectContext(parsed, 'other')).toThrow(
      expect.objectContaining({ message: 'the kubeconfig has no context "other"', hint: 'It has main.' }),
    );
    expect(() => selectContext({ ...parsed, currentContext: '' })).toThrow(
      'the kubeconfig has no current context',
    );
    const homeless = { ...parsed, clusters: new Map() };
    expect(() => selectContext(homeless)).toThrow(
      'test: context "main" names the cluster "main", which there is not',
    );
  });
});

test.each([
  ['- a\n- b', 'test: is no kubeconfig'],
  ['{', 'test: cannot be parsed'],
  ['clusters: {}', 'test: clusters has to be a list'],
  ['users: [{ user: {} }]', 'test: each of users has to have a name and a user'],
])('text that is no kubeconfig is refused: %j', (text, message) => {
  expect(() => parseKubeconfig(text, 'test', '/')).toThrow(message);
});

describe('a kubeconfig from elsewhere', () => {
  test('may hold certificates and a token', () => {
    const data = { 'client-certificate-data': 'eA==', 'client-key-data': 'eA==' };
    expect(() =>
      refuseReferences(contextOf({ 'certificate-authority-data': 'eA==' }, { token: 'x' })),
    ).not.toThrow();
    expect(() => refuseReferences(contextOf({}, data))).not.toThrow();
  });

  test.each([
    [{ 'certificate-authority': '/ca' }, {}, 'certificate-authority'],
    [{ 'insecure-skip-tls-verify': true }, {}, 'insecure-skip-tls-verify'],
    [{}, { tokenFile: '/token' }, 'tokenFile'],
    [{}, { 'client-certificate': '/crt' }, 'client-certificate'],
    [{}, { 'client-key': '/key' }, 'client-key'],
    [{}, { exec: { command: 'sh' } }, 'exec'],
    [{}, { as: 'somebody' }, 'as'],
  ])('must not name files or programs: %j, %j', (cluster, user, field) => {
    expect(() => refuseReferences(contextOf(cluster, user))).toThrow(
      `context "main" uses ${field}, which is not allowed here`,
    );
  });
});

describe('kubeconfigs are found', () => {
  test('by name, by KUBECONFIG, or in the home folder', async () => {
    await mkdir(join(folder, '.kube'));
    const [named, listed] = [join(folder, 'named'), join(folder, 'listed')];
    await writeFile(named, kubeconfig({}, {}, 'named'));
    await writeFile(listed, kubeconfig({}, {}, 'listed'));
    await writeFile(join(folder, '.kube', 'config'), kubeconfig({}, {}, 'own'));
    const env = { HOME: folder, KUBECONFIG: listed };
    const name = async (...args: Parameters<typeof contextOfFiles>) => (await contextOfFiles(...args)()).name;
    expect(await name(named, undefined, env)).toBe('named');
    expect(await name(undefined, undefined, env)).toBe('listed');
    expect(await name(undefined, undefined, { HOME: folder })).toBe('own');
    await expect(name(undefined, undefined, { HOME: join(folder, 'x') })).rejects.toThrow(
      `there is no kubeconfig at ${join(folder, 'x', '.kube', 'config')}`,
    );
  });

  test('several in KUBECONFIG are one, the first of one name counts, and one that is missing is no error', async () => {
    const paths = ['first', 'missing', 'second'].map((name) => join(folder, name));
    const other = 'https://other.example.com';
    await writeFile(paths[0] ?? '', kubeconfig({}, { token: 'a' }));
    const second = kubeconfig({ server: other }, { token: 'b' });
    await writeFile(
      paths[2] ?? '',
      second.replace('contexts:', 'contexts:\n  - { name: more, context: { cluster: main } }'),
    );
    const env = { KUBECONFIG: paths.join(delimiter) };
    expect(await contextOfFiles(undefined, undefined, env)()).toMatchObject({
      name: 'main',
      cluster: { server: new URL(server.server) },
      user: { token: { text: 'a' } },
    });
    expect(await contextOfFiles(undefined, 'more', env)()).toMatchObject({ name: 'more', user: {} });
  });

  test('a pod without a cluster has none', async () => {
    await expect(contextOfPod({}, folder)()).rejects.toThrow(
      'this process does not run in a pod of a cluster',
    );
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const { cluster } = await contextOfPod(env, folder)();
    expect(cluster.server.href).toBe('https://[fd00::1]/');
  });
});

describe('access', () => {
  test('sends a token, a name and a password, or who to act as', async () => {
    const headers = async (user: Fields) =>
      (await new ContextAccess(contextOfText(kubeconfig({}, user), 'test')).endpoint()).headers;
    expect(await headers({ token: 'x' })).toEqual({ authorization: 'Bearer x' });
    expect(await headers({ username: 'me', password: 'secret' })).toEqual({
      authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
    });
    expect(await headers({ token: 'x', as: 'you', 'as-groups': ['a', 'b'] })).toEqual({
      authorization: 'Bearer x',
      'impersonate-user': 'you',
      'impersonate-group': ['a', 'b'],
    });
    expect(await headers({})).toEqual({});
  });

  test('reads files each time, and the kubeconfig when it does not work any more', async () => {
    const token = join(folder, 'token');
    await writeFile(token, 'one\n');
    let text = kubeconfig({}, { tokenFile: token });
    const access = new ContextAccess(() => contextOfText(text, 'test')());
    const authorization = async () => (await access.endpoint()).headers['authorization'];
    expect(await authorization()).toBe('Bearer one');
    await writeFile(token, 'two');
    expect(await authorization()).toBe('Bearer two');
    text = kubeconfig({}, { token: 'three' });
    expect(await authorization()).toBe('Bearer two');
    access.refused(await access.endpoint());
    expect(await authorization()).toBe('Bearer three');
    text = kubeconfig({}, { token: 'four' });
    access.unreachable();
    expect(await authorization()).toBe('Bearer four');
  });

  test('that was refused before it was renewed does not renew what is new', async () => {
    let reads = 0;
    const access = new ContextAccess(() => {
      reads += 1;
      return contextOfText(kubeconfig({}, { token: `token ${reads}` }), 'test')();
    });
    const old = await access.endpoint();
    access.refused(old);
    const renewed = await access.endpoint();
    access.refused(old);
    expect(await access.endpoint()).toEqual(renewed);
    expect(reads).toBe(2);
  });

  test('keeps a kubeconfig that worked while it cannot be read, and says so once', async () => {
    let text = kubeconfig({}, { token: 'x' });
    const warnings: string[] = [];
    const warn = (message: string): void => {
      warnings.push(message);
    };
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, error: ignore, warn, child: () => logger };
    const access = new ContextAccess(() => contextOfText(text, 'test')(), [], logger);
    const first = await access.endpoint();
    text = '{';
    for (let count = 0; count < 3; count += 1) {
      access.unreachable();
      expect(await access.endpoint()).toEqual(first);
    }
    expect(warnings).toEqual([
      expect.stringContaining('the kubeconfig is used as it was before: test: cannot be parsed'),
    ]);
  });

  test('goes to other servers than the kubeconfig names where it is told so', async () => {
    const servers = [new URL('https://a:6443'), new URL('https://b:6443')];
    const access = new ContextAccess(contextOfText(kubeconfig(), 'test'), servers);
    expect((await access.endpoint()).connection.servers).toEqual(servers);
  });
});
