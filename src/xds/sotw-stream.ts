/**
 * One state-of-the-world ADS stream: a state machine without a socket. Requests and changes mark what the client
 * is owed; `flush` makes the responses from the newest state, one type after the other in push order, as long as
 * the client reads. So a slow client holds at most one response for each type, and skips to the newest state.
 *
 * Numbers in comments are those of the protocol checklist (docs/xds.md).
 */
import { status } from '@grpc/grpc-js';
import { PilotError, errorMessage } from '../base/errors.js';
import type { DiscoveryRequestMessage } from '../envoy/messages.js';
import type { EncodedResource } from '../envoy/resource.js';
import type { StreamIdentity, XdsObserver } from './observer.js';
import { dependantOf, inPushOrder, isFullSetType } from './push-order.js';
import { encodeResponse } from './response.js';
import type { ResourceClient, ResourceSet, ResourceSource } from './source.js';
import { subscribe, type TypeSubscription } from './subscription.js';

/** The wire below a stream. */
export interface StreamTransport {
  readonly peer: string;
  /** Hands bytes on; false: the client does not read at present, `flush` is to be called again once it does. */
  write(response: Buffer): boolean;
  /** Ends the stream with a gRPC status. */
  fail(code: status, message: string): void;
}

/** What was sent of one type and what became of it, as status pages show it. */
export interface TypeStatus {
  readonly typeUrl: string;
  readonly wildcard: boolean;
  readonly names: readonly string[];
  readonly nonceSent: string;
  readonly nonceAcked: string;
  readonly versionSent: string;
  readonly versionAcked: string;
  /** Milliseconds since the epoch; undefined when nothing was sent. */
  readonly sentAt: number | undefined;
  /** Why the client refused what was sent last; undefined once it accepts again. */
  readonly lastError: string | undefined;
}

interface TypeState {
  subscription: TypeSubscription;
  nonceSent: string;
  nonceAcked: string;
  /** The response that the client refused last; requests that name it again are no ACK. */
  nonceNacked: string;
  versionSent: string;
  versionAcked: string;
  sentAt: number | undefined;
  lastError: string | undefined;
  /** What the client has been brought to. */
  sent: ResourceSet | undefined;
  /** Names to answer whether or not they changed; `all` answers the whole subscription. */
  owed: Set<string> | 'all' | undefined;
  /** Why the state may have changed since `sent`; undefined when it did not. */
  dirty: string | undefined;
  /** A response of the type that this one depends on was sent since the last one of this type (60). */
  parentSent: boolean;
}

export class SotwStream {
  readonly #source: ResourceSource;
  readonly #transport: StreamTransport;
  readonly #observer: XdsObserver;
  readonly #number: number;
  readonly #types = new Map<string, TypeState>();
  readonly #unsupported = new Set<string>();
  readonly connectedAt = Date.now();
  #identity: StreamIdentity | undefined;
  #client: ResourceClient | undefined;
  #nonces = 0;
  #writable = true;
  #closed = false;

  constructor(source: ResourceSource, transport: StreamTransport, observer: XdsObserver, number: number) {
    this.#source = source;
    this.#transport = transport;
    this.#observer = observer;
    this.#number = number;
  }

  /** Undefined until the first request said who the client is. */
  get identity(): StreamIdentity | undefined {
    return this.#identity;
  }

  get client(): ResourceClient | undefined {
    return this.#client;
  }

