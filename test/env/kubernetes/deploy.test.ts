/** The manifests of deploy/: a real API server takes them, and what they grant is enough and no more than that. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { startPilot, type Pilot, type PilotOptions } from '../../../src/app.js';
import { settingOptions } from '../../../src/cli/serve-settings.js';
import { apiResources } from '../../../src/config/kubernetes/resources.js';
import { contextOfFiles } from '../../../src/kubernetes/kubeconfig-files.js';
import {
  ApiFailure,
  KubernetesApi,
  objectPath,
  type KubernetesObject,
} from '../../../testenv/kubernetes/api.mjs';
import type { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { RecordingLogger } from '../../recording-logger.js';
import { run } from '../../unit/cli/run-command.js';
import { Follower, serviceEntry, startWithIstio } from './fixture.js';

const deploy = fileURLToPath(new URL('../../../deploy', import.meta.url));
const root = dirname(deploy);

/** What one rule of a role lets its holders do. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const manifests = await readManifests(join(deploy, 'base'));
const addressRoles = await readManifests(join(deploy, 'addresses'));

const leasePath = '/apis/coordination.k8s.io/v1/namespaces/istio-system/leases/pilotlight-addresses';
const entry = serviceEntry('default', 'deployed', 'deployed.example.com');

let kubernetes: Kubernetes;
let account: KubernetesApi;
let folder: string;
let kubeconfig: string;
const pilots = new Set<Pilot>();

beforeAll(async () => {
  kubernetes = await startWithIstio();
  for (const manifest of manifests) await apply(manifest);
  const token = await kubernetes.token('pilotlight', 'pilotlight');
  account = new KubernetesApi({ server: kubernetes.server, ca: kubernetes.ca, token });
});

afterAll(async () => {
  account.close();
  await kubernetes.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-deploy-'));
  kubeconfig = join(folder, 'kubeconfig');
  const token = await kubernetes.token('pilotlight', 'pilotlight');
  await writeFile(kubeconfig, kubernetes.kubeconfig({ user: { token } }));
});

afterEach(async () => {
  for (const pilot of pilots) await pilot.close();
  pilots.clear();
  await rm(folder, { recursive: true, force: true });
});

/** The objects that a kustomization lists. */
async function readManifests(path: string): Promise<readonly KubernetesObject[]> {
  const text = await readFile(join(path, 'kustomization.yaml'), 'utf8');
  const { resources } = parse(text) as { readonly resources: readonly string[] };
  const texts = await Promise.all(resources.map((name) => readFile(join(path, name), 'utf8')));
  return texts.flatMap((each) =>
    parseAllDocuments(each).map((document) => document.toJS() as KubernetesObject),
  );
}

/** Applies an object as kubectl does; a field that the API server does not know is an error. */
function apply(object: KubernetesObject): Promise<KubernetesObject> {
  const path = `${objectPath(object)}?fieldManager=test&force=true&fieldValidation=Strict`;
  return kubernetes.api.ask(
    'PATCH',
    path,
    object,
    'application/apply-patch+yaml',
  ) as Promise<KubernetesObject>;
}

function manifest(kind: string, name = 'pilotlight'): KubernetesObject {
  const found = manifests.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** The container of a Deployment, as far as tests look at it. */
interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
}

function containerOf(deployment: KubernetesObject): Container {
  const spec = deployment['spec'] as { template: { spec: { containers: [Container] } } };
  return spec.template.spec.containers[0];
}

/** Pilotlight as the Deployment runs it, with the ServiceAccount's token. */
async function start(logger: RecordingLogger, options: PilotOptions = {}): Promise<Pilot> {
  const pilot = await startPilot({
    kubernetes: { kubeconfig, context: undefined, clusterId: undefined },
    systemNamespace: 'istio-system',
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    ...options,
    logger,
  });
  pilots.add(pilot);
  // What keeps it from becoming ready is looked for in the log.
  pilot.ready.catch(() => undefined);
  return pilot;
}

async function page({ httpAddress: { host, port } }: Pilot, path: string): Promise<Response> {
  return fetch(`http://${host}:${port}${path}`);
}

