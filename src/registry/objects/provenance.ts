/** Where a value that was made of an object comes from. */
import type { AnyObject } from '../../config/object.js';
import type { Provenance } from '../../model/service.js';

/** The provenance of what is made of an object. `registry` is the text of the shard's key. */
export function provenanceOf(registry: string, object: AnyObject): Provenance {
  const { kind, metadata, origin } = object;
  const name = metadata.namespace === '' ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  const location = origin.line === undefined ? origin.file : `${origin.file ?? origin.source}:${origin.line}`;
  return { registry, object: `${kind} ${name}`, ...(location === undefined ? {} : { location }) };
}
