/**
 * Responses as bytes, put together from resources that are encoded already: version, type and nonce are encoded for
 * each response, the resources once for all.
 */
import type { EncodedResource } from '../envoy/resource.js';
import { bytesField, stringField, varint } from '../envoy/wire.js';
import { bodyLength, sharedBody, type ResourceField } from './shared-body.js';

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
 * A response: fields of its own, and resources that many responses have in common. It becomes bytes when the transport
 * takes it, so that what waits for a slow client is only a list.
 */
export class EncodedResponse {
  readonly #own: readonly Buffer[];
  readonly #ownLength: number;
  readonly #resources: readonly EncodedResource[];
  readonly #field: ResourceField;
  /** Bytes of the message. */
  readonly length: number;

  constructor(own: readonly Buffer[], resources: readonly EncodedResource[], field: ResourceField) {
    this.#own = own;
    this.#ownLength = own.reduce((sum, part) => sum + part.length, 0);
    this.#resources = resources;
    this.#field = field;
    this.length = this.#ownLength + bodyLength(resources, field);
  }

  /** The message in one piece of its own. */
  bytes(): Buffer {
    return this.#together(0);
  }

  /** The message as gRPC frames it, in pieces to be written one after the other and not to be written to. */
  frames(): readonly Buffer[] {
    if (this.length <= copiedUpTo || this.#resources.length === 0)
      return [this.#framed(this.#together(framePrefix))];
    const own = Buffer.allocUnsafe(framePrefix + this.#ownLength);
    this.#setOwn(own, framePrefix);
    return [this.#framed(own), sharedBody(this.#resources, this.#field)];
  }

  #framed(start: Buffer): Buffer {
    start[0] = 0; // not compressed
    start.writeUInt32BE(this.length, 1);
    return start;
  }

  #together(from: number): Buffer {
    const all = Buffer.allocUnsafe(from + this.length);
    let at = this.#setOwn(all, from);
    for (const resource of this.#resources) {
      const bytes = resource[this.#field];
      all.set(bytes, at);
      at += bytes.length;
    }
    return all;
  }

  #setOwn(target: Buffer, from: number): number {
    let at = from;
    for (const part of this.#own) {
      target.set(part, at);
      at += part.length;
    }
    return at;
  }
}

/** Bytes before a message of gRPC: whether it is compressed, and its length. */
const framePrefix = 5;
/** Bytes up to which copying a message costs less than writing it in pieces. */
const copiedUpTo = 16 * 1024;

/** A DiscoveryResponse. */
export function encodeSotwResponse(
  head: ResponseHead,
  resources: readonly EncodedResource[],
  form: ResourceForm,
): EncodedResponse {
  const own = [versionField(head.version), typeUrlField(head.typeUrl), nonceField(head.nonce)];
  if (head.controlPlane !== undefined) own.push(controlPlane(sotwControlPlaneTag, head.controlPlane));
  if (!hasTtl(resources, form)) return new EncodedResponse(own, resources, 'anyField');
  for (const resource of resources)
    own.push(resource.ttl === undefined ? resource.anyField : wrapped(resource, form));
  return new EncodedResponse(own, [], 'anyField');
}

/** A DeltaDiscoveryResponse. */
export function encodeDeltaResponse(
  head: ResponseHead,
  resources: readonly EncodedResource[],
  removed: readonly string[],
  form: ResourceForm,
): EncodedResponse {
  const own = [versionField(head.version), typeUrlField(head.typeUrl), nonceField(head.nonce)];
  for (const name of removed) own.push(stringField(removedTag, name));
  if (head.controlPlane !== undefined) own.push(controlPlane(deltaControlPlaneTag, head.controlPlane));
  if (!hasTtl(resources, form)) return new EncodedResponse(own, resources, 'deltaField');
  for (const resource of resources) {
    const { ttl } = resource;
    own.push(
      ttl === undefined ? resource.deltaField : bytesField(resourcesTag, withTtl(resource, ttl, form)),
    );
  }
  return new EncodedResponse(own, [], 'deltaField');
}

/** Whether resources are written otherwise for a client than for others. */
function hasTtl(resources: readonly EncodedResource[], form: ResourceForm): boolean {
  return form.ttl && resources.some(({ ttl }) => ttl !== undefined);
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
