/** Services by host, namespace and who may see them (Istio reference 4.2). */
import { compareStrings } from '../base/compare.js';
import type { ServiceEntryVisibility } from '../config/mesh-config.js';
import type { ConfigObject } from '../config/object.js';
import { isKubernetesService, serviceKey, type Service } from '../model/service.js';
import { reuseList } from '../base/changes.js';
import { namespaceLabels, type NamespaceLabels } from './mesh-objects.js';
import type { Table } from './rebuild.js';
import { resolveAliases } from './service-aliases.js';
import { narrowedExportTo } from './service-entry-visibility.js';
import type { ServiceExport, ServiceIndex } from './snapshot.js';
import { effectiveExportTo, ExportTable, isExportedTo, shownTo, type ExportTo } from './visibility.js';

/** What services are indexed from. */
export interface ServiceSources {
  readonly services: readonly Service[];
  readonly defaultExportTo: readonly string[];
  readonly serviceEntryVisibility: ServiceEntryVisibility | undefined;
  /** Whose labels `serviceEntryVisibility` looks at. */
  readonly namespaces: readonly ConfigObject<'Namespace'>[];
}

const noServices: ReadonlyMap<string, Service> = new Map();

/** The index of all services. Lists that did not change are those of `previous`. */
export class ServiceTable implements ServiceIndex, Table<ServiceSources> {
  readonly sources: ServiceSources;
  readonly all: readonly Service[];
  /**
   * Accounts that services declare themselves, by `serviceKey`. As in Istio, of several services of one host and
   * namespace the last one's count.
   */
  readonly declaredAccounts: ReadonlyMap<string, readonly string[]>;
  readonly #namespaces: NamespaceLabels;
  readonly #defaultExportTo: ExportTo;
  readonly #byHost: ReadonlyMap<string, ReadonlyMap<string, Service>>;
  readonly #exports = new ExportTable<Service>();
  readonly #public: readonly Service[];
  readonly #visible = new Map<string, readonly Service[]>();
  readonly #visibleBefore: ReadonlyMap<string, readonly Service[]>;

  constructor(sources: ServiceSources, previous?: ServiceTable) {
    this.sources = sources;
    this.#namespaces = namespaceLabels(sources.namespaces);
    this.#defaultExportTo = new Set(sources.defaultExportTo);
    this.all = reuseList(previous?.all, resolveAliases(sortServices(sources.services)));
    this.#byHost = indexByHost(this.all);
    this.declaredAccounts = reuseMap(previous?.declaredAccounts, declaredAccounts(this.all));
    for (const service of this.all)
      this.#exports.add(service, this.#exportTo(service), service.attributes.namespace);
    this.#public = reuseList(previous?.visibleToAll, this.#exports.public);
    this.#visibleBefore = new Map(previous === undefined ? [] : previous.#visible);
  }

  byHost(hostname: string, namespace: string): Service | undefined {
    return this.#byHost.get(hostname)?.get(namespace);
  }

  namespacesOf(hostname: string): ReadonlyMap<string, Service> {
    return this.#byHost.get(hostname) ?? noServices;
  }

  /** What proxies of every namespace may see. */
  get visibleToAll(): readonly Service[] {
    return this.#public;
  }

  visibleTo(namespace: string): readonly Service[] {
    const exported = this.#exports.exportedTo(namespace);
    if (exported.length === 0) return this.#public;
    let visible = this.#visible.get(namespace);
    if (visible === undefined) {
      visible = reuseList(this.#visibleBefore.get(namespace), [...exported, ...this.#public]);
      this.#visible.set(namespace, visible);
    }
    return visible;
  }

  /** Whether a service that is asked for by name may be seen from a namespace; `~` beside other entries does not count here. */
  isVisible(service: Service, namespace: string): boolean {
    return isExportedTo(this.#exportTo(service), service.attributes.namespace, namespace);
  }

  exportOf(service: Service, namespace: string): ServiceExport {
    const declared = service.attributes.exportTo;
    const wanted = effectiveExportTo(declared, this.#defaultExportTo);
    const exportTo = this.#narrowed(wanted, service);
    const own = declared.length > 0 ? 'declared' : 'mesh-default';
    const by = exportTo === wanted ? own : 'service-entry-visibility';
    const namespaces = shownTo(exportTo, service.attributes.namespace);
    return { exportTo: [...exportTo], by, shown: namespaces === 'everyone' || namespaces.has(namespace) };
  }

  #exportTo(service: Service): ExportTo {
    return this.#narrowed(effectiveExportTo(service.attributes.exportTo, this.#defaultExportTo), service);
  }

  #narrowed(exportTo: ExportTo, service: Service): ExportTo {
    return narrowedExportTo(exportTo, service, this.sources.serviceEntryVisibility, this.#namespaces);
  }
}

/**
 * By creation time, name and namespace (Istio reference 4.2); what that leaves open, by
 * registry (Kubernetes first), object and position in it.
 */
export function compareServices(a: Service, b: Service): number {
  return (
    a.creationTime - b.creationTime ||
    compareStrings(a.attributes.name, b.attributes.name) ||
    compareStrings(a.attributes.namespace, b.attributes.namespace) ||
    Number(isKubernetesService(b)) - Number(isKubernetesService(a)) ||
    compareStrings(a.attributes.objectName, b.attributes.objectName) ||
    a.sequence - b.sequence
  );
}

/** Services in Istio's order. */
function sortServices(services: readonly Service[]): readonly Service[] {
  return [...services].sort(compareServices);
}

/** A Kubernetes service takes the place of others of its host and namespace; otherwise the first one has it. */
function indexByHost(services: readonly Service[]): ReadonlyMap<string, ReadonlyMap<string, Service>> {
  const byHost = new Map<string, Map<string, Service>>();
  for (const service of services) {
    const { namespace } = service.attributes;
    const ofHost = byHost.get(service.hostname);
    if (ofHost === undefined) {
      byHost.set(service.hostname, new Map([[namespace, service]]));
      continue;
    }
    const known = ofHost.get(namespace);
    if (known === undefined || (isKubernetesService(service) && !isKubernetesService(known)))
      ofHost.set(namespace, service);
  }
  return byHost;
}

function declaredAccounts(services: readonly Service[]): ReadonlyMap<string, readonly string[]> {
  const accounts = new Map<string, readonly string[]>();
  for (const { hostname, attributes, serviceAccounts } of services) {
    const key = serviceKey(hostname, attributes.namespace);
    if (serviceAccounts.length > 0) accounts.set(key, serviceAccounts);
    else if (accounts.size > 0) accounts.delete(key);
  }
  return accounts;
}

function reuseMap<Value>(
  previous: ReadonlyMap<string, Value> | undefined,
  next: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  if (previous === undefined || previous.size !== next.size) return next;
  for (const [key, value] of next) if (previous.get(key) !== value) return next;
  return previous;
}