describe('the manifests', () => {
  test('are taken as they are, and a second time change nothing', async () => {
    for (const object of manifests) {
      const before = (await kubernetes.api.get(object)) as KubernetesObject;
      const after = await apply(object);
      expect(after.metadata['resourceVersion']).toBe(before.metadata['resourceVersion']);
    }
  });

  test('make Pods that the strictest Pod security standard allows', async () => {
    const { template } = manifest('Deployment')['spec'] as {
      template: { metadata: object; spec: Record<string, unknown> };
    };
    const pod = (name: string, spec: Record<string, unknown>): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name, namespace: 'pilotlight' },
      spec,
    });
    const lax = { ...template.spec, securityContext: {} };
    await expect(kubernetes.api.create(pod('lax', lax))).rejects.toThrow(/PodSecurity/);
    await kubernetes.api.create(pod('strict', template.spec));
    await kubernetes.api.delete(pod('strict', template.spec));
  });

  test('run on the ports and pages that there are', async () => {
    const container = containerOf(manifest('Deployment'));
    const port = (name: string): number | undefined =>
      container.ports.find((each) => each.name === name)?.containerPort;
    expect(container.args).toContain(`--xds-address=0.0.0.0:${port('grpc-xds')}`);
    expect(container.args).toContain(`--http-address=0.0.0.0:${port('http-monitoring')}`);
    const { ports } = manifest('Service')['spec'] as { ports: { port: number; targetPort: string }[] };
    for (const { port: number, targetPort } of ports) expect(port(targetPort)).toBe(number);
    const pilot = await start(new RecordingLogger());
    await pilot.ready;
    for (const { httpGet } of [container.readinessProbe, container.livenessProbe]) {
      expect(httpGet.port).toBe('http-monitoring');
      expect((await page(pilot, httpGet.path)).status).toBe(200);
    }
  });

  test.each(['base', 'tls', 'addresses'])(
    'start Pilotlight with settings that there are: %s',
    async (name) => {
      const known = settingOptions().map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0]);
      const [command, ...flags] = containerOf(await deploymentOf(name)).args;
      expect(command).toBe('serve');
      for (const flag of flags) expect(known).toContain(flag.replace(/=.*/, ''));
    },
  );

  test('of deploy/tls are taken as patches, and serve TLS on the port that the Service names', async () => {
    const deployment = await deploymentOf('tls');
    expect(containerOf(deployment).args).toContain('--xds-address=0.0.0.0:15012');
    expect(containerOf(deployment).ports[0]).toMatchObject({ name: 'grpc-xds', containerPort: 15012 });
    const service = await patched('tls', manifest('Service'));
    expect(service['spec']).toMatchObject({ ports: [{ name: 'grpc-xds', port: 15012 }, { port: 15014 }] });
    const { volumes, containers } = (
      deployment['spec'] as {
        template: {
          spec: { volumes: { name: string }[]; containers: [{ volumeMounts: { name: string }[] }] };
        };
      }
    ).template.spec;
    expect(volumes.map((volume) => volume.name)).toEqual(['state', 'tls']);
    expect(containers[0].volumeMounts.map((mount) => mount.name)).toEqual(['state', 'tls']);
  });

  test('name the image of this version', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(containerOf(manifest('Deployment'))).toMatchObject({ image: `pilotlight:${version}` });
  });
});

function deploymentOf(name: string): Promise<KubernetesObject> {
  return name === 'base' ? Promise.resolve(manifest('Deployment')) : patched(name, manifest('Deployment'));
}

/** An object with the patch of an overlay, as the API server makes it, without that it stays so. */
async function patched(overlay: string, object: KubernetesObject): Promise<KubernetesObject> {
  const text = await readFile(join(deploy, overlay, `${object.kind.toLowerCase()}.yaml`), 'utf8');
  const path = `${objectPath(object)}?dryRun=All&fieldValidation=Strict`;
  return kubernetes.api.ask(
    'PATCH',
    path,
    parse(text),
    'application/json-patch+json',
  ) as Promise<KubernetesObject>;
}

