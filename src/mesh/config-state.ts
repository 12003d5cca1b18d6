/**
 * The configuration objects in force, reduced from what sources say. A source's objects stay in force until it says
 * otherwise; of two sources with the same object the one that was added first counts.
 */
import { compareStrings, deepEqual } from '../base/compare.js';
import {
  objectKey,
  refOf,
  type AnyObject,
  type ConfigObject,
  type Kind,
  type ObjectEvent,
  type ObjectRef,
} from '../config/object.js';
import { reuseList } from '../base/changes.js';
import type { MeshObjects } from './mesh-objects.js';
import { compareByAge } from './object-order.js';

/** Kinds that are kept; those of the Kubernetes API are read by registries. */
const istioKinds = [
  'AuthorizationPolicy',
  'DestinationRule',
  'EnvoyFilter',
  'Gateway',
  'PeerAuthentication',
  'RequestAuthentication',
  'ServiceEntry',
  'Sidecar',
  'Telemetry',
  'VirtualService',
  'WorkloadEntry',
  'WorkloadGroup',
] as const satisfies readonly Kind[];

/** Kinds that snapshots are made of; a change of any other is none of the mesh's business. */
const meshKinds: ReadonlySet<Kind> = new Set<Kind>([
  'AuthorizationPolicy',
  'ConfigMap',
  'DestinationRule',
  'EnvoyFilter',
  'Gateway',
  'Namespace',
  'PeerAuthentication',
  'RequestAuthentication',
  'Secret',
  'Sidecar',
  'Telemetry',
  'VirtualService',
]);

const keptKinds: ReadonlySet<Kind> = new Set<Kind>([...istioKinds, ...meshKinds]);

interface SourceObjects {
  readonly objects: Map<string, AnyObject>;
  /** What was said since the present watch began. */
  said: Set<string>;
}

interface InForce {
  /** As it was said last. */
  readonly newest: AnyObject;
  /** An object that means the same and is kept as long as that is so. */
  readonly meaning: AnyObject;
}

/** Holds what each source has said, and answers what is in force. */
export class ConfigState {
  readonly #sources = new Map<string, SourceObjects>();
  readonly #inForce = new Map<string, InForce>();
  readonly #changedKinds = new Set<Kind>(meshKinds);
  #objects: MeshObjects | undefined;

  /** Gives a source its rank, after those that were added before; `apply` does it for one that is not known. */
  addSource(source: string): void {
    this.#source(source);
  }

  /** A new watch of a source begins: what it does not say again until `synced` is gone then. */
  restart(source: string): void {
    this.#source(source).said = new Set();
  }

  /** Forgets a source and what it said. Whether that changes anything for the mesh. */
  removeSource(source: string): boolean {
    const keys = [...(this.#sources.get(source)?.objects.keys() ?? [])];
    this.#sources.delete(source);
    return this.#refresh(keys);
  }

  /** Takes in what a source says. Whether that changes anything for the mesh. */
  apply(source: string, event: ObjectEvent): boolean {
    const state = this.#source(source);
    switch (event.type) {
      case 'upsert': {
        if (!keptKinds.has(event.object.kind)) return false;
        if (holdsNothing(event.object)) return this.#forget(source, refOf(event.object));
        const key = objectKey(refOf(event.object));
        state.objects.set(key, event.object);
        state.said.add(key);
        return this.#refresh([key]);
      }
      case 'removed':
        return this.#forget(source, event.ref);
      case 'synced': {
        const gone = [...state.objects.keys()].filter((key) => !state.said.has(key));
        for (const key of gone) state.objects.delete(key);
        return this.#refresh(gone);
      }
      case 'failed':
        return false;
    }
  }

  /** The objects that snapshots are made of, each list sorted by age; a list in which nothing changed is the same one. */
  objects(): MeshObjects {
    if (this.#objects === undefined || this.#changedKinds.size > 0) {
      const before = this.#objects;
      this.#objects = {
        namespaces: this.#list('Namespace', before?.namespaces),
        destinationRules: this.#list('DestinationRule', before?.destinationRules),
        virtualServices: this.#list('VirtualService', before?.virtualServices),
        sidecars: this.#list('Sidecar', before?.sidecars),
        gateways: this.#list('Gateway', before?.gateways),
        peerAuthentications: this.#list('PeerAuthentication', before?.peerAuthentications),
        authorizationPolicies: this.#list('AuthorizationPolicy', before?.authorizationPolicies),
        requestAuthentications: this.#list('RequestAuthentication', before?.requestAuthentications),
        telemetries: this.#list('Telemetry', before?.telemetries),
        envoyFilters: this.#list('EnvoyFilter', before?.envoyFilters),
        secrets: this.#list('Secret', before?.secrets),
        configMaps: this.#list('ConfigMap', before?.configMaps),
      };
      this.#changedKinds.clear();
    }
    return this.#objects;
  }

  /** Every Istio object in force as it was said last, by kind, namespace and name. */
  all(): readonly AnyObject[] {
    const shown: ReadonlySet<Kind> = new Set<Kind>(istioKinds);
    return [...this.#inForce]
      .filter(([, { newest }]) => shown.has(newest.kind))
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([, { newest }]) => newest);
  }

  #forget(source: string, ref: ObjectRef): boolean {
    const state = this.#source(source);
    const key = objectKey(ref);
    state.said.delete(key);
    return state.objects.delete(key) && this.#refresh([key]);
  }

  #source(name: string): SourceObjects {
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { objects: new Map(), said: new Set() };
      this.#sources.set(name, source);
    }
    return source;
  }

  /** Works out anew what is in force of these keys. */
  #refresh(keys: readonly string[]): boolean {
    let changed = false;
    for (const key of keys) {
      const before = this.#inForce.get(key);
      const newest = this.#firstWith(key);
      if (newest === undefined) this.#inForce.delete(key);
      else {
        const meaning = before !== undefined && sameMeaning(before.meaning, newest) ? before.meaning : newest;
        this.#inForce.set(key, { newest, meaning });
      }
      const kind = (newest ?? before?.newest)?.kind;
      if (kind === undefined || this.#inForce.get(key)?.meaning === before?.meaning) continue;
      if (!meshKinds.has(kind)) continue;
      this.#changedKinds.add(kind);
      changed = true;
    }
    return changed;
  }

  #firstWith(key: string): AnyObject | undefined {
    for (const { objects } of this.#sources.values()) {
      const object = objects.get(key);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  #list<K extends Kind>(kind: K, before: readonly ConfigObject<K>[] | undefined): readonly ConfigObject<K>[] {
    if (before !== undefined && !this.#changedKinds.has(kind)) return before;
    const objects = [...this.#inForce.values()]
      .map(({ meaning }) => meaning)
      .filter((object) => isOfKind(object, kind));
    return reuseList(before, objects.sort(compareByAge));
  }
}

/** Most ConfigMaps and many Secrets are about something else. */
function holdsNothing(object: AnyObject): boolean {
  return (
    (object.kind === 'Secret' || object.kind === 'ConfigMap') && Object.keys(object.spec.data).length === 0
  );
}

function isOfKind<K extends Kind>(object: ConfigObject, kind: K): object is ConfigObject<K> {
  return object.kind === kind;
}

/** Whether two versions of an object say the same: where one was read, and which version it is, has no effect. */
function sameMeaning(a: AnyObject, b: AnyObject): boolean {
  if (a === b) return true;
  const { resourceVersion: _a, ...metadataOfA } = a.metadata;
  const { resourceVersion: _b, ...metadataOfB } = b.metadata;
  return deepEqual(metadataOfA, metadataOfB) && deepEqual(a.spec, b.spec);
}