  /** What was sent and acknowledged, by type. */
  status(): TypeStatus[] {
    return [...this.#types].map(([typeUrl, state]) => ({
      typeUrl,
      wildcard: state.subscription.wildcard,
      names: [...state.subscription.names],
      nonceSent: state.nonceSent,
      nonceAcked: state.nonceAcked,
      versionSent: state.versionSent,
      versionAcked: state.versionAcked,
      sentAt: state.sentAt,
      lastError: state.lastError,
    }));
  }

  /** A request arrived. */
  onRequest(request: DiscoveryRequestMessage): void {
    if (!this.#closed) this.#guarded(() => this.#handle(request));
  }

  #handle(request: DiscoveryRequestMessage): void {
    const attached = this.#attach(request);
    if (attached === undefined) return;
    const { client, identity } = attached;
    if (request.typeUrl === '') {
      this.#fail(status.INVALID_ARGUMENT, 'a request on an aggregated stream must name its type_url'); // 5
      return;
    }
    const state = this.#types.get(request.typeUrl);
    if (state === undefined) this.#firstRequest(client, identity, request);
    else this.#laterRequest(client, identity, state, request);
    this.#flush();
  }

  /** The source's state changed; what differs is sent by the next `flush`. */
  markChanged(reason: string, types: ReadonlySet<string> | undefined): void {
    for (const [typeUrl, state] of this.#types) {
      const concerned = (types === undefined || types.has(typeUrl)) && !isEmpty(state.subscription); // 42
      if (concerned) state.dirty = reason;
    }
  }

  /** The client reads again. */
  onDrain(): void {
    this.#writable = true;
    this.flush();
  }

  /** The stream is over; nothing is sent any more. Says whether it ever was a client's. */
  close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#identity !== undefined) this.#observer.disconnected(this.#identity, error);
    this.#types.clear();
  }

  /** Sends what is owed, in push order, as long as the client reads. */
  flush(): void {
    this.#guarded(() => this.#flush());
  }

  #flush(): void {
    if (this.#client === undefined || this.#identity === undefined) return;
    for (const typeUrl of inPushOrder(this.#types.keys())) {
      if (!this.#writable || this.#closed) return;
      const state = this.#types.get(typeUrl);
      if (state === undefined || (state.owed === undefined && state.dirty === undefined)) continue;
      this.#respond(this.#client, this.#identity, typeUrl, state);
    }
  }

  #attach(
    request: DiscoveryRequestMessage,
  ): { client: ResourceClient; identity: StreamIdentity } | undefined {
    if (this.#client !== undefined && this.#identity !== undefined) {
      return { client: this.#client, identity: this.#identity }; // 2: a later node is ignored
    }
    const node = request.node ?? undefined;
    const nodeId = node?.id ?? '';
    if (node === undefined || nodeId === '') {
      this.#fail(status.INVALID_ARGUMENT, 'the first request of a stream must carry a node with an id'); // 3
      return undefined;
    }
    if (!this.#source.ready()) {
      this.#fail(status.UNAVAILABLE, 'the registries have not been read yet, try again'); // 10
      return undefined;
    }
    try {
      this.#client = this.#source.attach(node);
    } catch (error) {
      const known = PilotError.from(error);
      const code = known.code === 'NODE_INVALID' ? status.INVALID_ARGUMENT : status.INTERNAL;
      this.#fail(code, known.hint === undefined ? known.message : `${known.message}. ${known.hint}`); // 4
      return undefined;
    }
    this.#identity = { connectionId: `${nodeId}-${this.#number}`, nodeId, peer: this.#transport.peer };
    this.#observer.connected(this.#identity, this.#client.description);
    return { client: this.#client, identity: this.#identity };
  }

  #firstRequest(client: ResourceClient, identity: StreamIdentity, request: DiscoveryRequestMessage): void {
    if (client.resources(request.typeUrl, { wildcard: false, names: new Set() }) === undefined) {
      if (!this.#unsupported.has(request.typeUrl)) {
        this.#unsupported.add(request.typeUrl);
        this.#observer.unsupportedType(identity, request.typeUrl); // 6
      }
      return;
    }
    // A nonce on a stream's first request of a type is from another stream and means nothing (14).
    const { subscription } = subscribe(
      undefined,
      request.resourceNames,
      client.isWildcardType(request.typeUrl),
    );
    this.#types.set(request.typeUrl, {
      subscription,
      nonceSent: '',
      nonceAcked: '',
      nonceNacked: '',
      versionSent: '',
      versionAcked: '',
      sentAt: undefined,
      lastError: undefined,
      sent: undefined,
      owed: isEmpty(subscription) ? undefined : 'all', // 32
      dirty: undefined,
      parentSent: false,
    });
  }

  #laterRequest(
    client: ResourceClient,
    identity: StreamIdentity,
    state: TypeState,
    request: DiscoveryRequestMessage,
  ): void {
    const { typeUrl } = request;
    if (request.responseNonce !== '' && request.responseNonce !== state.nonceSent) {
      this.#observer.staleNonce(identity, typeUrl); // 21
      return;
    }
    const repeated = request.responseNonce !== '' && request.responseNonce === state.nonceAcked;
    const error = request.errorDetail ?? undefined;
    if (error !== undefined) {
      state.lastError = error.message ?? ''; // 17, 18: recorded, not sent again
      state.nonceNacked = request.responseNonce;
      this.#observer.nacked(identity, {
        typeUrl,
        nonce: request.responseNonce,
        code: error.code ?? 0,
        message: error.message ?? '',
      });
    } else if (request.responseNonce !== '' && request.responseNonce !== state.nonceNacked) {
      if (!repeated) this.#observer.acked(identity, typeUrl, request.responseNonce);
      state.nonceAcked = request.responseNonce;
      state.versionAcked = request.versionInfo;
      state.lastError = undefined;
    }
    const change = subscribe(state.subscription, request.resourceNames, client.isWildcardType(typeUrl));
    state.subscription = change.subscription; // 20: honoured in an ACK and in a NACK
    if (isEmpty(change.subscription)) {
      state.owed = undefined; // 30: unsubscribed from everything
      state.dirty = undefined;
      state.sent = undefined;
    } else if (request.responseNonce === '' && error === undefined) {
      state.owed = 'all'; // a subscription made anew
    } else if (change.wildcardAdded || (change.added.size > 0 && isFullSetType(typeUrl))) {
      state.owed = 'all'; // 34
    } else if (change.added.size > 0) {
      if (state.owed !== 'all') state.owed = new Set([...(state.owed ?? []), ...change.added]); // 36, 37
    } else if (repeated && state.parentSent && error === undefined) {
      state.owed = 'all'; // 60: the client warms what it got since, and waits for an answer
    }
  }

  #respond(client: ResourceClient, identity: StreamIdentity, typeUrl: string, state: TypeState): void {
    const reason = state.dirty ?? 'request';
    const owed = state.owed;
    state.owed = undefined;
    state.dirty = undefined;
    const set = client.resources(typeUrl, state.subscription);
    if (set === undefined) return;
    const resources = isFullSetType(typeUrl)
      ? owed !== undefined || set.version !== state.sent?.version
        ? set.resources
        : undefined
      : partialAnswer(set, state.sent, owed);
    const before = state.sent;
    state.sent = set;
    if (resources === undefined) return; // 73
    this.#nonces += 1;
    const nonce = `${this.#number}-${this.#nonces}`;
    const bytes = encodeResponse({ typeUrl, versionInfo: set.version, nonce }, resources);
    state.nonceSent = nonce;
    state.versionSent = set.version;
    state.sentAt = Date.now();
    state.parentSent = false;
    this.#writable = this.#transport.write(bytes);
    this.#observer.pushed(identity, {
      typeUrl,
      version: set.version,
      nonce,
      resources: resources.length,
      bytes: bytes.length,
      reason,
    });
    this.#markDependants(typeUrl, before, set);
  }

  /** After CDS the endpoints of changed clusters follow, though they did not change, so that Envoy can warm them (68). */
  #markDependants(typeUrl: string, before: ResourceSet | undefined, now: ResourceSet): void {
    const dependant = dependantOf(typeUrl);
    const state = dependant === undefined ? undefined : this.#types.get(dependant);
    if (state === undefined) return;
    state.parentSent = true;
    if (before === undefined || state.sent === undefined || state.owed === 'all') return;
    const changed = changedResources(now, before).filter(({ name }) => state.subscription.names.has(name));
    if (changed.length > 0) state.owed = new Set([...(state.owed ?? []), ...changed.map(({ name }) => name)]);
  }

  /** A defect ends this stream, with its reason, and no other. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(status.INTERNAL, errorMessage(error));
    }
  }

  #fail(code: status, message: string): void {
    if (this.#identity === undefined) this.#observer.refused(this.#transport.peer, new Error(message));
    this.close(new Error(message));
    this.#transport.fail(code, message);
  }
}

function isEmpty(subscription: TypeSubscription): boolean {
  return !subscription.wildcard && subscription.names.size === 0;
}

/** For types whose responses may hold a part: what is owed and exists, and what changed; undefined when that is nothing. */
function partialAnswer(
  set: ResourceSet,
  sent: ResourceSet | undefined,
  owed: ReadonlySet<string> | 'all' | undefined,
): readonly EncodedResource[] | undefined {
  if (owed === 'all') return set.resources.length > 0 ? set.resources : undefined;
  const changed = sent === undefined ? set.resources : changedResources(set, sent);
  if (owed === undefined) return changed.length > 0 ? changed : undefined;
  const answer = new Set(changed);
  for (const resource of set.resources) if (owed.has(resource.name)) answer.add(resource);
  return answer.size > 0 ? [...answer] : undefined;
}

/** Resources of `now` that `before` does not have or has with another content. */
function changedResources(now: ResourceSet, before: ResourceSet): readonly EncodedResource[] {
  if (now === before || now.version === before.version) return [];
  const known = byName(before);
  return now.resources.filter((resource) => {
    const old = known.get(resource.name);
    return old !== resource && old?.version !== resource.version;
  });
}

const indices = new WeakMap<ResourceSet, ReadonlyMap<string, EncodedResource>>();

function byName(set: ResourceSet): ReadonlyMap<string, EncodedResource> {
  let index = indices.get(set);
  if (index === undefined) {
    index = new Map(set.resources.map((resource) => [resource.name, resource]));
    indices.set(set, index);
  }
  return index;
}
