/** What fails on the way to a cluster, and in it: what was known stays, and what happened meanwhile is found out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOfText } from '../../../src/kubernetes/kubeconfig-files.js';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { freePorts } from '../../../testenv/ports.mjs';
import { TcpProxy } from '../tcp-proxy.js';
import {
  endpointSlice,
  expectAsFresh,
  Follower,
  newNamespace,
  pod,
  service,
  serviceEntry,
} from './fixture.js';

/** What a test changes while a cluster cannot be read, and what is to be known of it afterwards. */
interface Change {
  /** Makes what the change is to. */
  readonly before: () => Promise<void>;
  readonly change: () => Promise<void>;
  /** That the change is known. */
  readonly arrived: (follower: Follower) => boolean;
  /** The only objects that go. */
  readonly removed: readonly string[];
}

/** One object is changed, one comes, one goes. */
function changeIn(kubernetes: Kubernetes, namespace: string): Change {
  const [kept, gone, fresh] = ['kept', 'gone', 'new'].map((name) => service(namespace, name));
  const entry = serviceEntry(namespace, 'entry', 'a.example.com');
  if (kept === undefined || gone === undefined || fresh === undefined)
    throw new Error('there are three services');
  return {
    before: async () => {
      for (const object of [kept, gone, entry, pod(namespace, 'web', '10.0.0.1')])
        await kubernetes.api.apply(object);
    },
    change: async () => {
      await kubernetes.api.patch(kept, { metadata: { labels: { changed: 'yes' } } });
      await kubernetes.api.delete(gone);
      await kubernetes.api.apply(fresh);
      await kubernetes.api.patch(entry, { spec: { hosts: ['b.example.com'] } });
    },
    arrived: (follower) =>
      follower.get('Service', namespace, 'kept')?.metadata.labels['changed'] === 'yes' &&
      follower.get('Service', namespace, 'gone') === undefined &&
      follower.get('Service', namespace, 'new') !== undefined &&
      JSON.stringify(follower.get('ServiceEntry', namespace, 'entry')?.spec).includes('b.example.com'),
    removed: [`Service/${namespace}/gone`],
  };
}

/** Names of the objects that were said again since these counts were taken. */
function saidAgain({ upserts }: Follower, known: ReadonlyMap<string, number>): ReadonlySet<string> {
  const again = [...upserts].filter(([key, count]) => known.has(key) && count !== known.get(key));
  return new Set(again.map(([key]) => key.split('/').at(-1) ?? ''));
}

/** How often Services had to be listed. */
function lists({ source }: Follower): number | undefined {
  return source.status().find(({ kind }) => kind === 'Service')?.lists;
}

/** A watch that is silent for so long is begun again; where nothing happens, this comes to pass all the time. */
const timing = { silence: 2000 };

describe('on the way', () => {
  let kubernetes: Kubernetes;
  let proxy: TcpProxy;

  beforeAll(async () => {
    kubernetes = await Kubernetes.start();
    await kubernetes.installCrds();
    proxy = await TcpProxy.start(new URL(kubernetes.server));
  });

  afterAll(async () => {
    await proxy.stop();
    await kubernetes.stop();
  });

  test('a connection that is cut is made anew, and watches go on where they were', async () => {
    const change = changeIn(kubernetes, await newNamespace(kubernetes));
    await change.before();
    const follower = await Follower.synced(kubernetes, { server: proxy.url });
    const known = new Map(follower.upserts);
    proxy.cut();
    await change.change();
    await follower.until('the change', change.arrived);
    await expectAsFresh(follower, kubernetes);
    expect(follower.removed).toEqual(change.removed);
    expect(lists(follower)).toBe(1);
    expect(saidAgain(follower, known)).toEqual(new Set(['kept', 'entry']));
    // A cut that is mended at once is nothing to be told of.
    expect(follower.failures).toEqual([]);
  });

  test('each watch has its connection, and changes make no further ones', async () => {
    const follower = await Follower.synced(kubernetes, { server: proxy.url });
    const { connections } = proxy;
    expect(connections).toBeGreaterThanOrEqual(follower.source.status().length);
    await kubernetes.api.apply(service(await newNamespace(kubernetes), 'web'));
    await expectAsFresh(follower, kubernetes);
    // Some wait for what else is to be asked.
    expect(proxy.connections).toBeLessThanOrEqual(connections + 4);
  });

  test('a connection that hangs is noticed by its silence, and made anew', async () => {
    const change = changeIn(kubernetes, await newNamespace(kubernetes));
    await change.before();
    const follower = await Follower.synced(kubernetes, { server: proxy.url, timing });
    proxy.stall();
    await change.change();
    const before = follower.state();
    await follower.until('that nothing is heard', ({ failing }) => failing);
    expect(follower.state()).toEqual(before);
    const [registry] = follower.registries;
    expect(registry?.statuses.at(-1)).toMatchObject({ state: 'degraded' });
    proxy.resume();
    await follower.until('the change', change.arrived);
    await follower.until('that all is well', ({ failing }) => !failing);
    await expectAsFresh(follower, kubernetes);
    expect(follower.removed).toEqual(change.removed);
  });

  test('a server that does not answer gives way to another one', async () => {
    const second = await TcpProxy.start(new URL(kubernetes.server));
    try {
      const change = changeIn(kubernetes, await newNamespace(kubernetes));
      await change.before();
      const follower = await Follower.synced(kubernetes, { servers: [proxy.url, second.url], timing });
      expect(proxy.connections).toBeGreaterThan(0);
      expect(second.connections).toBe(0);
      proxy.stall();
      await change.change();
      await follower.until('the change', change.arrived);
      expect(second.connections).toBeGreaterThan(0);
      second.refuse();
      proxy.resume();
      await follower.until('the first server again', () => proxy.connections > 0);
      await expectAsFresh(follower, kubernetes);
      expect(follower.removed).toEqual(change.removed);
    } finally {
      proxy.resume();
      await second.stop();
    }
  });

  test('a cluster that cannot be reached at first is waited for a while, and read when it can be', async () => {
    proxy.refuse();
    const follower = new Follower(kubernetes, { server: proxy.url });
    expect(await follower.source.whenSynced(300)).toBe(false);
    await follower.until('the failure', ({ failures }) => failures.length > 0);
    expect(follower.source.failure).toMatchObject({ code: 'CLUSTER_UNREADABLE' });
    expect(follower.objects.size).toBe(0);
    proxy.accept();
    expect(await follower.source.whenSynced(60_000)).toBe(true);
    await expectAsFresh(follower, kubernetes);
    expect(follower.failing).toBe(false);
  });

  test('a source that is closed lets go of everything', async () => {
    const follower = await Follower.synced(kubernetes, { server: proxy.url });
    expect(proxy.connections).toBeGreaterThan(0);
    follower.close();
    await follower.until('the end of the connection', () => proxy.connections === 0);
  });
});