describe('what the ServiceAccount may do', () => {
  test('is enough to read everything and to serve it', async () => {
    const context = contextOfFiles(kubeconfig, undefined);
    const follower = await Follower.synced(kubernetes, { context });
    expect(follower.failures).toEqual([]);
    const states = follower.source.status().map(({ kind, state }) => [kind, state]);
    expect(states).toEqual(apiResources.map(({ kind }) => [kind, 'watching']));
    const logger = new RecordingLogger();
    const pilot = await start(logger);
    await pilot.ready;
    expect((await page(pilot, '/readyz')).status).toBe(200);
    const complaints = logger.lines.filter(({ level }) => level === 'warn' || level === 'error');
    expect(complaints.map(({ message }) => message)).toEqual([]);
  });

  test('is enough for a dump', async () => {
    await kubernetes.api.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: 'connectTimeout: 7s' },
    });
    const output = join(folder, 'mesh');
    const { code, said } = await run('dump', '--kubeconfig', kubeconfig, '--output', output);
    expect(said).not.toContain('warning');
    expect(code).toBe(0);
    expect(await readFile(join(output, 'mesh.yaml'), 'utf8')).toBe('connectTimeout: 7s\n');
  });

  test('is not to write, and not to read what is not needed', async () => {
    const service: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'made', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    };
    await expectForbidden(() => account.create(service));
    await expectForbidden(() => account.ask('GET', '/api/v1/secrets'));
    await expectForbidden(() => account.ask('GET', '/api/v1/namespaces/pilotlight/secrets'));
    await expectForbidden(() => account.ask('GET', '/api/v1/namespaces/istio-system/configmaps'));
    await expectForbidden(() => account.ask('GET', '/api/v1/namespaces/istio-system/configmaps/other'));
    await expectForbidden(() => account.ask('GET', leasePath));
    await expectForbidden(() => account.patch(entry, { status: { addresses: [] } }, '/status'));
  });

  test('need not be to read Secrets, as long as there are no remote clusters', async () => {
    const binding = manifest('RoleBinding', 'pilotlight-remote-clusters');
    const secrets = '/api/v1/namespaces/istio-system/secrets';
    await account.ask('GET', secrets);
    try {
      await kubernetes.api.delete(binding);
      await eventually('the binding to be gone', () => expectForbidden(() => account.ask('GET', secrets)));
      const logger = new RecordingLogger();
      const pilot = await start(logger);
      await pilot.ready;
      await logger.line('the Secrets of remote clusters in istio-system cannot be read');
      expect((await page(pilot, '/readyz')).status).toBe(200);
    } finally {
      await apply(binding);
      await eventually('the binding to be back', () => account.ask('GET', secrets));
    }
  });

  test.each(grantsOf(manifests))('cannot do without: $title', async (grant) => {
    await expectMissed(grant, async () => {
      const logger = new RecordingLogger();
      await start(logger);
      const line = await logger.line(`cannot ${grant.verb} resource "${grant.resource}"`);
      expect(line.level).toBe('warn');
      expect(line.message).toContain('cannot be read');
    });
  });
});

describe('deploy/addresses', () => {
  beforeAll(async () => {
    await kubernetes.api.apply(entry);
  });

  afterAll(async () => {
    await kubernetes.api.delete(entry);
  });

  beforeEach(forgetAddresses);

  test('adds one argument, to either Deployment, and nothing that reads', async () => {
    const { args } = containerOf(manifest('Deployment'));
    expect(containerOf(await patched('addresses', manifest('Deployment'))).args).toEqual([
      ...args,
      '--auto-allocate=write',
    ]);
    expect(addressRoles.map(({ kind }) => kind)).toEqual([
      'Role',
      'RoleBinding',
      'ClusterRole',
      'ClusterRoleBinding',
    ]);
  });

  test('is what one who writes without it is told to add, while everything is served', async () => {
    const logger = new RecordingLogger();
    const pilot = await start(logger, { autoAllocate: 'write' });
    await pilot.ready;
    const { level, message } = await logger.line('addresses of ServiceEntries are not written');
    expect(level).toBe('warn');
    expect(message).toMatch(
      /the Lease istio-system\/pilotlight-addresses .*cannot get resource "leases".*deploy\/addresses/,
    );
    expect((await page(pilot, '/readyz')).status).toBe(200);
    expect(await (await page(pilot, '/debug/clusters')).text()).toContain('cannot get resource');
  });

  describe('when it is applied', () => {
    beforeAll(async () => {
      for (const role of addressRoles) await apply(role);
    });

    afterAll(async () => {
      for (const role of addressRoles) await kubernetes.api.delete(role);
    });

    test('is enough to write addresses', async () => {
      const logger = new RecordingLogger();
      const pilot = await start(logger, { autoAllocate: 'write' });
      await pilot.ready;
      await eventually('the addresses', async () => {
        const { status } = (await kubernetes.api.get(entry)) as { status?: { addresses?: unknown[] } };
        return status?.addresses?.length === 2 || undefined;
      });
      await pilot.close();
      const complaints = logger.lines.filter(({ level }) => level === 'warn' || level === 'error');
      expect(complaints.map(({ message }) => message)).toEqual([]);
    });

    test('lets nothing but the status of entries and the one Lease be written', async () => {
      await expectForbidden(() => account.patch(entry, { spec: { resolution: 'NONE' } }));
      await expectForbidden(() => account.delete(entry));
      await expectForbidden(() => account.ask('GET', leasePath.replace(/[^/]+$/, 'other')));
      await expectForbidden(() => account.ask('DELETE', leasePath));
    });

    test.each(grantsOf(addressRoles))('cannot do without: $title', async (grant) => {
      await expectMissed(grant, async () => {
        const logger = new RecordingLogger();
        const pilot = await start(logger, { autoAllocate: 'write' });
        const line = await logger.line(`cannot ${grant.verb} resource "${grant.resource}"`);
        expect(line.level).toBe('warn');
        expect(line.message).toContain('addresses of ServiceEntries are not written');
        expect(line.message).toContain('deploy/addresses');
        await pilot.close();
        pilots.delete(pilot);
      });
    });
  });
});

