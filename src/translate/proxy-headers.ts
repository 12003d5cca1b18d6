/** Settings of a proxy's own configuration (ProxyConfig), most of which concern headers. */
import type { MeshConfig } from '../config/mesh-config.js';
import type { Proxy } from '../model/proxy.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A value of `proxyHeaders` by its path in camelCase; undefined where it is not set. A ProxyConfig in the node's
 * metadata counts in the place of the mesh's, not over it: the agent has already put the two together.
 */
export function proxyHeader(
  proxy: Pick<Proxy, 'metadata'>,
  mesh: Pick<MeshConfig, 'defaultConfig'>,
  ...path: readonly string[]
): unknown {
  return proxyConfigValue(proxy, mesh, 'proxyHeaders', ...path);
}

/** A value of a proxy's own configuration by its path in camelCase; undefined where it is not set. */
export function proxyConfigValue(
  { metadata }: Pick<Proxy, 'metadata'>,
  { defaultConfig }: Pick<MeshConfig, 'defaultConfig'>,
  ...path: readonly string[]
): unknown {
  let value: unknown = asObject(metadata['PROXY_CONFIG']) ?? defaultConfig;
  for (const name of path) value = field(value, name);
  return value;
}

/** A field of a message in JSON, by either of the two names that JSON of protobuf may use. */
function field(message: unknown, camelCase: string): unknown {
  const object = asObject(message);
  return object?.[camelCase] ?? object?.[snakeCase(camelCase)];
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
