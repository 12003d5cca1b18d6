/** What EnvoyFilters do to a cluster after it is made: it is explained as it is without them. */
import type { ProxyContext } from '../mesh/snapshot.js';
import { matchesCluster } from '../translate/envoy-filter/cluster-patches.js';
import { patchSelection } from '../translate/envoy-filter/compiled-patches.js';
import { clientContext } from '../translate/envoy-filter/patched-resources.js';
import { objectSource, sourceText } from './source.js';

/** A note for each patch that changes or removes a cluster of this name. */
export function patchNotes(context: ProxyContext, clusterName: string): readonly string[] {
  const own = clientContext(context);
  return (patchSelection(context)?.patches ?? []).flatMap(({ filter, index }) => {
    const { applyTo, match = { context: 'ANY' as const }, patch } = filter.spec.configPatches[index] ?? {};
    const isFor = match.context === own || match.context === 'ANY';
    if (applyTo !== 'CLUSTER' || !isFor || !matchesCluster(clusterName, match, [])) return [];
    const by = `configPatches[${index}] of ${sourceText(objectSource(filter))}`;
    if (patch?.operation === 'REMOVE') return [`it is not served: ${by} removes it`];
    if (patch?.operation.startsWith('MERGE') !== true) return [];
    const name = patch.value?.['name'];
    if (typeof name === 'string' && name !== '' && name !== clusterName)
      return [`it is not served under this name: ${by} calls it ${name}`];
    return [`${by} changes it; it is told without that`];
  });
}
