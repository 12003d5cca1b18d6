/**
 * A cluster of 1,000 services and 10,000 pods on a real API server on the same machine: how long it takes to read it, and
 * until an Envoy has accepted a change.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotAvailable } from '../testenv/cache.mjs';
import { envoyBinary } from '../testenv/envoy/install.mjs';
import { kubernetesParts } from '../testenv/kubernetes/install.mjs';
import { Kubernetes } from '../testenv/kubernetes/kubernetes.mjs';
import { runTool } from '../testenv/run-tool.mjs';
import { percentile } from './load/statistics.mjs';
import { median } from './median.mjs';
import { PilotWithEnvoy } from './pilot-with-envoy.mjs';

const serviceCount = 1000;
const podsOfService = 10;
const runs = 3;
const changes = 50;
const namespace = 'shop';

const loader = fileURLToPath(new URL('kubernetes/load.mjs', import.meta.url));

/** Reading is from nothing to the first snapshot, the median of some runs. */
export async function kubernetes() {
  try {
    await kubernetesParts();
    await envoyBinary();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    console.log(`kubernetes: left out: ${error.message}`);
    return [];
  }
  const cluster = await Kubernetes.start();
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-bench-'));
  try {
    await cluster.installCrds();
    await seed(cluster);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, cluster.kubeconfig());
    const loads = [];
    for (let run = 0; run < runs; run += 1) {
      loads.push(JSON.parse(await runTool(process.execPath, ['--expose-gc', loader, kubeconfig])));
    }
    /** @param {string} name */
    const middle = (name) => median(loads.map((load) => load[name]));
    const mega = 1024 * 1024;
    const accepted = await followed(cluster.api, kubeconfig);
    const what = `${serviceCount} services and ${serviceCount * podsOfService} pods`;
    return [
      { what: `${what} read`, value: middle('read'), unit: 'ms' },
      { what: `${what} read, and the first snapshot`, value: middle('total'), unit: 'ms', limit: 10_000 },
      { what: 'resident memory before', value: middle('before') / mega, unit: 'MB' },
      { what: 'resident memory at most', value: middle('peak') / mega, unit: 'MB' },
      { what: 'heap in use after that', value: middle('heapUsed') / mega, unit: 'MB' },
      { what: 'change to ACK, median', value: percentile(accepted, 0.5), unit: 'ms' },
      { what: 'change to ACK, 95 of 100', value: percentile(accepted, 0.95), unit: 'ms', limit: 500 },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
    await cluster.stop();
  }
}

/**
 * An endpoint becomes ready and not ready, one change after the other: milliseconds until Envoy has accepted each.
 * @param {Kubernetes['api']} api @param {string} kubeconfig
 */
async function followed(api, kubeconfig) {
  const [index, name] = [7, 'web-7'];
  const { endpoints: all, ...rest } = slice(
    name,
    Array.from({ length: podsOfService }, (_, each) => pod(name, index, each)),
  );
  const pilot = new PilotWithEnvoy();
  try {
    const cluster = `outbound|80||${name}.${namespace}.svc.cluster.local`;
    await pilot.start({ kubernetes: { kubeconfig } }, { cluster, namespace });
    return await pilot.follow(changes, (round) => {
      const conditions = { ready: round % 2 === 1, serving: true, terminating: false };
      const endpoints = all.map((endpoint, each) => (each === 0 ? { ...endpoint, conditions } : endpoint));
      return api.patch(rest, { endpoints });
    });
  } finally {
    await pilot.stop();
  }
}

/** @param {Kubernetes} cluster */
async function seed({ api }) {
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const numbers = Array.from({ length: serviceCount }, (_, index) => index).values();
  const worker = async () => {
    for (const index of numbers) {
      const name = `web-${index}`;
      const pods = Array.from({ length: podsOfService }, (_, each) => pod(name, index, each));
      await api.create(service(name));
      for (const { status, ...object } of pods) {
        await api.create(object);
        await api.patch(object, { status }, '/status');
      }
      await api.create(slice(name, pods));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** @param {string} name */
function service(name) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

/** A Pod as large as they are: a proxy beside the program, with what both need. @param {string} name @param {number} index @param {number} each */
function pod(name, index, each) {
  const ip = `10.${40 + each}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  const names = ['app', 'istio-proxy'];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-5d4f8c7b9-${each}`,
      namespace,
      labels: {
        app: name,
        version: 'v1',
        'pod-template-hash': '5d4f8c7b9',
        'security.istio.io/tlsMode': 'istio',
      },
      annotations: {
        'sidecar.istio.io/status': JSON.stringify({
          initContainers: ['istio-init'],
          containers: ['istio-proxy'],
          volumes: ['workload-socket', 'istio-envoy', 'istio-data', 'istio-podinfo', 'istio-token'],
          revision: 'default',
        }),
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${name}-5d4f8c7b9`,
          uid: '11111111-2222-3333-4444-555555555555',
          controller: true,
        },
      ],
    },
    spec: {
      serviceAccountName: name,
      nodeName: `node-${index % 100}`,
      containers: names.map((container, position) => ({
        name: container,
        image: `registry.example.com/shop/${container}:1.2.3`,
        ports: [{ name: `http-${position}`, containerPort: 8080 + position }],
        env: Array.from({ length: 15 }, (_, number) => ({
          name: `SETTING_NUMBER_${number}`,
          value: `a value that says something about ${container}`,
        })),
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 },
      })),
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      startTime: '2026-01-01T00:00:00Z',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
      containerStatuses: names.map((container) => ({
        name: container,
        ready: true,
        restartCount: 0,
        image: `registry.example.com/shop/${container}:1.2.3`,
        imageID: `registry.example.com/shop/${container}@sha256:${'0'.repeat(64)}`,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      })),
    },
  };
}

/** @param {string} name @param {readonly ReturnType<typeof pod>[]} pods */
function slice(name, pods) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-abc`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: pods.map(({ metadata, spec, status }) => ({
      addresses: [status.podIP],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: spec.nodeName,
      targetRef: { kind: 'Pod', name: metadata.name, namespace },
    })),
  };
}
