/** Patches of clusters. */
import type { EnvoyFilterMatch, PatchContext } from '../../config/kinds/envoy-filter.js';
import { mergeAny, mergeMessages } from '../../envoy/merge.js';
import { Cluster, type ClusterShape, type TransportSocketShape } from '../../envoy/messages.js';
import { parseClusterName } from '../names.js';
import { listMerge, type Patch, type PatchSet } from './compiled-patches.js';

/**
 * A cluster with all patches for it; undefined for one that is removed, the very same one if nothing changed.
 *
 * @param hosts of the services that an inbound cluster is for, whose name tells none
 */
export function patchedCluster(
  cluster: ClusterShape,
  patches: PatchSet,
  context: PatchContext,
  hosts: readonly string[],
): ClusterShape | undefined {
  let patched = cluster;
  for (const patch of patches.of('CLUSTER', context)) {
    if (!matchesCluster(patched.name ?? '', patch.match, hosts)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    patched = mergedCluster(patched, patch);
  }
  return patched;
}

/** Clusters that patches add. A patch that names no context adds clients' ones only. */
export function addedClusters(patches: PatchSet, context: PatchContext): readonly ClusterShape[] {
  return patches
    .of('CLUSTER', context)
    .filter(
      ({ operation, match }) =>
        operation === 'ADD' && (context !== 'SIDECAR_INBOUND' || match.context !== 'ANY'),
    )
    .flatMap(({ value }) => value ?? []);
}

/** Whether a patch with this match is for a cluster, as far as its name tells. */
export function matchesCluster(name: string, match: EnvoyFilterMatch, hosts: readonly string[]): boolean {
  const wanted = match.cluster;
  if (wanted === undefined) return true;
  if (wanted.name !== '') return wanted.name === name;
  const parsed = parseClusterName(name);
  const known = parsed?.direction === 'inbound' && hosts.length > 0 ? hosts : [parsed?.hostname ?? ''];
  return (
    (wanted.subset === '' || wanted.subset === (parsed?.subset ?? '')) &&
    (wanted.service === '' || known.includes(wanted.service)) &&
    (wanted.portNumber === 0 || wanted.portNumber === (parsed?.port ?? 0))
  );
}

function mergedCluster(cluster: ClusterShape, patch: Patch<'CLUSTER'>): ClusterShape {
  const lists = listMerge(patch);
  const { value } = patch;
  if (lists === undefined || value === undefined) return cluster;
  const socket = value.transportSocket;
  return socket === undefined || socket === null
    ? mergeMessages(Cluster, cluster, value, lists)
    : withTransportSocket(cluster, socket);
}

/**
 * Of a patch that has a transport socket nothing else counts. It is merged with the first socket of its name, of the
 * choices if the cluster has any; otherwise it stands in the place of the cluster's own.
 */
function withTransportSocket(cluster: ClusterShape, socket: TransportSocketShape): ClusterShape {
  const choices = cluster.transportSocketMatches ?? [];
  if (choices.length > 0) {
    const at = choices.findIndex(({ transportSocket }) => transportSocket?.name === socket.name);
    const choice = choices[at];
    if (choice?.transportSocket === undefined || choice.transportSocket === null) return cluster;
    const transportSocket = mergedSocket(choice.transportSocket, socket);
    return { ...cluster, transportSocketMatches: choices.with(at, { ...choice, transportSocket }) };
  }
  const own = cluster.transportSocket;
  const isNamesake = own !== undefined && own !== null && own.name === socket.name;
  return { ...cluster, transportSocket: isNamesake ? mergedSocket(own, socket) : socket };
}

/** A socket with the configuration of another of its name put over its own. */
export function mergedSocket(own: TransportSocketShape, patch: TransportSocketShape): TransportSocketShape {
  const typedConfig = own.typedConfig && patch.typedConfig && mergeAny(own.typedConfig, patch.typedConfig);
  return typedConfig === undefined || typedConfig === null ? own : { ...own, typedConfig };
}
