/**
 * How long a change holds the event loop in a mesh of 5,000 services with 10 endpoints each, from the change until what
 * is made of it is served, without proxies. Nothing may hold it for more than 50 ms.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReplaySubject, share } from 'rxjs';
import { silentLogger } from '../../dist/base/logger.js';
import { inTurns } from '../../dist/base/pace.js';
import { defaultMeshConfig } from '../../dist/config/decode/mesh-config.js';
import { MemoryObjectSource } from '../../dist/config/memory-source.js';
import { watchMeshDirectory } from '../../dist/config/mesh-directory/watch.js';
import { noMeshNetworks } from '../../dist/config/mesh-config.js';
import { connectDirectory } from '../../dist/mesh/connect-directory.js';
import { MeshState } from '../../dist/mesh/mesh-state.js';
import { PilotSource } from '../../dist/pilot-source.js';
import { Pushes } from '../../dist/push.js';
import { MemoryRegistry } from '../../dist/registry/memory/memory-registry.js';
import { median } from '../median.mjs';
import { endpoints, host, namespace, service } from '../values.mjs';
import { LoopWatch } from './loop-watch.mjs';
import { destinationRule, file, sidecar, virtualService } from './objects.mjs';

const serviceCount = 5000;
const sidecarCount = 100;
const rounds = 5;
/** Milliseconds. */
const limit = 50;

const indexes = Array.from({ length: serviceCount }, (_, index) => index);

/** A mesh as `serve` runs it, with a server to which no one is connected. */
class Mesh {
  #pushed = () => undefined;
  /** @type {MeshState} */
  mesh = new MeshState({ pace: inTurns, onChange: (change) => this.#pushes.changed(change) });
  #source = new PilotSource(({ subject, message }) => {
    throw new Error(`${subject}: ${message}`);
  });
  #pushes = new Pushes(
    {
      mesh: this.mesh,
      source: this.#source,
      server: { push: () => this.#pushed(), spent: 0 },
      metrics: { snapshotBuilt: () => undefined, debounced: () => undefined },
      logger: silentLogger,
    },
    { debounce: 'fast', endpointMerge: 10, debounceAfter: 100, debounceMax: 10_000 },
  );

  get ready() {
    return this.#pushes.ready;
  }

  /** Resolves with the next push. @returns {Promise<void>} */
  push() {
    return new Promise((resolve) => {
      this.#pushed = () => {
        resolve();
        return undefined;
      };
    });
  }

  dispose() {
    this.#pushes.dispose();
    this.mesh.dispose();
  }
}

/** The longest turn of the event loop while each of the changes is made, is quiet, and is pushed. */
export async function eventLoop() {
  return [...(await inMemory()), ...(await inDirectory())].map(({ what, values }) => ({
    what: `${what}: longest turn of the event loop (median of ${values.length})`,
    value: median(values),
    unit: 'ms',
    limit,
  }));
}

/**
 * A change, made anew in each round. What it needs is prepared before.
 *
 * @typedef {{ what: string, prepare: (generation: number) => () => unknown }} Change
 */

/**
 * @param {Mesh} mesh
 * @param {readonly Change[]} changes
 */
async function measure(mesh, changes) {
  const watch = new LoopWatch();
  const measures = changes.map(({ what }) => ({ what, values: /** @type {number[]} */ ([]) }));
  // The first round is for the compiler.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { prepare }] of changes.entries()) {
      const change = prepare(round + 2);
      const pushed = mesh.push();
      watch.take();
      await change();
      await pushed;
      // What follows the push belongs to the change: a full snapshot after endpoints, another look at the directory.
      await sleep(200);
      if (round > 0) measures[index]?.values.push(watch.take());
    }
  }
  watch.end();
  return measures;
}

