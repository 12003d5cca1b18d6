/**
 * One stream: a state machine without a socket. Requests and changes mark what the client is owed; a turn makes the
 * responses from the newest state, one type after the other in push order, as long as the client reads. So a slow
 * client holds at most one response, and skips to the newest state.
 *
 * Numbers in comments are those of the protocol checklist (docs/xds.md).
 */
import { status } from '@grpc/grpc-js';
import { PilotError, errorMessage } from '../base/errors.js';
import type { Piecewise } from '../base/piecewise.js';
import { shortened } from '../base/shortened.js';
import { Node, type NodeMessage } from '../envoy/messages.js';
import { typeUrls } from '../envoy/type-urls.js';
import type { ChangeProgress, Delivery } from './change-progress.js';
import type { Answer, Channel, VerdictOutcome } from './channel.js';
import { Heartbeat } from './heartbeat.js';
import type { StreamLimits } from './limits.js';
import { charactersOf } from './names.js';
import type { StreamIdentity, XdsObserver } from './observer.js';
import type { PeerIdentity } from './peer-identity.js';
import { dependantOf, pushRank } from './push-order.js';
import type { EncodedResponse, ResourceForm } from './response.js';
import type { ResourceClient, ResourceSource } from './source.js';
import type { ConnectedStream, TypeStatus } from './status.js';
import { StreamError } from './stream-error.js';
import { covers, isEmpty } from './subscription.js';
import type { ProtocolRequest, Variant } from './variant.js';

/** The wire below a stream. */
export interface StreamTransport {
  readonly peer: string;
  /** Who the client is by its certificate; undefined without a verified one. */
  readonly identity?: PeerIdentity | undefined;
  /** Hands bytes on. `taken` is called once the client has taken them off the server's hands. */
  write(response: EncodedResponse, taken: () => void): void;
  /** Ends the stream with a gRPC status. */
  fail(code: status, message: string): void;
  /** Asks for a turn. */
  schedule(): void;
  /** Whether a client of this certificate may be this node; why not, if not. */
  refusal(node: NodeMessage): { readonly code: status; readonly message: string } | undefined;
}

export interface StreamOptions<Request extends ProtocolRequest> {
  readonly source: ResourceSource;
  readonly transport: StreamTransport;
  readonly observer: XdsObserver;
  readonly variant: Variant<Request>;
  readonly limits: StreamLimits;
  /** Unique among the streams of the server. */
  readonly number: number;
  /** The type of a stream of a single type's service; undefined for an aggregated one. */
  readonly onlyType: string | undefined;
  /** Who serves, as clients are told with the first response. */
  readonly controlPlane: string;
}

interface Attached {
  readonly client: ResourceClient;
  readonly identity: StreamIdentity;
  /** Whether the client knows times to live in this variant. */
  readonly ttl: boolean;
}

/** Characters that are kept of the type URL of a type that is not served. */
const longestTypeUrl = 256;

const sentNothing: Delivery = { responses: 0, bytes: 0 };

/** Bytes up to which a further response is made though the client has not taken those before it. */
const writeAhead = 128 * 1024;

export class XdsStream<Request extends ProtocolRequest = ProtocolRequest> implements ConnectedStream {
  readonly #options: StreamOptions<Request>;
  readonly #channels = new Map<string, Channel<Request>>();
  readonly #inPushOrder: Channel<Request>[] = [];
  readonly #unsupported = new Set<string>();
  readonly #heartbeat: Heartbeat;
  readonly connectedAt = Date.now();
  /** Changes that this stream has not had a turn for yet. */
  #changes: ChangeProgress[] = [];
  /** Changes whose turn was broken off because the client does not read. */
  #late: readonly ChangeProgress[] = [];
  #attached: Attached | undefined;
  /** What was sent of a type before what depends on it was asked for. */
  #unwarmed: { readonly dependantType: string; readonly changed: Answer['changed'] }[] = [];
  #nonces = 0;
  /** Bytes that the client has not taken yet. */
  #writing = 0;
  #scheduledAt: number | undefined;
  #closed = false;

