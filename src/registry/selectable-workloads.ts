/** The workloads that services may select, by namespace (Istio reference 3.5, 3.6). */
import { compareStrings } from '../base/compare.js';
import type { Workload } from '../model/workload.js';
import { isKubernetesService } from '../model/service.js';
import { reuseList } from '../base/changes.js';
import { selectsWorkloads } from './selection.js';
import type { RegistryView } from './view.js';

/**
 * Ready workloads by namespace: Pods, then WorkloadEntries, by name. Pods are there only in namespaces where a
 * service may select them. The list of a namespace is the same array as long as nothing in it changes.
 */
export type SelectableWorkloads = ReadonlyMap<string, readonly Workload[]>;

/** What may be selected of the workloads of all registries. One pass over the workloads. */
export function selectableWorkloads(
  registries: readonly RegistryView[],
  previous: SelectableWorkloads | undefined,
): SelectableWorkloads {
  const wantPods = namespacesOfPods(registries);
  const groups = new Map<string, Workload[]>();
  for (const { workloads } of registries) {
    for (const workload of workloads.values()) {
      if (!workload.ready || (workload.kind === 'Pod' && !wantPods.has(workload.namespace))) continue;
      const group = groups.get(workload.namespace);
      if (group === undefined) groups.set(workload.namespace, [workload]);
      else group.push(workload);
    }
  }
  const selectable = new Map<string, readonly Workload[]>();
  let same = groups.size === previous?.size;
  for (const [namespace, group] of groups) {
    const before = previous?.get(namespace);
    const now = reuseList(before, group.sort(compareWorkloads));
    same &&= now === before;
    selectable.set(namespace, now);
  }
  return same && previous !== undefined ? previous : selectable;
}

type Services = RegistryView['services'];

const known = new WeakMap<Services, ReadonlySet<string>>();

/** The namespaces in which some service may select Pods. */
export function namespacesOfPods(registries: readonly RegistryView[]): ReadonlySet<string> {
  return new Set(registries.flatMap(({ services }) => [...namespacesThatSelectPods(services)]));
}

function namespacesThatSelectPods(services: Services): ReadonlySet<string> {
  let namespaces = known.get(services);
  if (namespaces === undefined) {
    const found = new Set<string>();
    for (const service of services.values()) {
      if (!isKubernetesService(service) && selectsWorkloads(service)) found.add(service.attributes.namespace);
    }
    namespaces = found;
    known.set(services, namespaces);
  }
  return namespaces;
}

/** Workloads of one kind and name are in the order of their registries. */
function compareWorkloads(a: Workload, b: Workload): number {
  return compareStrings(a.kind, b.kind) || compareStrings(a.name, b.name);
}
