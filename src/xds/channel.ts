/**
 * One type of one stream: what the client wants of it, what it has been brought to and what it is owed. The two
 * variants of the protocol differ here and nowhere else. A channel makes responses from the set that it is handed;
 * it knows neither where sets come from nor what is beneath the stream.
 *
 * Numbers in comments are those of the protocol checklist (docs/xds.md).
 */
import { shortened } from '../base/shortened.js';
import type { EncodedResource } from '../envoy/resource.js';
import { difference, union } from './difference.js';
import type { ChangeProgress } from './change-progress.js';
import type { EncodedResponse, ResourceForm } from './response.js';
import type { ResourceSet, Subscription } from './source.js';
import { syncState, type TypeStatus } from './status.js';
import type { ProtocolRequest } from './variant.js';

/** A response that is to be sent, without what the stream adds to it. */
export interface Answer {
  readonly set: ResourceSet;
  readonly resources: readonly EncodedResource[];
  /** Names that are no more; only the delta variant says so. */
  readonly removed: readonly string[];
  /** Resources that are new to the client or that it had otherwise. */
  readonly changed: readonly EncodedResource[];
}

/** What a request says of a response, in either variant. */
type Verdict = Pick<ProtocolRequest, 'responseNonce' | 'errorDetail'>;

/** What became of a response. */
export type VerdictOutcome =
  'none' | 'acked' | 'repeated' | 'nacked' | 'nacked-before' | 'nacked-older' | 'stale';

/** How a response is made. */
export interface AnswerOptions {
  /** Removals are held back until what refers to the removed has been sent (67). */
  readonly holdRemovals: boolean;
  /** `marks` of the channel when the set began to be made: a change that was marked since is still due. */
  readonly marks: number;
}

/** Characters of a client's complaint that are kept. */
const longestError = 4096;

/** What both variants keep of a type. */
export abstract class Channel<Request> {
  readonly typeUrl: string;
  #nonceSent = '';
  #nonceAcked = '';
  #nonceNacked = '';
  #versionSent = '';
  #versionAcked = '';
  #sentAt: number | undefined;
  #ackedAt: number | undefined;
  #nackedAt: number | undefined;
  #lastError: string | undefined;
  /** What the client has been brought to. */
  protected sent: ResourceSet | undefined;
  /** Why the state may have changed since; undefined when it did not. */
  #dirty: string | undefined;
  #heldBack = false;
  #marks = 0;
  /** Changes whose responses the client has not accepted yet. */
  #unsettled: ChangeProgress[] = [];
  /** A response of the type that this one depends on was sent since the last one of this type (60). */
  parentSent = false;

  constructor(typeUrl: string) {
    this.typeUrl = typeUrl;
  }

  /** Whether each response is accepted or refused for itself, and not by the last one. */
  protected abstract get responsesStandAlone(): boolean;
  abstract get subscription(): Subscription;
  /** Takes a request in: what it subscribes to and what it says of a response. */
  abstract onRequest(request: Request): VerdictOutcome;
  /** The client came with resources of this type from another stream, and was not answered yet. */
  abstract get resumes(): boolean;
  /** Something is owed whether or not it changed. */
  protected abstract get owes(): boolean;
  /** Names are owed whether or not they changed. */
  abstract owe(names: Iterable<string>): void;
  /** Everything subscribed to is owed. */
  abstract oweAll(): void;
  /** What to send so that the client has `set`; undefined when that is nothing. Nothing is owed afterwards. */
  protected abstract answerFrom(set: ResourceSet): Omit<Answer, 'set'> | undefined;
  /** How the client wants resources written. */
  abstract encode(
    head: { readonly nonce: string; readonly controlPlane: string | undefined },
    answer: Pick<Answer, 'set' | 'resources' | 'removed'>,
    form: ResourceForm,
  ): EncodedResponse;

  /** Whether a response may be due. */
  get pending(): boolean {
    return this.owes || this.#dirty !== undefined;
  }

  /** Whether removals wait for what refers to them. */
  get heldBack(): boolean {
    return this.#heldBack;
  }

  /** Why a response is due. */
  get reason(): string {
    return this.#dirty ?? 'request';
  }

  /** What the client has been brought to. */
  get current(): ResourceSet | undefined {
    return this.sent;
  }

