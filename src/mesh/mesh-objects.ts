/** The configuration objects that a snapshot is made of, by kind. */
import { selectorMatches } from '../config/label-selector.js';
import type { LabelSelector } from '../config/mesh-config.js';
import type { ConfigObject, Kind } from '../config/object.js';
import type { Labels } from '../model/labels.js';
import { sortedByAge } from './object-order.js';

/** One list for each kind that the mesh itself reads; registries read the others. Any order will do. */
export interface MeshObjects {
  /** Namespaces of the primary cluster: their labels decide what is discovered and how far ServiceEntries are seen. */
  readonly namespaces: readonly ConfigObject<'Namespace'>[];
  readonly destinationRules: readonly ConfigObject<'DestinationRule'>[];
  readonly virtualServices: readonly ConfigObject<'VirtualService'>[];
  readonly sidecars: readonly ConfigObject<'Sidecar'>[];
  readonly gateways: readonly ConfigObject<'Gateway'>[];
  readonly peerAuthentications: readonly ConfigObject<'PeerAuthentication'>[];
  readonly authorizationPolicies: readonly ConfigObject<'AuthorizationPolicy'>[];
  readonly requestAuthentications: readonly ConfigObject<'RequestAuthentication'>[];
  readonly telemetries: readonly ConfigObject<'Telemetry'>[];
  readonly envoyFilters: readonly ConfigObject<'EnvoyFilter'>[];
  readonly secrets: readonly ConfigObject<'Secret'>[];
  readonly configMaps: readonly ConfigObject<'ConfigMap'>[];
}

/** A mesh without configuration. */
export const noMeshObjects: MeshObjects = Object.freeze({
  namespaces: [],
  destinationRules: [],
  virtualServices: [],
  sidecars: [],
  gateways: [],
  peerAuthentications: [],
  authorizationPolicies: [],
  requestAuthentications: [],
  telemetries: [],
  envoyFilters: [],
  secrets: [],
  configMaps: [],
});

/** Labels by namespace. */
export type NamespaceLabels = ReadonlyMap<string, Labels>;

/** The labels of every namespace that has an object. */
export function namespaceLabels(namespaces: readonly ConfigObject<'Namespace'>[]): NamespaceLabels {
  return new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels]));
}

/**
 * The objects that count, each list sorted by age: all, or those of namespaces that one of the selectors matches
 * (Istio reference 2.11). A list is the same one if that is all of it, in its order. Namespaces always count.
 */
export function discoveredObjects(objects: MeshObjects, selectors: readonly LabelSelector[]): MeshObjects {
  const isSelected = namespaceFilter(objects.namespaces, selectors);
  const discovered = <K extends Kind>(list: readonly ConfigObject<K>[]): readonly ConfigObject<K>[] => {
    const sorted = sortedByAge(list);
    return isSelected === undefined
      ? sorted
      : sorted.filter(({ metadata }) => isSelected(metadata.namespace));
  };
  return {
    namespaces: objects.namespaces,
    destinationRules: discovered(objects.destinationRules),
    virtualServices: discovered(objects.virtualServices),
    sidecars: discovered(objects.sidecars),
    gateways: discovered(objects.gateways),
    peerAuthentications: discovered(objects.peerAuthentications),
    authorizationPolicies: discovered(objects.authorizationPolicies),
    requestAuthentications: discovered(objects.requestAuthentications),
    telemetries: discovered(objects.telemetries),
    envoyFilters: discovered(objects.envoyFilters),
    secrets: discovered(objects.secrets),
    configMaps: discovered(objects.configMaps),
  };
}

/** Whether a namespace is selected; one without an object is not. Undefined when all are. */
function namespaceFilter(
  namespaces: MeshObjects['namespaces'],
  selectors: readonly LabelSelector[],
): ((namespace: string) => boolean) | undefined {
  if (selectors.length === 0) return undefined;
  const selected = new Set(
    namespaces
      .filter(({ metadata }) => selectors.some((selector) => selectorMatches(selector, metadata.labels)))
      .map(({ metadata }) => metadata.name),
  );
  return (namespace) => selected.has(namespace);
}
