/**
 * An xDS client for tests, in both variants and on the aggregated service as well as on those of single types. It
 * says exactly what it is told to; what it remembers is only what a request must repeat: names, nonces, versions.
 */
import { Client, credentials, Metadata, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import { Reader } from 'protobufjs/minimal.js';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
  Resource,
  type DeltaDiscoveryRequestShape,
  type DiscoveryRequestShape,
  type NodeShape,
} from '../../../src/envoy/messages.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';

export type Variant = 'sotw' | 'delta';

/** Types that have a service of their own. */
export type Service = 'cds' | 'eds' | 'lds' | 'rds' | 'sds' | 'ecds';

/** The methods of the services, as the protos name them. */
const methods: Readonly<Record<Service | 'ads', Readonly<Record<Variant, string>>>> = {
  ads: {
    sotw: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    delta: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  },
  cds: {
    sotw: '/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters',
    delta: '/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters',
  },
  eds: {
    sotw: '/envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints',
    delta: '/envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints',
  },
  lds: {
    sotw: '/envoy.service.listener.v3.ListenerDiscoveryService/StreamListeners',
    delta: '/envoy.service.listener.v3.ListenerDiscoveryService/DeltaListeners',
  },
  rds: {
    sotw: '/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes',
    delta: '/envoy.service.route.v3.RouteDiscoveryService/DeltaRoutes',
  },
  sds: {
    sotw: '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets',
    delta: '/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets',
  },
  ecds: {
    sotw: '/envoy.service.extension.v3.ExtensionConfigDiscoveryService/StreamExtensionConfigs',
    delta: '/envoy.service.extension.v3.ExtensionConfigDiscoveryService/DeltaExtensionConfigs',
  },
};

/** The path of a service's method. */
export function methodPath(service: Service | 'ads', variant: Variant): string {
  return methods[service][variant];
}

/** A response, in what both variants have in common. */
export interface Answer {
  readonly typeUrl: string;
  /** `version_info` or `system_version_info`. */
  readonly version: string;
  readonly nonce: string;
  /** In the order of the response. */
  readonly resources: readonly AnswerResource[];
  readonly names: readonly string[];
  /** Content by name; undefined for a resource without a body. */
  readonly content: Readonly<Record<string, string | undefined>>;
  /** Delta only. */
  readonly removed: readonly string[];
  /** The numbers of the response's fields, each once. */
  readonly fields: readonly number[];
}

export interface AnswerResource {
  readonly name: string;
  readonly typeUrl: string;
  /** Undefined for a heartbeat. */
  readonly body: Buffer | undefined;
  /** Empty where the variant has none. */
  readonly version: string;
  /** In milliseconds. */
  readonly ttl: number | undefined;
  /** The resource came inside a `Resource` message. */
  readonly wrapped: boolean;
}

/** Resources of these tests say their own name: `name=content`. */
export function bodyOf(name: string, content: string): Buffer {
  return Buffer.from(`${name}=${content}`);
}

function parsedBody(body: Uint8Array | undefined): { name: string; content: string } {
  const text = Buffer.from(body ?? []).toString();
  const at = text.indexOf('=');
  return { name: text.slice(0, Math.max(at, 0)), content: text.slice(at + 1) };
}

const textName: NameOf = (_, body) => parsedBody(body).name;

/** Several streams may share one connection. */
export class Connection {
  readonly client: Client;

  constructor(port: number) {
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
  }

  close(): void {
    this.client.close();
  }
}

export interface ClientOptions {
  /** Sent with the first request; null sends none. */
  readonly node?: NodeShape | null;
  /** A service of a single type instead of the aggregated one. */
  readonly service?: Service;
  readonly connection?: Connection;
  /** Reads the name of a state-of-the-world resource from its body. */
  readonly nameOf?: NameOf;
}

export type NameOf = (typeUrl: string, body: Buffer) => string;

/** Generous: only a defect waits this long. */
const limitMs = 20_000;

type AnyRequest = DiscoveryRequestShape | DeltaDiscoveryRequestShape;

/** One stream. `subscribe`, `unsubscribe`, `accept` and `refuse` say the same thing in either variant. */
export abstract class XdsClient<Request extends AnyRequest = AnyRequest> {
  readonly variant: Variant;
  readonly service: Service | undefined;
  readonly ended: Promise<StatusObject>;
  readonly #connection: Connection;
  readonly #ownsConnection: boolean;
  readonly #stream: ClientDuplexStream<Request, Answer>;
  readonly #node: NodeShape | null;
  readonly #answers: Answer[] = [];
  #wake: (() => void) | undefined;
  readonly #everything = new Set<string>();
  #sent = 0;
  #ended: StatusObject | undefined;

