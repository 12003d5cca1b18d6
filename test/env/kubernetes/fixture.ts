/** A source of a real API server's objects, and what one who follows it has heard. */
import type { Subscription } from 'rxjs';
import { afterEach, expect } from 'vitest';
import { compareStrings } from '../../../src/base/compare.js';
import { silentLogger, type Logger } from '../../../src/base/logger.js';
import { KubernetesObjectSource } from '../../../src/config/kubernetes/source.js';
import { objectKey, refOf, type AnyObject, type Kind } from '../../../src/config/object.js';
import { ContextAccess } from '../../../src/kubernetes/access.js';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { contextOfText, type ReadContext } from '../../../src/kubernetes/kubeconfig-files.js';
import type { Timing } from '../../../src/kubernetes/timing.js';
import { createKubernetesRegistry } from '../../../src/registry/kubernetes/registry.js';
import { createServiceEntryRegistry } from '../../../src/registry/service-entry/registry.js';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { plainContext } from '../../unit/registry/object-builders.js';
import { Recorder } from '../../unit/registry/recorder.js';

/** How a test connects. */
export interface ConnectOptions {
  /** By default the cluster's own kubeconfig, as one who may do everything. */
  readonly context?: ReadContext;
  /** Another way to the server than its own address. */
  readonly server?: string;
  readonly servers?: readonly string[];
  readonly timing?: Partial<Timing>;
  readonly kinds?: ReadonlySet<Kind>;
  readonly revision?: string;
}

/** Failures are noticed and mended sooner than they are for people. */
export const impatient: Partial<Timing> = {
  connect: 1000,
  firstRetry: 50,
  lastRetry: 500,
  discoverMissing: 200,
  discoverAll: 1000,
  absence: 1000,
};

const followers = new Set<Follower>();

afterEach(() => {
  for (const follower of followers) follower.close();
  followers.clear();
});

/** One who connects to a cluster and keeps what it is told, as the events say and in no other way. */
export class Follower {
  readonly source: KubernetesObjectSource;
  readonly objects = new Map<string, AnyObject>();
  /** Keys of objects that were said to be gone, in order. */
  readonly removed: string[] = [];
  /** How often each key was said to be new or changed. */
  readonly upserts = new Map<string, number>();
  readonly failures: string[] = [];
  readonly lines: string[] = [];
  /** What registries of the source say. */
  readonly registries: readonly Recorder[];
  readonly #client: ApiClient;
  readonly #subscription: Subscription;
  #failing = false;

  constructor(kubernetes: Kubernetes, options: ConnectOptions = {}) {
    const { server, servers = [], timing = {} } = options;
    const context =
      options.context ?? contextOfText(kubernetes.kubeconfig(server === undefined ? {} : { server }), 'test');
    const urls = servers.map((url) => new URL(url));
    const access = new ContextAccess(context, urls, lineLogger(this.lines));
    this.#client = new ApiClient(access, { timing: { ...impatient, ...timing } });
    this.source = new KubernetesObjectSource({
      cluster: 'Kubernetes',
      name: 'kubernetes/test',
      client: this.#client,
      logger: lineLogger(this.lines),
      ...(options.kinds === undefined ? {} : { kinds: options.kinds }),
      ...(options.revision === undefined ? {} : { revision: options.revision }),
    });
    this.#subscription = this.source.watch().subscribe((event) => {
      switch (event.type) {
        case 'upsert': {
          const key = objectKey(refOf(event.object));
          this.objects.set(key, event.object);
          this.upserts.set(key, (this.upserts.get(key) ?? 0) + 1);
          break;
        }
        case 'removed':
          this.objects.delete(objectKey(event.ref));
          this.removed.push(objectKey(event.ref));
          break;
        case 'failed':
          this.#failing = true;
          this.failures.push(event.error.message);
          break;
        case 'synced':
          this.#failing = false;
          break;
      }
    });
    this.registries = [createKubernetesRegistry, createServiceEntryRegistry].map(
      (create) => new Recorder(create(this.source, plainContext)),
    );
    followers.add(this);
    this.source.start();
  }

  /** Connects and waits until everything has been said once. */
  static async synced(kubernetes: Kubernetes, options: ConnectOptions = {}): Promise<Follower> {
    const follower = new Follower(kubernetes, options);
    const synced = await follower.source.whenSynced(60_000);
    if (!synced) throw new Error(`the cluster was not read: ${follower.failures.join('\n')}`);
    return follower;
  }

  /** The cluster cannot be read in full, and has been said to be so. */
  get failing(): boolean {
    return this.#failing;
  }

  /** What it was told of an object. */
  get(kind: Kind, namespace: string, name: string): AnyObject | undefined {
    return this.objects.get(objectKey({ kind, namespace, name }));
  }

  /** Waits until something that it was told holds. */
  until(what: string, check: (follower: Follower) => boolean): Promise<true> {
    return eventually(what, () => check(this) || undefined);
  }

  /** What objects and registries come to, without the numbers of versions. */
  state(): unknown {
    const values = this.registries.map((registry) => registry.state());
    return { objects: meanings(this.objects), values: withoutVersions(values) };
  }

  close(): void {
    this.#subscription.unsubscribe();
    for (const registry of this.registries) registry.stop();
    this.source.close();
    this.#client.close();
    followers.delete(this);
  }
}

