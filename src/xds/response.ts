/**
 * Responses as bytes, put together from resources that are encoded already: the head and the end (version, type,
 * nonce) are encoded for each response, the resources once for all.
 */
import type { EncodedResource } from '../envoy/resource.js';
import { bytesField, stringField, varint } from '../envoy/wire.js';

const versionTag = 0x0a; // version_info and system_version_info = 1
const resourcesTag = 0x12; // resources = 2
const typeUrlTag = 0x22; // type_url = 4
const nonceTag = 0x2a; // nonce = 5
const removedTag = 0x32; // removed_resources = 6 of a delta response
const sotwControlPlaneTag = 0x32; // control_plane = 6
const deltaControlPlaneTag = 0x3a; // control_plane = 7
const identifierTag = 0x0a; // ControlPlane.identifier = 1

const resourceVersionTag = 0x0a; // Resource.version = 1
const resourceNameTag = 0x1a; // Resource.name = 3
const resourceTtlTag = 0x32; // Resource.ttl = 6
const durationSecondsTag = 0x08; // Duration.seconds = 1
const durationNanosTag = 0x10; // Duration.nanos = 2
const anyTypeUrlTag = 0x0a; // Any.type_url = 1
const anyValueTag = 0x12; // Any.value = 2

const resourceTypeUrl = 'type.googleapis.com/envoy.service.discovery.v3.Resource';

/** What a response holds beside its resources. */
export interface ResponseHead {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  /** Who serves; undefined to leave it out. */
  readonly controlPlane: string | undefined;
}

/** In which form resources are written. */
export interface ResourceForm {
  /** The client knows times to live, and in which form they reach it. */
  readonly ttl: boolean;
  /** Only that they are still alive is said: their bodies are left out. */
  readonly heartbeat: boolean;
}

/**
 * A response in parts, most of which many responses have in common. It becomes one piece of bytes when the transport
 * takes it, so that what waits for a slow client is only a list.
 */
export class EncodedResponse {
  readonly #parts: readonly Buffer[];
  /** Bytes of all parts. */
  readonly length: number;

  constructor(parts: readonly Buffer[]) {
    this.#parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** All in one piece, in memory that the next call of any response uses again: to be copied from at once. */
  bytes(): Buffer {
    if (scratch.length < this.length) scratch = Buffer.allocUnsafeSlow(roundUp(this.length));
    let at = 0;
    for (const part of this.#parts) {
      scratch.set(part, at);
      at += part.length;
    }
    return scratch.subarray(0, at);
  }
}

let scratch: Buffer = Buffer.alloc(0);

/** To the next power of two, of 64 KiB at least. */
function roundUp(length: number): number {
  return Math.max(64 * 1024, 2 ** Math.ceil(Math.log2(length)));
}

/** A DiscoveryResponse. */
export function encodeSotwResponse(
  head: ResponseHead,
  resources: readonly EncodedResource[],
  form: ResourceForm,
): EncodedResponse {
  const parts = [versionField(head.version)];
  for (const resource of resources) {
    if (form.ttl && resource.ttl !== undefined) parts.push(wrapped(resource, form));
    else parts.push(resource.anyField);
  }
  parts.push(typeUrlField(head.typeUrl), nonceField(head.nonce));
  if (head.controlPlane !== undefined) parts.push(controlPlane(sotwControlPlaneTag, head.controlPlane));
  return new EncodedResponse(parts);
}

/** A DeltaDiscoveryResponse. */
export function encodeDeltaResponse(
  head: ResponseHead,
  resources: readonly EncodedResource[],
  removed: readonly string[],
  form: ResourceForm,
): EncodedResponse {
  const parts = [versionField(head.version)];
  for (const resource of resources) {
    if (form.ttl && resource.ttl !== undefined) {
      parts.push(bytesField(resourcesTag, withTtl(resource, resource.ttl, form)));
    } else {
      parts.push(resource.deltaField);
    }
  }
  parts.push(typeUrlField(head.typeUrl), nonceField(head.nonce));
  for (const name of removed) parts.push(stringField(removedTag, name));
  if (head.controlPlane !== undefined) parts.push(controlPlane(deltaControlPlaneTag, head.controlPlane));
  return new EncodedResponse(parts);
}

const typeUrlField = remembering((typeUrl) => stringField(typeUrlTag, typeUrl));
const versionField = remembering((version) => stringField(versionTag, version));

/** Fields that many responses have in common are made once. */
function remembering(make: (text: string) => Buffer): (text: string) => Buffer {
  const known = new Map<string, Buffer>();
  return (text) => {
    let field = known.get(text);
    if (field === undefined) {
      field = make(text);
      if (known.size >= remembered) known.clear();
      known.set(text, field);
    }
    return field;
  };
}

/** How many fields of a kind are remembered. */
const remembered = 256;

/** A nonce is the server's own: short and of ASCII characters. */
function nonceField(nonce: string): Buffer {
  const field = Buffer.allocUnsafe(2 + nonce.length);
  field[0] = nonceTag;
  field[1] = nonce.length;
  field.write(nonce, 2, 'latin1');
  return field;
}

/** A resource as an Any of a `Resource`, which is how a state-of-the-world client is told a time to live. */
function wrapped(resource: EncodedResource, form: ResourceForm): Buffer {
  const any = Buffer.concat([
    stringField(anyTypeUrlTag, resourceTypeUrl),
    bytesField(anyValueTag, withTtl(resource, resource.ttl ?? 0, form)),
  ]);
  return bytesField(resourcesTag, any);
}

function withTtl(resource: EncodedResource, ttl: number, { heartbeat }: ResourceForm): Buffer {
  const duration = bytesField(
    resourceTtlTag,
    Buffer.concat([
      Buffer.from([durationSecondsTag]),
      varint(Math.floor(ttl / 1000)),
      Buffer.from([durationNanosTag]),
      varint(Math.round((ttl % 1000) * 1e6)),
    ]),
  );
  if (!heartbeat) {
    return Buffer.concat([
      duration,
      stringField(resourceVersionTag, resource.version),
      stringField(resourceNameTag, resource.name),
      resource.anyField,
    ]);
  }
  return Buffer.concat([
    duration,
    stringField(resourceVersionTag, resource.version),
    stringField(resourceNameTag, resource.name),
  ]);
}

function controlPlane(tag: number, identifier: string): Buffer {
  return bytesField(tag, stringField(identifierTag, identifier));
}
