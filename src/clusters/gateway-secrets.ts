/**
 * Secrets and ConfigMaps of a live cluster that proxies ask for: of each namespace only those names are kept, and of
 * them only certificates, keys and CAs. Nothing is read of a namespace that nobody asks for.
 */
import { Observable, type Subscriber } from 'rxjs';
import { isRecord } from '../base/is-record.js';
import type { Logger } from '../base/logger.js';
import { secretKeys } from '../config/credential-keys.js';
import { decodeDocument } from '../config/decode/document.js';
import { refOf, type AnyObject, type ObjectEvent, type ObjectSource } from '../config/object.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import type { RawObject } from '../kubernetes/list-watch.js';
import { Collection } from './collection.js';

/** An object that is asked for. */
export interface WantedObject {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
}

export interface GatewaySecretsOptions {
  /** The cluster's id. */
  readonly cluster: string;
  readonly client: ApiClient;
  readonly logger: Logger;
}

/** Those that are no certificates and that there are many of. */
const secretSelector = {
  fieldSelector: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token',
};

/** How many watches proxies can have begun by what they ask for. */
const mostPlaces = 256;

const plurals = { Secret: 'secrets', ConfigMap: 'configmaps' } as const;

/** What is read of one kind in one namespace. */
interface Place {
  readonly kind: WantedObject['kind'];
  readonly namespace: string;
  names: ReadonlySet<string>;
  collection: Collection;
  objects: ReadonlyMap<string, AnyObject>;
}

/** The objects as a source; `want` says which. */
export class GatewaySecrets implements ObjectSource {
  readonly cluster: string;
  readonly name: string;
  readonly #options: GatewaySecretsOptions;
  readonly #places = new Map<string, Place>();
  readonly #watchers = new Set<Subscriber<ObjectEvent>>();
  /** What was said to be wrong with objects, each once as long as it lasts. */
  readonly #told = new Map<string, string>();

  constructor(options: GatewaySecretsOptions) {
    this.#options = options;
    this.cluster = options.cluster;
    this.name = `kubernetes/${options.cluster} secrets`;
  }