  constructor(options: StreamOptions<Request>) {
    this.#options = options;
    this.#heartbeat = new Heartbeat(() => this.#schedule());
  }

  get variant(): ConnectedStream['variant'] {
    return this.#options.variant.name;
  }

  get onlyType(): string | undefined {
    return this.#options.onlyType;
  }

  get identity(): StreamIdentity | undefined {
    return this.#attached?.identity;
  }

  get client(): ResourceClient | undefined {
    return this.#attached?.client;
  }

  status(): TypeStatus[] {
    return [...this.#channels.values()].map((channel) => channel.status());
  }

  /** A request arrived. */
  onRequest(request: Request): void {
    if (!this.#closed) this.#guarded(() => this.#handle(request));
  }

  #handle(request: Request): void {
    // A probe may be done before the first request for resources, which alone says whose it is.
    if (this.#attached === undefined && request.typeUrl === typeUrls.health) return;
    const attached = this.#attached ?? this.#attach(request);
    if (attached === undefined) return;
    const { onlyType } = this.#options;
    const typeUrl = request.typeUrl === '' ? (onlyType ?? '') : request.typeUrl; // 11
    if (typeUrl === '') {
      this.#fail(status.INVALID_ARGUMENT, 'a request on an aggregated stream must name its type_url'); // 5
    } else if (onlyType !== undefined && typeUrl !== onlyType) {
      this.#fail(status.INVALID_ARGUMENT, `this service serves ${onlyType} and not ${typeUrl}`);
    } else if (typeUrl === typeUrls.health) {
      attached.client.reportHealth?.(healthProblem(request));
    } else {
      this.#handleType(attached, typeUrl, request);
    }
  }

  #handleType({ client, identity }: Attached, typeUrl: string, request: Request): void {
    let channel = this.#channels.get(typeUrl);
    if (channel !== undefined) {
      this.#tell(identity, channel, request, channel.onRequest(request));
    } else {
      if (!client.serves(typeUrl) || this.#channels.size >= this.#options.limits.maxTypes) {
        this.#leaveUnanswered(identity, typeUrl);
        return;
      }
      channel = this.#begin(client, typeUrl, request);
    }
    const tooMany = this.#namesBeyondLimits(channel);
    if (tooMany !== undefined) this.#fail(status.RESOURCE_EXHAUSTED, tooMany);
    else if (channel.pending) this.#schedule();
  }

  /** The first request for a type. */
  #begin(client: ResourceClient, typeUrl: string, request: Request): Channel<Request> {
    const { variant } = this.#options;
    const channel = variant.channel(typeUrl, request, client.isWildcardType(typeUrl));
    this.#channels.set(typeUrl, channel);
    this.#inPushOrder.push(channel);
    this.#inPushOrder.sort((a, b) => pushRank(a.typeUrl) - pushRank(b.typeUrl));
    if (variant.name === 'delta') this.#warmAgain(typeUrl, channel);
    return channel;
  }

