/** How far ServiceEntries may be seen at most, whatever they declare (`meshConfig.serviceEntryVisibility`, Istio reference 4.2). */
import { selectorMatches } from '../config/label-selector.js';
import type { ServiceEntryVisibility } from '../config/mesh-config.js';
import { noLabels } from '../model/labels.js';
import type { Service } from '../model/service.js';
import type { NamespaceLabels } from './mesh-objects.js';
import { isExportedTo, toNobody, toOwnNamespace, type ExportTo } from './visibility.js';

const nobody: ExportTo = new Set([toNobody]);
const ownNamespaceOnly: ExportTo = new Set([toOwnNamespace]);

/**
 * `exportTo` of a service, narrowed to what the mesh allows; it is never widened. The first scope whose selector fits
 * the labels of the service's namespace counts; services of other registries are not concerned.
 */
export function narrowedExportTo(
  exportTo: ExportTo,
  service: Service,
  settings: ServiceEntryVisibility | undefined,
  namespaces: NamespaceLabels,
): ExportTo {
  const { namespace, provider } = service.attributes;
  if (settings === undefined || !settings.applyToSidecars || provider !== 'External') return exportTo;
  const labels = namespaces.get(namespace) ?? noLabels;
  const scope = settings.scopes.find(
    ({ namespaceSelector }) => namespaceSelector === undefined || selectorMatches(namespaceSelector, labels),
  );
  switch (scope?.visibility ?? 'PUBLIC') {
    case 'NONE':
      return nobody;
    case 'NAMESPACE':
      return isExportedTo(exportTo, namespace, namespace) ? ownNamespaceOnly : nobody;
    case 'PUBLIC':
      return exportTo;
  }
}