describe('in the cluster', () => {
  test('an API server that is stopped and started loses nothing, though it forgot what had changed', async () => {
    const kubernetes = await Kubernetes.start();
    try {
      await kubernetes.installCrds();
      const namespace = await newNamespace(kubernetes);
      const change = changeIn(kubernetes, namespace);
      await change.before();
      const proxy = await TcpProxy.start(new URL(kubernetes.server));
      const follower = await Follower.synced(kubernetes, { server: proxy.url });
      // What happens while nobody can follow is not in the memory of a server that was started afterwards.
      proxy.refuse();
      await change.change();
      await kubernetes.stopApiServer();
      proxy.accept();
      await follower.until('the failure', ({ failing }) => failing);
      expect(follower.removed).toEqual([]);
      await kubernetes.startApiServer();
      await follower.until('the change', change.arrived);
      await follower.until('that all is well', ({ failing }) => !failing);
      await expectAsFresh(follower, kubernetes);
      expect(lists(follower)).toBe(2);
      expect(follower.removed).toEqual(change.removed);
      await proxy.stop();
    } finally {
      await kubernetes.stop();
    }
  });

  test('an API server that moves is found where the kubeconfig says it is now', async () => {
    const kubernetes = await Kubernetes.start();
    try {
      await kubernetes.installCrds();
      const namespace = await newNamespace(kubernetes);
      const first = await TcpProxy.start(new URL(kubernetes.server));
      const second = await TcpProxy.start(new URL(kubernetes.server));
      let url = first.url;
      const follower = await Follower.synced(kubernetes, {
        context: () => contextOfText(kubernetes.kubeconfig({ server: url }), 'test')(),
      });
      url = second.url;
      await first.stop();
      await kubernetes.api.apply(service(namespace, 'late'));
      await expectAsFresh(follower, kubernetes);
      expect(second.connections).toBeGreaterThan(0);
      await second.stop();
    } finally {
      await kubernetes.stop();
    }
  });
});

describe('where the server has no memory of changes', () => {
  let kubernetes: Kubernetes;
  let proxy: TcpProxy;

  beforeAll(async () => {
    // Every watch is then one of etcd, which forgets what is compacted.
    kubernetes = await Kubernetes.start({ flags: ['--watch-cache=false'] });
    await kubernetes.installCrds();
    proxy = await TcpProxy.start(new URL(kubernetes.server));
  });

  afterAll(async () => {
    await proxy.stop();
    await kubernetes.stop();
  });

  test('a watch that is too old is answered by a list of which only the differences are told', async () => {
    const change = changeIn(kubernetes, await newNamespace(kubernetes));
    await change.before();
    const follower = await Follower.synced(kubernetes, { server: proxy.url });
    const known = new Map(follower.upserts);
    proxy.refuse();
    await change.change();
    await kubernetes.compact();
    proxy.accept();
    await follower.until('the change', change.arrived);
    await expectAsFresh(follower, kubernetes);
    expect(lists(follower)).toBe(2);
    expect(follower.removed).toEqual(change.removed);
    expect(saidAgain(follower, known)).toEqual(new Set(['kept', 'entry']));
  });

  test('an object that is deleted and made again meanwhile is another one', async () => {
    const namespace = await newNamespace(kubernetes);
    const slice = endpointSlice(namespace, 'web', ['10.0.0.1']);
    await kubernetes.api.apply(slice);
    const follower = await Follower.synced(kubernetes, { server: proxy.url });
    proxy.refuse();
    await kubernetes.api.delete(slice);
    await kubernetes.api.apply(endpointSlice(namespace, 'web', ['10.0.0.2']));
    await kubernetes.compact();
    proxy.accept();
    await follower.until('the new slice', () =>
      JSON.stringify(follower.get('EndpointSlice', namespace, 'web-1')?.spec).includes('10.0.0.2'),
    );
    await expectAsFresh(follower, kubernetes);
    expect(follower.removed).toEqual([]);
  });
});

test('a cluster of which nobody answers is told with its address', async () => {
  const kubernetes = await Kubernetes.start();
  const [port] = await freePorts(1);
  try {
    const follower = new Follower(kubernetes, { server: `https://127.0.0.1:${port}` });
    await follower.until('the failure', ({ failures }) => failures.length > 0);
    expect(follower.failures[0]).toBe(`connect ECONNREFUSED 127.0.0.1:${port}`);
  } finally {
    await kubernetes.stop();
  }
});