async function inMemory() {
  const filled = () => {
    const registry = new MemoryRegistry({ provider: 'Kubernetes', cluster: 'Kubernetes' });
    for (const index of indexes) {
      registry.setService(service(index));
      registry.setEndpoints(host(index), namespace, endpoints(index, 1));
    }
    registry.synced();
    return registry;
  };
  let registry = filled();
  const objects = new MemoryObjectSource('Kubernetes', [
    ...indexes.map((index) => destinationRule(index, 1)),
    ...indexes.map((index) => virtualService(index, 1)),
    ...indexes.slice(0, sidecarCount).map((index) => sidecar(index, 1)),
  ]);
  const mesh = new Mesh();
  mesh.mesh.setMesh(defaultMeshConfig(), noMeshNetworks);
  mesh.mesh.setRegistry(registry);
  mesh.mesh.addObjects(objects);
  await mesh.ready;
  const again = Array.from({ length: rounds + 1 }, filled);
  const measures = await measure(mesh, [
    {
      what: 'registry: endpoints of a service',
      prepare: (generation) => () => registry.setEndpoints(host(7), namespace, endpoints(7, generation)),
    },
    {
      what: 'registry: a service more',
      prepare: (generation) => () => registry.setService(service(serviceCount + generation)),
    },
    {
      what: 'registry: a DestinationRule',
      prepare: (generation) => () => objects.apply(destinationRule(7, generation)),
    },
    {
      what: 'registry: a VirtualService',
      prepare: (generation) => () => objects.apply(virtualService(7, generation)),
    },
    { what: 'registry: a Sidecar', prepare: (generation) => () => objects.apply(sidecar(7, generation)) },
    {
      what: 'registry: all of it read anew',
      prepare: () => () => {
        registry = again.pop() ?? registry;
        mesh.mesh.setRegistry(registry);
      },
    },
  ]);
  mesh.dispose();
  return measures;
}

async function inDirectory() {
  const root = await mkdtemp(join(tmpdir(), 'pilotlight-event-loop-'));
  /** @type {(index: number, generations?: Parameters<typeof file>[1]) => () => Promise<void>} */
  const write = (index, generations = {}) => {
    const text = file(index, generations);
    return () => writeFile(join(root, `team-${index % 50}`, `service-${index}.yaml`), text);
  };
  for (let team = 0; team < 50; team += 1) await mkdir(join(root, `team-${team}`));
  for (const index of indexes) await write(index, index < sidecarCount ? { sidecar: 1 } : {})();
  const mesh = new Mesh();
  const states$ = watchMeshDirectory(root).pipe(
    share({ connector: () => new ReplaySubject(1), resetOnRefCountZero: true }),
  );
  const connection = connectDirectory(mesh.mesh, states$, { autoAllocate: 'status', pace: inTurns });
  try {
    await mesh.ready;
    return await measure(mesh, [
      {
        what: 'directory: endpoints of a service',
        prepare: (generation) => write(207, { endpoints: generation }),
      },
      {
        what: 'directory: a service more, with rules',
        prepare: (generation) => write(serviceCount + generation),
      },
      {
        what: 'directory: a DestinationRule',
        prepare: (generation) => write(208, { destinationRule: generation }),
      },
      {
        what: 'directory: a VirtualService',
        prepare: (generation) => write(209, { virtualService: generation }),
      },
      { what: 'directory: a Sidecar', prepare: (generation) => write(10, { sidecar: generation }) },
      {
        what: 'directory: 500 files at once',
        prepare: (generation) => {
          const writes = indexes
            .slice(1000, 1500)
            .map((index) => write(index, { destinationRule: generation }));
          return async () => {
            for (const one of writes) await one();
          };
        },
      },
      {
        what: 'directory: the trust domain, with which everything is read anew',
        prepare: (generation) => () =>
          writeFile(join(root, 'mesh.yaml'), `trustDomain: domain-${generation}\n`),
      },
    ]);
  } finally {
    connection.unsubscribe();
    mesh.dispose();
    await rm(root, { recursive: true });
  }
}
