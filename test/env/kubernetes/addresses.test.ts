/** Addresses of ServiceEntries: in memory, or written to their statuses by the one instance that leads. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startPilot, type Pilot } from '../../../src/app.js';
import { writableEntry, type StatusAddress, type WritableEntry } from '../../../src/clusters/address-plan.js';
import type { AddressWriterStatus } from '../../../src/clusters/address-writer.js';
import { writeAddresses } from '../../../src/clusters/address-write.js';
import type { AutoAllocate } from '../../../src/clusters/live-clusters.js';
import { fromJson } from '../../../src/envoy/json.js';
import { Node } from '../../../src/envoy/messages.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { ContextAccess } from '../../../src/kubernetes/access.js';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { contextOfText } from '../../../src/kubernetes/kubeconfig-files.js';
import { defaultLeaseTiming } from '../../../src/kubernetes/leader-election.js';
import type { Lease } from '../../../src/kubernetes/lease.js';
import { ApiFailure, type KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { AdsClient } from '../../feature/ads-client.js';
import { RecordingLogger } from '../../recording-logger.js';
import { Pilotlight } from '../pilotlight.js';
import { newNamespace, serviceEntry, startWithIstio } from './fixture.js';

const lease: KubernetesObject = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'pilotlight-addresses', namespace: 'istio-system' },
};
const positions = { ipv4: 0n, ipv6: 0n };

let kubernetes: Kubernetes;
let namespace: string;
let folder: string;
let logger: RecordingLogger;
const pilots = new Set<Pilot>();
const processes = new Set<Pilotlight>();

beforeAll(async () => {
  kubernetes = await startWithIstio();
});

afterAll(() => kubernetes.stop());

beforeEach(async () => {
  namespace = await newNamespace(kubernetes);
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-addresses-'));
  await writeFile(join(folder, 'kubeconfig'), kubernetes.kubeconfig());
  logger = new RecordingLogger();
});

afterEach(async () => {
  for (const pilot of pilots) await pilot.close();
  pilots.clear();
  for (const { server } of processes) await server.stop();
  processes.clear();
  await kubernetes.api.deleteAll('networking.istio.io/v1', 'ServiceEntry', namespace);
  await kubernetes.api.delete(lease).catch((error: unknown) => {
    if (!(error instanceof ApiFailure) || error.status !== 404) throw error;
  });
  await rm(folder, { recursive: true, force: true });
});

/** Pilotlight in this process. */
async function start(autoAllocate?: AutoAllocate, kubeconfig = join(folder, 'kubeconfig')): Promise<Pilot> {
  const pilot = await startPilot({
    kubernetes: { kubeconfig },
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    autoAllocate,
    logger,
  });
  pilots.add(pilot);
  await pilot.ready;
  return pilot;
}

/** Pilotlight as a process that writes addresses. */
async function startProcess(): Promise<Pilotlight> {
  const flags = ['--kubeconfig', join(folder, 'kubeconfig'), '--auto-allocate', 'write'];
  const started = await Pilotlight.start(undefined, { flags });
  processes.add(started);
  return started;
}

/** How an instance says that it does with addresses. */
async function statusOf(http: string): Promise<AddressWriterStatus> {
  const response = await fetch(`http://${http}/debug/clusters`);
  const { clusters } = (await response.json()) as {
    readonly clusters: readonly { readonly addresses?: AddressWriterStatus }[];
  };
  const status = clusters[0]?.addresses;
  if (status === undefined) throw new Error('nothing is said of addresses');
  return status;
}

function httpOf({ httpAddress: { host, port } }: Pilot): string {
  return `${host}:${port}`;
}

/** The first of some instances that says that it leads. */
function leaderOf(instances: readonly Pilotlight[]): Promise<Pilotlight> {
  return eventually('a leader', async () => {
    for (const instance of instances) if ((await statusOf(instance.http)).leading) return instance;
    return undefined;
  });
}

