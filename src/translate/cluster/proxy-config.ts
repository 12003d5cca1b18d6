/** What of a proxy's own configuration (ProxyConfig) its clusters depend on. */
import type { MeshConfig } from '../../config/mesh-config.js';
import type { Proxy } from '../../model/proxy.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Whether headers keep their case in HTTP/1 (`proxyHeaders.preserveHttp1HeaderCase`). A ProxyConfig in the node's
 * metadata counts in the place of the mesh's, not over it: the agent has already put the two together.
 */
export function preservesHeaderCase(
  { metadata }: Pick<Proxy, 'metadata'>,
  mesh: Pick<MeshConfig, 'defaultConfig'>,
): boolean {
  const config = asObject(metadata['PROXY_CONFIG']) ?? mesh.defaultConfig;
  const headers = field(config, 'proxyHeaders', 'proxy_headers');
  return (
    headers !== undefined && field(headers, 'preserveHttp1HeaderCase', 'preserve_http1_header_case') === true
  );
}

/** A field of a message in JSON, by either of the two names that JSON of protobuf may use. */
function field(message: unknown, camelCase: string, snakeCase: string): unknown {
  const object = asObject(message);
  return object?.[camelCase] ?? object?.[snakeCase];
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
