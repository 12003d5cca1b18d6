/** What of a proxy's own configuration (ProxyConfig) its clusters depend on. */
import type { MeshConfig } from '../../config/mesh-config.js';
import type { Proxy } from '../../model/proxy.js';
import { proxyHeader } from '../proxy-headers.js';

/** Whether headers keep their case in HTTP/1 (`proxyHeaders.preserveHttp1HeaderCase`). */
export function preservesHeaderCase(
  proxy: Pick<Proxy, 'metadata'>,
  mesh: Pick<MeshConfig, 'defaultConfig'>,
): boolean {
  return proxyHeader(proxy, mesh, 'preserveHttp1HeaderCase') === true;
}
