/**
 * Where the server's resources come from. The server knows streams, subscriptions and nonces; a source knows
 * what a node is to be given. Neither knows how the other works, so a source may just as well be a raw snapshot.
 */
import type { EncodedResource } from '../envoy/resource.js';
import type { NodeShape } from '../envoy/messages.js';
import type { Piecewise } from '../base/piecewise.js';
import type { PeerIdentity } from './peer-identity.js';

/** What a stream wants of one type. */
export interface Subscription {
  /** Everything of the type, beside `names`. */
  readonly wildcard: boolean;
  /** Never changed once given: a source may recognise a subscription by it. */
  readonly names: ReadonlySet<string>;
  /**
   * A name that nothing is known of may be answered with an empty resource where the type has one, marked as a
   * placeholder. Only state-of-the-world streams ask for that: they have no other way to be told (41).
   */
  readonly placeholders: boolean;
}

/** Resources that answer a subscription at one moment. Never changed once given, so that streams may share it. */
export interface ResourceSet {
  /** What the client is told. Whether two sets differ is seen by their resources, not by this. */
  readonly version: string;
  /** Only existing ones, each name once. A resource that did not change is the same object as before. */
  readonly resources: readonly EncodedResource[];
}

/** One connected node, as its source sees it. */
export interface ResourceClient {
  /** For people: the proxy's name. */
  readonly label: string;
  /** What /debug shows of it: labels, dialect and so on; never a credential. */
  readonly description: Readonly<Record<string, unknown>>;
  /** Whether resources of a type are given to this node at all. */
  serves(typeUrl: string): boolean;
  /** Whether "no names" means everything for this type (CDS, LDS, NDS). */
  isWildcardType(typeUrl: string): boolean;
  /**
   * The resources of a type that is served, for a subscription, from the newest state; made a piece at a time. As
   * long as nothing changed the result is the very same object, also for other clients that see the same.
   */
  resources(typeUrl: string, subscription: Subscription): Piecewise<ResourceSet>;
  /** What `resources` gives, if that is there without any work. */
  current?(typeUrl: string, subscription: Subscription): ResourceSet | undefined;
  /** The client reports its workload's health: why it is not well, or undefined when it is. */
  reportHealth?(problem: string | undefined): void;
  /** The client's stream is over; nothing is asked of it any more. */
  detached?(): void;
}

/** A change of a source's state. */
export interface SourceChange {
  /** For people: why it is pushed. */
  readonly reason: string;
  /** Names the state that results; shown as the version of the push. */
  readonly version: string;
  /** Types that may have changed; absent means any. */
  readonly types?: ReadonlySet<string>;
  /** When the first of what is pushed changed, in milliseconds as of `performance.now()`; absent means now. */
  readonly since?: number;
}

/** Where a client connects from, whatever its node says. */
export interface ClientPeer {
  /** The client's address and port, as gRPC writes them. */
  readonly address: string;
  /** Who it is by a certificate that the transport has verified. */
  readonly identity?: PeerIdentity;
}

export interface ResourceSource {
  /** False as long as serving would give a half-filled state; streams are then refused with UNAVAILABLE. */
  ready(): boolean;
  /**
   * Checks a node and answers for it from now on.
   * @throws PilotError with code NODE_INVALID, whose message names the form that is expected.
   */
  attach(node: NodeShape, peer?: ClientPeer): ResourceClient;
}