/** What objects say, without the numbers of their versions. */
export function meanings(objects: ReadonlyMap<string, AnyObject>): Record<string, unknown> {
  const entries = [...objects].map(([key, { metadata, spec }]): [string, unknown] => [
    key,
    { metadata, spec },
  ]);
  return withoutVersions(Object.fromEntries(entries)) as Record<string, unknown>;
}

/** A value without any number of a version in it; what has no own order is sorted. */
function withoutVersions(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'resourceVersion') return undefined;
    return inner instanceof Set ? [...inner].map(String).sort(compareStrings) : inner;
  });
  return JSON.parse(text);
}

/** Waits until one who followed all along knows what one who comes now is told, no less and no more. */
export async function expectAsFresh(follower: Follower, kubernetes: Kubernetes): Promise<void> {
  const fresh = await Follower.synced(kubernetes);
  const expected = fresh.state();
  fresh.close();
  await eventually('the state of a fresh start', () => {
    expect(follower.state()).toEqual(expected);
    return true;
  });
}

function lineLogger(lines: string[]): Logger {
  const add = (message: string): void => {
    lines.push(message);
  };
  return { ...silentLogger, info: add, warn: add, error: add, child: () => lineLogger(lines) };
}

/** Starts a cluster that Istio is installed in: its kinds, and the namespace of what is its own. */
export async function startWithIstio(): Promise<Kubernetes> {
  const kubernetes = await Kubernetes.start();
  try {
    await kubernetes.installCrds();
    await kubernetes.createNamespace('istio-system');
    return kubernetes;
  } catch (error) {
    await kubernetes.stop();
    throw error;
  }
}

let namespaces = 0;

/** A namespace that no other test uses: one that is deleted would stay for ever. */
export async function newNamespace(
  kubernetes: Kubernetes,
  labels?: Readonly<Record<string, string>>,
): Promise<string> {
  namespaces += 1;
  const name = `test-${namespaces}`;
  await kubernetes.createNamespace(name, labels);
  return name;
}

/** A ServiceEntry for one host. */
export function serviceEntry(namespace: string, name: string, host: string): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace },
    spec: {
      hosts: [host],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      resolution: 'DNS',
    },
  };
}

/** A Service of one port. */
export function service(namespace: string, name: string, port = 80): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port, targetPort: 8080 }] },
  };
}

/** A slice of a service's endpoints. */
export function endpointSlice(
  namespace: string,
  of: string,
  addresses: readonly string[],
  name = `${of}-1`,
): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  };
}

/** A Pod that runs and is ready. */
export function pod(namespace: string, name: string, address: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: { containers: [{ name: 'app', image: 'app', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** Does something for each of many, a few at a time. */
export async function forEach<T>(values: readonly T[], work: (value: T) => Promise<unknown>): Promise<void> {
  const waiting = values.values();
  const worker = async (): Promise<void> => {
    for (const value of waiting) await work(value);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