  get nonceSent(): string {
    return this.#nonceSent;
  }

  /** The state changed; what differs is sent with the next answer. */
  markChanged(reason: string): void {
    this.#dirty = reason;
    this.#marks += 1;
  }

  /** How often a change was marked. */
  get marks(): number {
    return this.#marks;
  }

  /** Nothing is wanted any more. */
  protected forget(): void {
    this.#dirty = undefined;
    this.#heldBack = false;
    this.sent = undefined;
  }

  /** What was held back is due now. */
  releaseHeld(): void {
    if (!this.#heldBack) return;
    this.#heldBack = false;
    this.#dirty ??= 'held-removals';
  }

  /** Whether a set lacks something that the client has. */
  removes(set: ResourceSet): boolean {
    return this.sent !== undefined && difference(this.sent, set).removed.length > 0;
  }

  /** Whether a set differs from what the client has. */
  differs(set: ResourceSet): boolean {
    if (this.sent === undefined) return true;
    const { changed, removed } = difference(this.sent, set);
    return changed.length > 0 || removed.length > 0;
  }

  /** Takes what is due: the response that brings the client to `set`, or undefined when it needs none. */
  take(set: ResourceSet, { holdRemovals, marks }: AnswerOptions): Answer | undefined {
    if (marks === this.#marks) this.#dirty = undefined;
    const target = holdRemovals ? this.#withRemoved(set) : set;
    this.#heldBack = target !== set;
    const answer = this.answerFrom(target);
    this.sent = target;
    return answer && { ...answer, set: target };
  }

  #withRemoved(set: ResourceSet): ResourceSet {
    if (this.sent === undefined) return set;
    const { removed } = difference(this.sent, set);
    return removed.length === 0 ? set : union(this.sent, set, removed);
  }

  /** A response was handed to the transport. */
  onSent(nonce: string, version: string, changes: readonly ChangeProgress[]): void {
    this.#nonceSent = nonce;
    this.#versionSent = version;
    this.#sentAt = Date.now();
    this.parentSent = false;
    for (const change of changes) {
      if (this.#unsettled.includes(change)) continue;
      change.awaitVerdict();
      this.#unsettled.push(change);
    }
  }

  /** The stream is over, or nobody will say what became of what was sent. */
  settle(): void {
    for (const change of this.#unsettled) change.settle();
    this.#unsettled = [];
  }

  /**
   * Records what a request says of a response.
   * @param version which it says; a delta client says none: it is the one that was sent.
   */
  protected judge({ responseNonce: nonce, errorDetail }: Verdict, version: string): VerdictOutcome {
    const error = errorDetail ?? undefined;
    if (nonce === '' && error === undefined) return 'none';
    // Delta responses stand for themselves: the refusal of an older one counts, though not for the state (24).
    if (nonce !== '' && nonce !== this.#nonceSent)
      return error !== undefined && this.responsesStandAlone ? 'nacked-older' : 'stale';
    if (error !== undefined) {
      this.#lastError = shortened(error.message ?? '', longestError); // 17, 18: recorded, not sent again
      this.#nonceNacked = nonce;
      this.#nackedAt = Date.now();
      this.settle();
      return 'nacked';
    }
    if (nonce === this.#nonceNacked) return 'nacked-before';
    const repeated = nonce === this.#nonceAcked;
    this.#nonceAcked = nonce;
    this.#versionAcked = version === '' ? this.#versionSent : version;
    this.#lastError = undefined; // 25
    if (repeated) return 'repeated';
    this.#ackedAt = Date.now();
    this.settle();
    return 'acked';
  }

  status(): TypeStatus {
    const { wildcard, names } = this.subscription;
    const marks = {
      nonceSent: this.#nonceSent,
      nonceAcked: this.#nonceAcked,
      lastError: this.#lastError,
    };
    return {
      typeUrl: this.typeUrl,
      state: syncState(marks),
      wildcard,
      names,
      resources: this.sent?.resources.length ?? 0,
      ...marks,
      versionSent: this.#versionSent,
      versionAcked: this.#versionAcked,
      sentAt: this.#sentAt,
      ackedAt: this.#ackedAt,
      nackedAt: this.#nackedAt,
    };
  }
}