  #namesBeyondLimits({ typeUrl, subscription: { names } }: Channel<Request>): string | undefined {
    const { maxResourceNames, maxResourceNameBytes } = this.#options.limits;
    if (names.size > maxResourceNames)
      return `${names.size} names of ${typeUrl} are subscribed to; ${maxResourceNames} are allowed`;
    if (charactersOf(names) > maxResourceNameBytes)
      return `the names of ${typeUrl} that are subscribed to are longer than ${maxResourceNameBytes} bytes altogether`;
    return undefined;
  }

  /**
   * On a stream that asked for endpoints before clusters, the endpoints are sent again, so that the clusters can warm
   * (59); and where clusters were sent first, their endpoints are sent whatever the client brought with it (68).
   */
  #warmAgain(typeUrl: string, channel: Channel<Request>): void {
    const dependant = dependantOf(typeUrl);
    if (dependant !== undefined) this.#channels.get(dependant)?.oweAll();
    if (channel.resumes) {
      const { subscription } = channel;
      const names = this.#unwarmed
        .filter(({ dependantType }) => dependantType === typeUrl)
        .flatMap(({ changed }) => changed.map(({ name }) => name));
      channel.owe(names.filter((name) => covers(subscription, name)));
    }
    this.#unwarmed = this.#unwarmed.filter(({ dependantType }) => dependantType !== typeUrl);
  }

  #leaveUnanswered(identity: StreamIdentity, typeUrl: string): void {
    const name = shortened(typeUrl, longestTypeUrl);
    if (this.#unsupported.has(name) || this.#unsupported.size >= this.#options.limits.maxTypes) return;
    this.#unsupported.add(name);
    this.#options.observer.unsupportedType(identity, name); // 6
  }

  #tell(
    identity: StreamIdentity,
    { typeUrl }: Channel<Request>,
    request: Request,
    outcome: VerdictOutcome,
  ): void {
    const { observer } = this.#options;
    const nonce = request.responseNonce;
    if (outcome === 'acked') observer.acked(identity, typeUrl, nonce);
    else if (outcome === 'stale') observer.staleNonce(identity, typeUrl);
    else if (outcome === 'nacked' || outcome === 'nacked-older') {
      const { code, message } = request.errorDetail ?? {};
      observer.nacked(identity, { typeUrl, nonce, code: code ?? 0, message: message ?? '' });
    }
  }

  /** The source's state changed; what differs is sent in the stream's next turn. */
  markChanged(reason: string, types: ReadonlySet<string> | undefined, change: ChangeProgress): void {
    let concerned = false;
    for (const [typeUrl, channel] of this.#channels) {
      if ((types !== undefined && !types.has(typeUrl)) || isEmpty(channel.subscription)) continue; // 42
      channel.markChanged(reason);
      concerned = true;
    }
    if (!concerned || this.#closed) {
      change.delivered(sentNothing);
      return;
    }
    this.#changes.push(change);
    this.#schedule();
  }

  /** The stream is over; nothing is sent any more. Says whether it ever was a client's. */
  close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeat.stop();
    for (const channel of this.#channels.values()) channel.settle();
    this.#channels.clear();
    this.#inPushOrder.length = 0;
    for (const change of this.#changes) change.delivered(sentNothing);
    for (const change of this.#late) change.settle();
    this.#changes = [];
    this.#late = [];
    if (this.#attached === undefined) return;
    this.#attached.client.detached?.();
    this.#options.observer.disconnected(this.#attached.identity, error);
  }

  /** Whether a turn would do anything. */
  get hasWork(): boolean {
    if (this.#closed || this.#writing > writeAhead) return false;
    return this.#heartbeat.due || this.#inPushOrder.some(({ pending, heldBack }) => pending || heldBack);
  }

  #schedule(): void {
    this.#scheduledAt ??= performance.now();
    if (this.#writing <= writeAhead) this.#options.transport.schedule();
  }

  /** The stream's turn: sends what is owed, in push order, as long as the client reads. A defect ends this stream only. */
  *turn(): Piecewise<void> {
    const started = performance.now();
    const queueMs = started - (this.#scheduledAt ?? started);
    this.#scheduledAt = undefined;
    const changes = this.#changes;
    const late = this.#late;
    this.#changes = [];
    this.#late = [];
    const delivery = { responses: 0, bytes: 0 };
    try {
      yield* this.#respondToAll(queueMs, [...late, ...changes], delivery);
    } catch (error) {
      this.#fail(status.INTERNAL, errorMessage(error));
    } finally {
      if (!this.#closed && this.#writing > writeAhead) this.#postpone(late, changes);
      else for (const change of late) change.settle();
      for (const change of changes) change.delivered(delivery);
    }
  }

  /** The client does not read: what is due is sent once it does, and until then the changes are not settled. */
  #postpone(late: readonly ChangeProgress[], changes: readonly ChangeProgress[]): void {
    for (const change of changes) change.awaitVerdict();
    this.#late = [...this.#late, ...late, ...changes];
  }

  *#respondToAll(
    queueMs: number,
    changes: readonly ChangeProgress[],
    delivery: { responses: number; bytes: number },
  ): Piecewise<void> {
    if (this.#attached === undefined) return;
    const { client } = this.#attached;
    const send = (channel: Channel<Request>, answer: Answer, reason: string, makeMs: number): void => {
      delivery.responses += 1;
      delivery.bytes += this.#send(channel, answer, { reason, queueMs, makeMs }, changes);
    };
    for (;;) {
      const channel = this.#inPushOrder.find(({ pending }) => pending);
      if (this.#closed || this.#writing > writeAhead) return;
      if (channel === undefined) {
        if (!this.#releaseHeld()) break;
        continue;
      }
      const started = performance.now();
      const { subscription, reason, marks } = channel;
      const set =
        client.current?.(channel.typeUrl, subscription) ??
        (yield* client.resources(channel.typeUrl, subscription));
      if (this.#closed) return;
      if (channel.subscription !== subscription) continue; // asked for otherwise meanwhile
      const holdRemovals =
        channel.typeUrl === typeUrls.cds && channel.removes(set) && (yield* this.#routesChange(client));
      if (this.#closed || channel.subscription !== subscription) continue;
      const answer = channel.take(set, { holdRemovals, marks });
      if (answer !== undefined) send(channel, answer, reason, performance.now() - started);
    }
    this.#sendHeartbeats();
  }

  /** Removals of clusters wait until routes and listeners that may use them have been sent (67). */
  *#routesChange(client: ResourceClient): Piecewise<boolean> {
    for (const typeUrl of [typeUrls.lds, typeUrls.rds]) {
      const channel = this.#channels.get(typeUrl);
      if (channel?.pending !== true) continue;
      const set = yield* client.resources(typeUrl, channel.subscription);
      if (channel.differs(set)) return true;
    }
    return false;
  }

  #releaseHeld(): boolean {
    const held = this.#inPushOrder.filter(({ heldBack }) => heldBack);
    for (const channel of held) channel.releaseHeld();
    return held.length > 0;
  }

  #send(
    channel: Channel<Request>,
    answer: Answer,
    times: { readonly reason: string; readonly queueMs: number; readonly makeMs: number },
    changes: readonly ChangeProgress[],
  ): number {
    const { typeUrl } = channel;
    const { set, resources, removed, changed } = answer;
    const before = channel.nonceSent !== '';
    const bytes = this.#write(channel, answer, { ttl: this.#attached?.ttl === true, heartbeat: false });
    channel.onSent(this.#nonce, set.version, this.#awaitsVerdict(typeUrl) ? changes : []);
    this.#heartbeat.watch(typeUrl, this.#attached?.ttl === true ? set.resources : []);
    if (this.identity !== undefined) {
      this.#options.observer.pushed(this.identity, {
        typeUrl,
        version: set.version,
        nonce: this.#nonce,
        resources: resources.length,
        removed: removed.length,
        bytes,
        ...times,
      });
    }
    this.#markDependants(typeUrl, before, changed);
    return bytes;
  }

  /** Whether clients accept responses of a type; those that look at debug types do not. */
  #awaitsVerdict(typeUrl: string): boolean {
    return !typeUrl.startsWith(typeUrls.debug);
  }

  get #nonce(): string {
    return `${this.#options.number}-${this.#nonces}`;
  }

  #write(
    channel: Channel<Request>,
    answer: Pick<Answer, 'set' | 'resources' | 'removed'>,
    form: ResourceForm,
  ): number {
    this.#nonces += 1;
    const controlPlane = this.#nonces === 1 ? this.#options.controlPlane : undefined;
    const bytes = channel.encode({ nonce: this.#nonce, controlPlane }, answer, form);
    const started = performance.now();
    this.#writing += bytes.length;
    this.#options.transport.write(bytes, () => {
      this.#writing -= bytes.length;
      if (this.identity !== undefined)
        this.#options.observer.sent(this.identity, channel.typeUrl, performance.now() - started);
      if (this.hasWork) this.#schedule();
    });
    return bytes.length;
  }

  /** After CDS the endpoints of changed clusters follow, though they did not change, so that Envoy can warm them (68). */
  #markDependants(typeUrl: string, sentBefore: boolean, changed: Answer['changed']): void {
    const dependantType = dependantOf(typeUrl);
    if (dependantType === undefined) return;
    const dependant = this.#channels.get(dependantType);
    if (dependant === undefined) {
      const resumes = this.#options.variant.name === 'delta';
      if (resumes) this.#unwarmed.push({ dependantType, changed });
      return;
    }
    dependant.parentSent = true;
    if (!sentBefore && this.#options.variant.name === 'sotw') return; // the client asks again (60)
    const { names } = dependant.subscription;
    const concerned = changed.filter(({ name }) => names.has(name));
    if (concerned.length > 0) dependant.owe(concerned.map(({ name }) => name));
  }

  #sendHeartbeats(): void {
    for (const typeUrl of this.#heartbeat.take()) {
      const channel = this.#channels.get(typeUrl);
      const set = channel?.current;
      if (channel === undefined || set === undefined) continue;
      const resources = set.resources.filter(({ ttl }) => ttl !== undefined);
      if (resources.length === 0) continue;
      this.#write(channel, { set, resources, removed: [] }, { ttl: true, heartbeat: true }); // 92
      channel.onSent(this.#nonce, set.version, []);
    }
  }

  #attach(request: Request): Attached | undefined {
    const { source, variant, transport, observer, number, limits } = this.#options;
    const node = request.node ?? undefined;
    const nodeId = node?.id ?? '';
    if (node === undefined || nodeId === '') {
      this.#fail(status.INVALID_ARGUMENT, 'the first request of a stream must carry a node with an id'); // 3
      return undefined;
    }
    const size = Node.encode(node).length;
    if (size > limits.maxNodeBytes) {
      this.#fail(status.RESOURCE_EXHAUSTED, `the node has ${size} bytes; ${limits.maxNodeBytes} are allowed`);
      return undefined;
    }
    if (!source.ready()) {
      this.#fail(status.UNAVAILABLE, 'the registries have not been read yet, try again'); // 10
      return undefined;
    }
    const refusal = transport.refusal(node);
    if (refusal !== undefined) {
      this.#fail(refusal.code, refusal.message); // 91
      return undefined;
    }
    const client = this.#clientOf(source, node, transport);
    if (client === undefined) return undefined;
    const identity = {
      connectionId: `${nodeId}-${number}`,
      nodeId,
      peer: transport.peer,
      variant: variant.name,
    };
    this.#attached = { client, identity, ttl: variant.knowsTtl(node.clientFeatures ?? []) };
    observer.connected(identity, client.description);
    return this.#attached;
  }

  #clientOf(
    source: ResourceSource,
    node: NodeMessage,
    { peer, identity }: StreamTransport,
  ): ResourceClient | undefined {
    try {
      return source.attach(node, { address: peer, ...(identity !== undefined && { identity }) });
    } catch (error) {
      const known = PilotError.from(error);
      const code = known.code === 'NODE_INVALID' ? status.INVALID_ARGUMENT : status.INTERNAL;
      this.#fail(code, known.hint === undefined ? known.message : `${known.message}. ${known.hint}`); // 4
      return undefined;
    }
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
    const error = new StreamError(code, message);
    if (this.identity === undefined) this.#options.observer.refused(this.#options.transport.peer, error);
    this.close(error);
    this.#options.transport.fail(code, message);
  }
}

/** A health report has the form of a refusal: its error says why the workload is not well (Istio reference 3.10). */
function healthProblem({ errorDetail }: ProtocolRequest): string | undefined {
  return errorDetail ? (errorDetail.message ?? '') : undefined;
}
