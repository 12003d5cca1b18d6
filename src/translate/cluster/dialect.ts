/** What the clusters of each kind of Envoy leave out; the decision which kind a node is falls in the mesh. */
import type { Proxy } from '../../model/proxy.js';

/** Only Istio's build of Envoy has the metadata exchange filter and its ALPN name. */
export function hasMetadataExchange({ dialect }: Pick<Proxy, 'dialect'>): boolean {
  return dialect === 'istio';
}