  constructor(
    port: number,
    variant: Variant,
    options: ClientOptions,
    encode: (request: Request) => Buffer,
    decode: (bytes: Buffer) => Answer,
  ) {
    this.variant = variant;
    this.service = options.service;
    this.#node = options.node === undefined ? { id: 'test-id' } : options.node;
    this.#ownsConnection = options.connection === undefined;
    this.#connection = options.connection ?? new Connection(port);
    const path = methodPath(options.service ?? 'ads', variant);
    this.#stream = this.#connection.client.makeBidiStreamRequest(path, encode, decode, new Metadata());
    this.#stream.on('data', (answer: Answer) => {
      this.#answers.push(answer);
      this.#wake?.();
    });
    this.#stream.on('error', () => undefined); // told by `ended`
    this.ended = new Promise((resolve) => {
      this.#stream.once('status', (status: StatusObject) => {
        this.#ended = status;
        this.#wake?.();
        resolve(status);
      });
    });
  }

  /** Requests that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Answers that arrived and were not taken. */
  get pending(): number {
    return this.#answers.length;
  }

  /** Sends a request as it is; the first one of the stream with the node, unless it brings its own. */
  send(request: Request): void {
    const node = this.#sent === 0 && this.#node !== null && !('node' in request) ? { node: this.#node } : {};
    this.#sent += 1;
    this.#stream.write({ ...node, ...request });
  }

  /** The next answer; those before it have been taken. Fails once the stream has ended. */
  async next(): Promise<Answer> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      if (this.#ended !== undefined)
        throw new Error(`the stream ended: ${this.#ended.code} ${this.#ended.details}`);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no response within ${limitMs} ms`)), limitMs);
        this.#wake = () => {
          this.#wake = undefined;
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The next answer, accepted. */
  async take(): Promise<Answer> {
    const answer = await this.next();
    this.accept(answer);
    return answer;
  }

  /** Whether everything of a type was asked for. */
  wantsEverything(typeUrl: string): boolean {
    return this.#everything.has(typeUrl);
  }

  /** Notes whether everything of a type is wanted. */
  protected note(typeUrl: string, everything: boolean): void {
    if (everything) this.#everything.add(typeUrl);
    else this.#everything.delete(typeUrl);
  }

  /** Adds names to the subscription of a type; no names at all is what a client says that wants everything. */
  abstract subscribe(typeUrl: string, ...names: readonly string[]): void;
  /** Takes names away. */
  abstract unsubscribe(typeUrl: string, ...names: readonly string[]): void;
  abstract accept(answer: Answer): void;
  abstract refuse(answer: Answer, message: string): void;
  /** Answers a response like `accept`, but names a response that never was. */
  abstract acceptStale(answer: Answer): void;

  /** Sends no more requests. */
  halfClose(): void {
    this.#stream.end();
  }

  /** Ends the stream, and its connection unless that is shared. */
  close(): void {
    this.#stream.cancel();
    if (this.#ownsConnection) this.#connection.close();
  }

  /** What requests say as their type: on a service of a single type nothing need be said. */
  protected typeField(typeUrl: string): { typeUrl?: string } {
    return this.service === undefined ? { typeUrl } : {};
  }
}

/** What a state-of-the-world client repeats in each request of a type. */
interface SotwType {
  names: readonly string[];
  nonce: string;
  version: string;
}

export class SotwClient extends XdsClient<DiscoveryRequestShape> {
  readonly #types = new Map<string, SotwType>();

  constructor(port: number, options: ClientOptions = {}) {
    super(
      port,
      'sotw',
      options,
      (request) => DiscoveryRequest.encode(request),
      (bytes) => sotwAnswer(bytes, options.nameOf ?? textName),
    );
  }

  subscribe(typeUrl: string, ...names: readonly string[]): void {
    this.ask(typeUrl, [...new Set([...this.#type(typeUrl).names, ...names])]);
  }

  unsubscribe(typeUrl: string, ...names: readonly string[]): void {
    this.ask(
      typeUrl,
      this.#type(typeUrl).names.filter((name) => !names.includes(name)),
    );
  }

  /** Asks for exactly these names. */
  ask(typeUrl: string, names: readonly string[]): void {
    const type = this.#type(typeUrl);
    this.note(typeUrl, names.length === 0 ? type.names.length === 0 : names.includes('*'));
    type.names = names;
    this.send({ ...this.typeField(typeUrl), ...this.#repeated(type) });
  }

  /** Accepts, optionally with another list of names. */
  accept({ typeUrl, nonce, version }: Answer, names = this.#type(typeUrl).names): void {
    const type = this.#type(typeUrl);
    Object.assign(type, { nonce, version, names });
    this.send({ ...this.typeField(typeUrl), ...this.#repeated(type) });
  }

  refuse({ typeUrl, nonce }: Answer, message: string, names = this.#type(typeUrl).names): void {
    const type = this.#type(typeUrl);
    Object.assign(type, { nonce, names });
    this.send({
      ...this.typeField(typeUrl),
      ...this.#repeated(type),
      errorDetail: { code: 13, message },
    });
  }

  acceptStale({ typeUrl, version }: Answer, names = this.#type(typeUrl).names): void {
    this.send({
      ...this.typeField(typeUrl),
      versionInfo: version,
      responseNonce: 'never-sent',
      resourceNames: [...names],
    });
  }

  #type(typeUrl: string): SotwType {
    let type = this.#types.get(typeUrl);
    if (type === undefined) {
      type = { names: [], nonce: '', version: '' };
      this.#types.set(typeUrl, type);
    }
    return type;
  }

  #repeated({ names, nonce, version }: SotwType): DiscoveryRequestShape {
    return { resourceNames: [...names], responseNonce: nonce, versionInfo: version };
  }
}

export class DeltaClient extends XdsClient<DeltaDiscoveryRequestShape> {
  constructor(port: number, options: ClientOptions = {}) {
    super(port, 'delta', options, (request) => DeltaDiscoveryRequest.encode(request), deltaAnswer);
  }

  subscribe(typeUrl: string, ...names: readonly string[]): void {
    if (names.length === 0 || names.includes('*')) this.note(typeUrl, true);
    this.send({ ...this.typeField(typeUrl), resourceNamesSubscribe: [...names] });
  }

  unsubscribe(typeUrl: string, ...names: readonly string[]): void {
    if (names.includes('*')) this.note(typeUrl, false);
    this.send({ ...this.typeField(typeUrl), resourceNamesUnsubscribe: [...names] });
  }

  accept({ typeUrl, nonce }: Answer): void {
    this.send({ ...this.typeField(typeUrl), responseNonce: nonce });
  }

  refuse({ typeUrl, nonce }: Answer, message: string): void {
    this.send({ ...this.typeField(typeUrl), responseNonce: nonce, errorDetail: { code: 13, message } });
  }

  acceptStale({ typeUrl }: Answer): void {
    this.send({ ...this.typeField(typeUrl), responseNonce: 'never-sent' });
  }
}

/** A client of either variant. */
export function newClient(
  variant: Variant,
  port: number,
  options: ClientOptions = {},
): SotwClient | DeltaClient {
  return variant === 'sotw' ? new SotwClient(port, options) : new DeltaClient(port, options);
}

function sotwAnswer(bytes: Buffer, nameOf: NameOf): Answer {
  const { typeUrl, versionInfo, nonce, resources } = DiscoveryResponse.decode(bytes);
  const read = resources.map((any): AnswerResource => {
    if (any.typeUrl === Resource.typeUrl) {
      const { name, ttl, resource, version } = Resource.decode(any.value ?? new Uint8Array());
      return {
        name,
        typeUrl: resource?.typeUrl ?? '',
        body: resource === null ? undefined : Buffer.from(resource.value),
        version: version ?? '',
        ttl: milliseconds(ttl),
        wrapped: true,
      };
    }
    const body = Buffer.from(any.value ?? []);
    const common = { typeUrl: any.typeUrl ?? '', version: '', ttl: undefined, wrapped: false };
    return { name: nameOf(common.typeUrl, body), body, ...common };
  });
  const fields = fieldNumbers(bytes);
  return { typeUrl, version: versionInfo, nonce, removed: [], fields, ...summary(read) };
}

function deltaAnswer(bytes: Buffer): Answer {
  const response = DeltaDiscoveryResponse.decode(bytes);
  const { typeUrl, systemVersionInfo, nonce, resources, removedResources } = response;
  const read = resources.map(({ name, version, resource, ttl }): AnswerResource => ({
    name,
    typeUrl: resource?.typeUrl ?? '',
    body: resource === null ? undefined : Buffer.from(resource.value),
    version,
    ttl: milliseconds(ttl),
    wrapped: false,
  }));
  const common = { typeUrl, version: systemVersionInfo, nonce, removed: removedResources };
  return { ...common, fields: fieldNumbers(bytes), ...summary(read) };
}

/** The numbers of the fields of a message, whatever they are. */
function fieldNumbers(bytes: Buffer): number[] {
  const reader = Reader.create(bytes);
  const numbers = new Set<number>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    numbers.add(tag >>> 3);
    reader.skipType(tag & 7);
  }
  return [...numbers].sort((a, b) => a - b);
}

function summary(resources: readonly AnswerResource[]): Pick<Answer, 'resources' | 'names' | 'content'> {
  return {
    resources,
    names: resources.map(({ name }) => name),
    content: Object.fromEntries(
      resources.map(({ name, body }) => [name, body === undefined ? undefined : parsedBody(body).content]),
    ),
  };
}

function milliseconds(
  duration: { seconds?: unknown; nanos?: unknown } | null | undefined,
): number | undefined {
  if (duration === null || duration === undefined) return undefined;
  return Number(duration.seconds ?? 0) * 1000 + Number(duration.nanos ?? 0) / 1e6;
}

/** The types of the aggregated service by the names of their services. */
export const serviceTypes: Readonly<Record<Service, string>> = {
  cds: typeUrls.cds,
  eds: typeUrls.eds,
  lds: typeUrls.lds,
  rds: typeUrls.rds,
  sds: typeUrls.sds,
  ecds: typeUrls.ecds,
};
