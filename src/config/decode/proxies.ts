/** Decoding of proxies.yaml: proxies to ask as, by name. */
import type { Locality } from '../../model/locality.js';
import type { NodeMetadata } from '../../model/proxy.js';
import type { FindingSink } from '../validation/finding.js';
import { list, message } from './composites.js';
import { optional } from './decoder.js';
import { decodeWhole, type Decoded } from './decoded.js';
import { jsonObject, nonEmptyString, string } from './scalars.js';

/** A proxy as proxies.yaml describes it. */
export interface ProxyDescription {
  /** How it is asked for; unique in the directory. */
  readonly name: string;
  /** Id of its xDS node, such as `sidecar~10.0.0.1~web.shop~shop.svc.cluster.local`. */
  readonly id: string;
  /** Metadata of its xDS node. */
  readonly metadata: NodeMetadata;
  readonly locality?: Locality;
}

const proxies = list(
  message<ProxyDescription>(
    {
      name: nonEmptyString,
      id: nonEmptyString,
      metadata: jsonObject,
      locality: optional(message<Locality>({ region: string, zone: string, subZone: string })),
    },
    { required: ['name', 'id'] },
  ),
);

/** Decodes the list of proxies. */
export function decodeProxies(value: unknown): Decoded<readonly ProxyDescription[]> {
  return decodeWhole(value, proxies, validateNames);
}

function validateNames(described: readonly ProxyDescription[], sink: FindingSink): void {
  const seen = new Map<string, number>();
  for (const [index, { name }] of described.entries()) {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else sink.error(`[${index}].name`, `"${name}" is the name of [${first}] too`);
  }
}
