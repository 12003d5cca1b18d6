/** VirtualServices as proxies need them: delegates merged into those that name them, names in full (Istio reference 4.4). */
import { deepEqual } from '../base/compare.js';
import type { ConfigObject } from '../config/object.js';
import { resolveDelegates, type DelegateReference } from './delegates.js';
import { withFields } from './map-same.js';
import { completeNames } from './virtual-service-names.js';
import { effectiveExportTo, isExportedTo, withNamespaceNamed, type ExportTo } from './visibility.js';

type VirtualServiceObject = ConfigObject<'VirtualService'>;

/** One that is for hosts itself, with what it delegates in it. */
export interface MergedVirtualService {
  /** As it was written. */
  readonly original: VirtualServiceObject;
  readonly object: VirtualServiceObject;
  /** The own namespace stands in it by its name. */
  readonly exportTo: ExportTo;
}

/** What of the mesh decides about VirtualServices. */
export interface VirtualServiceSettings {
  readonly domainSuffix: string;
  readonly defaultExportTo: readonly string[];
}

/** What was merged before. */
export interface MergedBefore {
  readonly merged: readonly MergedVirtualService[];
  readonly settings: VirtualServiceSettings;
}

/**
 * Every VirtualService with hosts, in the order in which they are given. Objects that are made of the same original and
 * say the same are those of `previous`.
 */
export function mergeVirtualServices(
  objects: readonly VirtualServiceObject[],
  settings: VirtualServiceSettings,
  previous?: MergedBefore,
): readonly MergedVirtualService[] {
  const before = new Map((previous?.merged ?? []).map((merged) => [merged.original, merged]));
  const sameSettings = previous !== undefined && areSame(previous.settings, settings);
  const delegates = new Delegates(objects, settings);
  return objects
    .filter(({ spec }) => spec.hosts.length > 0)
    .map((original) => {
      const known = before.get(original);
      if (known !== undefined && sameSettings && !hasDelegates(original)) return known;
      const object = merge(original, delegates, settings);
      return {
        original,
        object: known !== undefined && deepEqual(known.object.spec, object.spec) ? known.object : object,
        exportTo: delegates.exportTo(original),
      };
    });
}

function areSame(a: VirtualServiceSettings, b: VirtualServiceSettings): boolean {
  return a.domainSuffix === b.domainSuffix && deepEqual(a.defaultExportTo, b.defaultExportTo);
}

function merge(
  object: VirtualServiceObject,
  delegates: Delegates,
  { domainSuffix }: VirtualServiceSettings,
): VirtualServiceObject {
  const { namespace } = object.metadata;
  const spec = completeNames(object.spec, namespace, domainSuffix);
  if (!hasDelegates(object)) return withFields(object, { spec });
  const http = resolveDelegates(spec.http, (delegate) => delegates.routes(delegate, namespace));
  return { ...object, spec: { ...spec, http } };
}

function hasDelegates({ spec }: VirtualServiceObject): boolean {
  return spec.http.some(({ delegate }) => delegate !== undefined);
}

/** VirtualServices without hosts: they count only where others name them. */
class Delegates {
  readonly #settings: VirtualServiceSettings;
  readonly #defaultExportTo: ExportTo;
  readonly #byName = new Map<string, VirtualServiceObject>();

  constructor(objects: readonly VirtualServiceObject[], settings: VirtualServiceSettings) {
    this.#settings = settings;
    this.#defaultExportTo = new Set(settings.defaultExportTo);
    for (const object of objects) {
      const { namespace, name } = object.metadata;
      if (object.spec.hosts.length === 0) this.#byName.set(`${namespace}/${name}`, object);
    }
  }

  /** The routes of a delegate that is exported to the namespace of the one that names it. */
  routes(reference: DelegateReference, namespace: string): VirtualServiceObject['spec']['http'] | undefined {
    const object = this.#find(reference, namespace);
    return object && completeNames(object.spec, object.metadata.namespace, this.#settings.domainSuffix).http;
  }

  exportTo({ spec, metadata }: VirtualServiceObject): ExportTo {
    return withNamespaceNamed(effectiveExportTo(spec.exportTo, this.#defaultExportTo), metadata.namespace);
  }

  #find({ name, namespace }: DelegateReference, ofRoot: string): VirtualServiceObject | undefined {
    const object = this.#byName.get(
      `${namespace === undefined || namespace === '' ? ofRoot : namespace}/${name}`,
    );
    if (object === undefined) return undefined;
    return isExportedTo(this.exportTo(object), object.metadata.namespace, ofRoot) ? object : undefined;
  }
}