  watch(): Observable<ObjectEvent> {
    return new Observable((subscriber) => {
      for (const { objects } of this.#places.values())
        for (const object of objects.values()) subscriber.next({ type: 'upsert', object });
      // Nobody waits for these: a proxy is told of its secret when it is there.
      subscriber.next({ type: 'synced' });
      this.#watchers.add(subscriber);
      return () => this.#watchers.delete(subscriber);
    });
  }

  /** From now on these are kept, and no others. */
  want(objects: Iterable<WantedObject>): void {
    const wanted = byPlace(objects);
    for (const [key, place] of this.#places) {
      if (wanted.has(key)) continue;
      this.#places.delete(key);
      place.collection.close();
      this.#replace(place, new Map());
    }
    for (const [key, { kind, namespace, names }] of wanted) {
      const place = this.#places.get(key);
      if (place !== undefined) this.#change(place, names);
      else if (this.#places.size < mostPlaces) this.#places.set(key, this.#open(kind, namespace, names));
      else this.#tell('places', `no more than ${mostPlaces} namespaces are read: not ${namespace}`);
    }
  }

  /** Ends all watches. */
  close(): void {
    for (const { collection } of this.#places.values()) collection.close();
    this.#places.clear();
    for (const watcher of this.#watchers) watcher.complete();
  }

  #open(kind: Place['kind'], namespace: string, names: ReadonlySet<string>): Place {
    const objects: ReadonlyMap<string, AnyObject> = new Map();
    const place: Place = { kind, namespace, names, objects, collection: this.#collection(kind, namespace) };
    place.collection.start();
    return place;
  }

  /** Everything is listed anew; what is no longer wanted goes at once. */
  #change(place: Place, names: ReadonlySet<string>): void {
    if (place.names.size === names.size && [...names].every((name) => place.names.has(name))) return;
    place.names = names;
    place.collection.close();
    this.#replace(place, new Map([...place.objects].filter(([name]) => names.has(name))));
    place.collection = this.#collection(place.kind, place.namespace);
    place.collection.start();
  }

  #collection(kind: Place['kind'], namespace: string): Collection {
    const { client, logger } = this.#options;
    const key = placeKey(kind, namespace);
    const what = `the ${kind}s of namespace ${namespace}`;
    return new Collection({
      client,
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plurals[kind]}`,
      selector: kind === 'Secret' ? secretSelector : {},
      keep: (item) =>
        this.#places.get(key)?.names.has(item.metadata.name) === true ? trimmed(item) : undefined,
      onChange: (items) => {
        const place = this.#places.get(key);
        if (place !== undefined) this.#take(place, items);
      },
      onFailure: (error) => {
        if (error === undefined) logger.info(`${this.name}: ${what} can be read again`);
        else
          logger.warn(
            `${this.name}: ${what} cannot be read, so proxies there get none by name: ${error.message}`,
            {
              hint: 'docs/kubernetes.md tells which rights that takes, and deploy/gateways gives them',
            },
          );
      },
    });
  }

  #take(place: Place, items: readonly RawObject[]): void {
    const objects = new Map<string, AnyObject>();
    for (const item of items) {
      const { name } = item.metadata;
      const object = this.#decode(place, item) ?? place.objects.get(name);
      if (object !== undefined) objects.set(name, object);
    }
    this.#replace(place, objects);
  }

  #decode({ kind, namespace }: Place, raw: RawObject): AnyObject | undefined {
    const { name } = raw.metadata;
    const [decoded] = decodeDocument({ ...raw, kind, apiVersion: 'v1' }, { source: this.name });
    if (decoded?.type === 'object') {
      this.#told.delete(`${kind} ${namespace}/${name}`);
      return decoded.object;
    }
    const reason = (decoded?.findings ?? []).map(({ path, message }) => `${path}: ${message}`).join('; ');
    const object = `${kind} ${namespace}/${name}`;
    this.#tell(object, `the ${object} is left as it was: ${reason}`);
    return undefined;
  }

  #tell(subject: string, message: string): void {
    if (this.#told.get(subject) === message) return;
    this.#told.set(subject, message);
    this.#options.logger.warn(`${this.name}: ${message}`);
  }

  #replace(place: Place, objects: ReadonlyMap<string, AnyObject>): void {
    const before = place.objects;
    place.objects = objects;
    for (const [name, object] of objects)
      if (before.get(name)?.metadata.resourceVersion !== object.metadata.resourceVersion)
        this.#say({ type: 'upsert', object });
    for (const [name, object] of before)
      if (!objects.has(name)) this.#say({ type: 'removed', ref: refOf(object) });
  }

  #say(event: ObjectEvent): void {
    for (const watcher of this.#watchers) watcher.next(event);
  }
}

/** Without what is never read, which in a Secret may be what is most secret. */
function trimmed(raw: RawObject): RawObject {
  const { name, namespace = '', resourceVersion = '' } = raw.metadata;
  const { data } = raw as { readonly data?: unknown };
  const kept = isRecord(data)
    ? Object.fromEntries(secretKeys.flatMap((key) => (key in data ? [[key, data[key]]] : [])))
    : undefined;
  return { metadata: { name, namespace, resourceVersion }, ...(kept !== undefined && { data: kept }) };
}

function placeKey(kind: Place['kind'], namespace: string): string {
  return `${kind} ${namespace}`;
}

function byPlace(
  objects: Iterable<WantedObject>,
): ReadonlyMap<string, Pick<Place, 'kind' | 'namespace'> & { readonly names: Set<string> }> {
  const places = new Map<string, Pick<Place, 'kind' | 'namespace'> & { readonly names: Set<string> }>();
  for (const { kind, namespace, name } of objects) {
    const key = placeKey(kind, namespace);
    const place = places.get(key) ?? { kind, namespace, names: new Set<string>() };
    place.names.add(name);
    places.set(key, place);
  }
  return places;
}