/** Nobody ever wrote addresses here. */
async function forgetAddresses(): Promise<void> {
  await kubernetes.api.ask('DELETE', leasePath).catch((error: unknown) => {
    if (!(error instanceof ApiFailure) || error.status !== 404) throw error;
  });
  await kubernetes.api.patch(entry, { status: { addresses: null } }, '/status');
}

/** One verb for one resource, in a role. */
interface Grant {
  readonly role: KubernetesObject;
  /** Of the rule in the role. */
  readonly index: number;
  readonly resource: string;
  readonly verb: string;
  readonly title: string;
}

function grantsOf(objects: readonly KubernetesObject[]): readonly Grant[] {
  const roles = objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
  return roles.flatMap((role) =>
    (role['rules'] as readonly Rule[]).flatMap((rule, index) =>
      rule.resources.flatMap((resource) =>
        rule.verbs.map((verb) => ({
          role,
          index,
          resource,
          verb,
          title: `${verb} ${resource} (${role.kind} ${role.metadata.name})`,
        })),
      ),
    ),
  );
}

/** Takes a right away, does what is to miss it, and gives it back. */
async function expectMissed({ role, index, resource, verb }: Grant, act: () => Promise<void>): Promise<void> {
  const rules = (role['rules'] as readonly Rule[]).flatMap((rule, at) =>
    at === index ? without(rule, resource, verb) : [rule],
  );
  const [rule] = (role['rules'] as readonly Rule[]).slice(index);
  const [name, subresource] = resource.split('/');
  const attributes = {
    verb,
    resource: name,
    ...(subresource === undefined ? {} : { subresource }),
    group: rule?.apiGroups[0] ?? '',
    ...(role.metadata.namespace === undefined ? {} : { namespace: role.metadata.namespace }),
    ...(rule?.resourceNames === undefined ? {} : { name: rule.resourceNames[0] }),
  };
  const allowed = async (): Promise<boolean> => {
    const review = (await account.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attributes },
    })) as { status: { allowed: boolean } };
    return review.status.allowed;
  };
  await eventually('the rule to be there', async () => (await allowed()) || undefined);
  try {
    await apply({ ...role, rules });
    await eventually('the rule to be gone', async () => !(await allowed()) || undefined);
    await act();
  } finally {
    await apply(role);
    await eventually('the rule to be back', async () => (await allowed()) || undefined);
  }
}

/** A rule as those that leave out one verb for one resource. */
function without(rule: Rule, resource: string, verb: string): readonly Rule[] {
  const others = rule.resources.filter((each) => each !== resource);
  const verbs = rule.verbs.filter((each) => each !== verb);
  return [
    ...(others.length === 0 ? [] : [{ ...rule, resources: others }]),
    ...(verbs.length === 0 ? [] : [{ ...rule, resources: [resource], verbs }]),
  ];
}

/** Fails unless something is forbidden; true if it is. */
async function expectForbidden(act: () => Promise<unknown>): Promise<true> {
  const error: unknown = await act().then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(ApiFailure);
  expect((error as ApiFailure).status).toBe(403);
  return true;
}

test('the image is built from files that the repository has', async () => {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const ignored = await readFile(join(root, '.dockerignore'), 'utf8');
  const kept = [...ignored.matchAll(/^!(.+)$/gm)].map(([, name]) => name ?? '');
  const tracked = execFileSync('git', ['ls-files', '--', ...kept], { cwd: root, encoding: 'utf8' });
  for (const name of kept) expect(tracked.split('\n').some((file) => file.startsWith(name))).toBe(true);
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  for (const name of copied.filter((each) => each !== '.')) expect(kept).toContain(name.replace(/^\.\//, ''));
});