interface EntryOptions {
  readonly hosts?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** An entry called `name` for `<name>.example.com`. */
function entry(name: string, { hosts, labels, spec }: EntryOptions = {}): KubernetesObject {
  const { metadata, ...rest } = serviceEntry(namespace, name, `${name}.example.com`);
  return {
    ...rest,
    metadata: { ...metadata, ...(labels === undefined ? {} : { labels }) },
    spec: { ...(rest['spec'] as object), ...(hosts === undefined ? {} : { hosts }), ...spec },
  };
}

async function read(name: string): Promise<KubernetesObject> {
  return (await kubernetes.api.get(entry(name))) as KubernetesObject;
}

/** What the status of an entry says; undefined while it says nothing. */
async function addressesOf(name: string): Promise<readonly StatusAddress[] | undefined> {
  const { status } = (await read(name)) as { readonly status?: { readonly addresses?: StatusAddress[] } };
  return status?.addresses;
}

/** Waits until the status of an entry has addresses for these hosts, in this order. */
function allocated(name: string, ...hosts: readonly string[]): Promise<readonly StatusAddress[]> {
  return eventually(`addresses of ${name}`, async () => {
    const addresses = (await addressesOf(name)) ?? [];
    expect(addresses.map(({ host }) => host)).toEqual(hosts.flatMap((host) => [host, host]));
    return addresses;
  });
}

function allocatedOne(name: string): Promise<readonly StatusAddress[]> {
  return allocated(name, `${name}.example.com`);
}

/** Waits until what a sidecar that answers DNS itself is served holds a text. */
function expectServed(pilot: Pilot, typeUrl: string, text: string): Promise<true> {
  return eventually(
    `${text} in what is served`,
    async () => (await served(pilot, typeUrl)).includes(text) || undefined,
  );
}

/** The bytes of all resources of a type. */
async function served({ xdsAddress }: Pilot, typeUrl: string): Promise<string> {
  const client = new AdsClient(xdsAddress.port);
  try {
    const metadata = {
      NAMESPACE: namespace,
      DNS_CAPTURE: 'true',
      CLUSTER_ID: 'Kubernetes',
      ISTIO_VERSION: '1.31.0',
    };
    const id = `sidecar~10.0.0.9~app.${namespace}~${namespace}.svc.cluster.local`;
    client.send({ node: fromJson(Node, { id, metadata }), typeUrl });
    const { resources } = await client.next();
    return (resources ?? []).map(({ value }) => Buffer.from(value ?? []).toString('latin1')).join('\n');
  } finally {
    client.close();
  }
}

describe('unless told otherwise', () => {
  test('addresses are allocated in memory, and nothing is written', async () => {
    const spec = { ports: [{ number: 9000, name: 'tcp', protocol: 'TCP' }] };
    const { metadata } = (await kubernetes.api.create(entry('plain', { spec }))) as KubernetesObject;
    const pilot = await start();
    await expectServed(pilot, typeUrls.nds, '240.240.0.1');
    await expectServed(pilot, typeUrls.lds, '240.240.0.1_9000');
    expect((await read('plain')).metadata['resourceVersion']).toBe(metadata['resourceVersion']);
    await expect(kubernetes.api.get(lease)).rejects.toThrow(/404/);
  });

  test('what a status has counts', async () => {
    await kubernetes.api.apply({
      ...entry('known'),
      status: { addresses: [{ value: '240.240.7.7', host: 'known.example.com' }] },
    });
    const pilot = await start();
    await expectServed(pilot, typeUrls.nds, '240.240.7.7');
  });
});

describe('one who writes', () => {
  test('gives each entry that qualifies its addresses, once, and serves them', async () => {
    await kubernetes.api.apply(entry('a'));
    await kubernetes.api.apply(
      entry('b', { hosts: ['b1.example.com', '*.b2.example.com', 'b3.example.com'] }),
    );
    await kubernetes.api.apply(entry('none', { spec: { resolution: 'NONE' } }));
    await kubernetes.api.apply(entry('own', { spec: { addresses: ['240.240.0.2'] } }));
    const labels = { 'networking.istio.io/enable-autoallocate-ip': 'false' };
    await kubernetes.api.apply(entry('out', { labels }));
    const pilot = await start('write');
    const a = await allocatedOne('a');
    const b = await allocated('b', 'b1.example.com', 'b3.example.com');
    const values = [...a, ...b].map(({ value }) => value);
    expect(new Set(values).size).toBe(6);
    expect(values).not.toContain('240.240.0.2');
    for (const value of values) expect(value).toMatch(/^(240\.240\.0\.|2001:2::)\d$/);
    for (const name of ['none', 'own', 'out']) expect(await addressesOf(name)).toBeUndefined();

    await expectServed(pilot, typeUrls.nds, a[0]?.value ?? '');
    const { leading, writes, progress } = await statusOf(httpOf(pilot));
    expect({ leading, writes, progress }).toEqual({
      leading: true,
      writes: { written: 2, outdated: 0, rejected: 0, failed: 0 },
      progress: { entries: 5, due: 0, starved: 0 },
    });
    const metrics = await (await fetch(`http://${httpOf(pilot)}/metrics`)).text();
    expect(metrics).toMatch(/^pilotlight_address_writes\{outcome="written"\} 2$/m);
    expect(metrics).toMatch(/^pilotlight_address_writer_leading 1$/m);
  });

  test('takes part by a Lease as client-go has it, and gives it up in the end', async () => {
    const pilot = await start('write');
    await eventually('the Lease', async () => (await statusOf(httpOf(pilot))).leading || undefined);
    const micros = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
    const before = (await kubernetes.api.get(lease)) as Lease;
    expect(before.spec).toEqual({
      holderIdentity: (await statusOf(httpOf(pilot))).leader,
      leaseDurationSeconds: 15,
      acquireTime: expect.stringMatching(micros) as string,
      renewTime: expect.stringMatching(micros) as string,
      leaseTransitions: 0,
    });
    await eventually('a renewal', async () => {
      const { spec } = (await kubernetes.api.get(lease)) as Lease;
      expect(spec.renewTime).not.toBe(before.spec.renewTime);
      expect(spec.acquireTime).toBe(before.spec.acquireTime);
      return true;
    });
    await pilot.close();
    const { spec } = (await kubernetes.api.get(lease)) as Lease;
    expect(spec.holderIdentity).toBeUndefined();
    expect(spec.leaseDurationSeconds).toBe(1);
  });

  test('keeps what hosts have, gives addresses to new ones, and empties what does not qualify any more', async () => {
    await kubernetes.api.apply(entry('a'));
    await start('write');
    const before = await allocatedOne('a');
    await kubernetes.api.apply(entry('a', { hosts: ['new.example.com', 'a.example.com'] }));
    const grown = await allocated('a', 'new.example.com', 'a.example.com');
    expect(grown.slice(2)).toEqual(before);
    await kubernetes.api.apply(entry('a', { spec: { addresses: ['10.20.30.40'] } }));
    await eventually('no address any more', async () => (await addressesOf('a'))?.length === 0 || undefined);
    await kubernetes.api.patch(entry('a'), { spec: { addresses: null } });
    await allocatedOne('a');
  });

  test('gives way to addresses that people name', async () => {
    await kubernetes.api.apply(entry('a'));
    await start('write');
    const [first] = await allocatedOne('a');
    await kubernetes.api.apply(entry('user', { spec: { addresses: [first?.value ?? ''] } }));
    await eventually('another address', async () => {
      const addresses = (await addressesOf('a')) ?? [];
      expect(addresses.length).toBe(2);
      expect(addresses.map(({ value }) => value)).not.toContain(first?.value);
      return true;
    });
    expect(await addressesOf('user')).toBeUndefined();
  });

  test('lets the older of two entries keep what both have', async () => {
    const shared = [{ value: '240.240.9.9', host: 'x.example.com' }];
    const hosts = ['x.example.com'];
    await kubernetes.api.apply({ ...entry('b-old', { hosts }), status: { addresses: shared } });
    // Creation times are whole seconds.
    const { metadata } = await read('b-old');
    const young = { ...entry('a-young', { hosts }), status: { addresses: shared } };
    await eventually('a later second', async () => {
      await kubernetes.api.apply(young);
      const { metadata: made } = await read('a-young');
      if (made['creationTimestamp'] !== metadata['creationTimestamp']) return true;
      await kubernetes.api.delete(young);
      return undefined;
    });
    await start('write');
    await allocated('a-young', 'x.example.com');
    expect(await addressesOf('b-old')).toEqual(shared);
  });

  test('mends a status that somebody else empties, and leaves alone what others add', async () => {
    await kubernetes.api.apply(entry('a'));
    await start('write');
    await allocatedOne('a');
    const conditions = [{ type: 'Reconciled', status: 'True' }];
    await kubernetes.api.patch(entry('a'), { status: { addresses: [], conditions } }, '/status');
    await allocatedOne('a');
    expect(await read('a')).toMatchObject({ status: { conditions } });
  });

  test('waits for the kind where it is not defined', async () => {
    const bare = await Kubernetes.start();
    try {
      await bare.createNamespace('istio-system');
      await bare.createNamespace(namespace);
      await writeFile(join(folder, 'bare'), bare.kubeconfig());
      const pilot = await start('write', join(folder, 'bare'));
      await eventually('the lead', async () => (await statusOf(httpOf(pilot))).leading || undefined);
      await bare.installCrds(['serviceentries.networking.istio.io']);
      await bare.api.apply(entry('late'));
      await eventually('the addresses', async () => {
        const { status } = (await bare.api.get(entry('late'))) as { status?: { addresses: unknown[] } };
        expect(status?.addresses).toHaveLength(2);
        return true;
      });
      expect((await statusOf(httpOf(pilot))).errors).toEqual([]);
      await pilot.close();
      pilots.delete(pilot);
    } finally {
      await bare.stop();
    }
  });

  test('writes to hundreds of entries that come at once', async () => {
    const hosts = Array.from({ length: 400 }, (_, index) => `h${index}.example.com`);
    await Promise.all(
      hosts.map((host, index) => kubernetes.api.create(serviceEntry(namespace, `e${index}`, host))),
    );
    const pilot = await start('write');
    await eventually('all of them to be written', async () => {
      const { progress } = await statusOf(httpOf(pilot));
      expect(progress).toEqual({ entries: 400, due: 0, starved: 0 });
      return true;
    });
    const path = `/apis/networking.istio.io/v1/namespaces/${namespace}/serviceentries`;
    const { items } = (await kubernetes.api.ask('GET', path)) as {
      readonly items: readonly { readonly status: { readonly addresses: readonly StatusAddress[] } }[];
    };
    const values = items.flatMap(({ status }) => status.addresses.map(({ value }) => value));
    expect(new Set(values).size).toBe(800);
    expect((await statusOf(httpOf(pilot))).writes).toEqual({
      written: 400,
      outdated: 0,
      rejected: 0,
      failed: 0,
    });
  });
});

describe('a write', () => {
  const path = '/apis/networking.istio.io/v1/serviceentries';
  const { signal } = new AbortController();
  let client: ApiClient;

  beforeEach(() => {
    client = new ApiClient(new ContextAccess(contextOfText(kubernetes.kubeconfig(), 'test')));
  });

  afterEach(() => client.close());

  async function stored(name: string): Promise<WritableEntry> {
    return writableEntry(await read(name));
  }

  const addresses = [{ value: '240.240.0.1', host: 'a.example.com' }];

  test.each<[string, () => Promise<unknown>]>([
    ['its spec', () => kubernetes.api.apply(entry('a', { hosts: ['b.example.com'] }))],
    ['its status', () => kubernetes.api.patch(entry('a'), { status: { conditions: [] } }, '/status')],
    ['its labels', () => kubernetes.api.apply(entry('a', { labels: { changed: 'yes' } }))],
    ['all of it', () => kubernetes.api.delete(entry('a')).then(() => kubernetes.api.apply(entry('a')))],
  ])('is refused when somebody changed %s meanwhile', async (_, change) => {
    await kubernetes.api.apply(entry('a'));
    const old = await stored('a');
    await change();
    const result = await writeAddresses(client, path, { entry: old, addresses, positions }, signal);
    expect(result).toEqual({ outcome: 'outdated' });
    expect(await addressesOf('a')).toBeUndefined();
  });

  test('to an entry that is gone makes none', async () => {
    await kubernetes.api.apply(entry('a'));
    const old = await stored('a');
    await kubernetes.api.delete(entry('a'));
    const result = await writeAddresses(client, path, { entry: old, addresses, positions }, signal);
    expect(result).toEqual({ outcome: 'outdated' });
    await expect(read('a')).rejects.toThrow(/404/);
  });

  test('gives the entry as it is then, which can be written to again', async () => {
    await kubernetes.api.apply(entry('a'));
    const first = await writeAddresses(
      client,
      path,
      { entry: await stored('a'), addresses, positions },
      signal,
    );
    if (first.outcome !== 'written') throw new Error(first.outcome);
    expect(first.now).toEqual(await stored('a'));
    const second = await writeAddresses(client, path, { entry: first.now, addresses: [], positions }, signal);
    expect(second.outcome).toBe('written');
    expect(await addressesOf('a')).toEqual([]);
  });
});

describe('of several instances', () => {
  test('one writes; another one takes over when it is stopped, and when it is killed', async () => {
    const { duration, retryPeriod, jitter } = defaultLeaseTiming;
    const retry = retryPeriod * (1 + jitter);
    await kubernetes.api.apply(entry('a'));
    const all = [await startProcess(), await startProcess(), await startProcess()];
    const first = await leaderOf(all);
    const before = await allocatedOne('a');
    const others = all.filter((instance) => instance !== first);
    for (const { http } of others) {
      await eventually('the leader to be known', async () => {
        expect((await statusOf(http)).leader).toBe((await statusOf(first.http)).leader);
        return true;
      });
      expect(await statusOf(http)).toMatchObject({ leading: false, writes: { written: 0 } });
    }

    processes.delete(first);
    await first.server.stop();
    const stopped = performance.now();
    const second = await leaderOf(others);
    expect(performance.now() - stopped).toBeLessThan(Math.min(duration, retry + 2000));
    await kubernetes.api.apply(entry('b'));
    await allocatedOne('b');
    expect(await addressesOf('a')).toEqual(before);

    processes.delete(second);
    await second.server.stop('SIGKILL');
    const killed = performance.now();
    await kubernetes.api.apply(entry('c'));
    const third = await leaderOf(others.filter((instance) => instance !== second));
    // What it renewed last may have been as much before the end, and lasts for its time.
    expect(performance.now() - killed).toBeGreaterThan(duration - 2 * retry);
    expect(performance.now() - killed).toBeLessThan(duration + retry + 2000);
    await allocatedOne('c');
    expect(await statusOf(third.http)).toMatchObject({ writes: { written: 1, outdated: 0 } });
    const { spec } = (await kubernetes.api.get(lease)) as Lease;
    expect(spec.leaseTransitions).toBe(2);
  });
});
