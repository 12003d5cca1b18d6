/**
 * Where the server's resources come from. The server knows streams, subscriptions and nonces; a source knows
 * what a node is to be given. Neither knows how the other works, so a source may just as well be a raw snapshot.
 */
import type { EncodedResource } from '../envoy/resource.js';
import type { NodeShape } from '../envoy/messages.js';

/** What a stream wants of one type. */
export interface Subscription {
  /** Everything of the type, beside `names`. */
  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
}

/** Resources that answer a subscription at one moment. */
export interface ResourceSet {
  /** Differs whenever the content differs; the same on every replica for the same content. */
  readonly version: string;
  /** Only existing ones, each name once. A resource that did not change is the same object as before. */
  readonly resources: readonly EncodedResource[];
}

/** One connected node, as its source sees it. */
export interface ResourceClient {
  /** For people: the proxy's name. */
  readonly label: string;
  /** What /debug shows of it: labels, dialect and so on. */
  readonly description: Readonly<Record<string, unknown>>;
  /**
   * The resources of a type for a subscription, from the source's newest state. Undefined: the type is not
   * served to this node.
   */
  resources(typeUrl: string, subscription: Subscription): ResourceSet | undefined;
  /** Whether "no names" means everything for this type (CDS, LDS, NDS). */
  isWildcardType(typeUrl: string): boolean;
}

/** A change of a source's state. */
export interface SourceChange {
  /** For people: why it is pushed. */
  readonly reason: string;
  /** Names the state that results; shown as the version of the push. */
  readonly version: string;
  /** Types that may have changed; absent means any. */
  readonly types?: ReadonlySet<string>;
}

export interface ResourceSource {
  /** False as long as serving would give a half-filled state; streams are then refused with UNAVAILABLE. */
  ready(): boolean;
  /**
   * Checks a node and answers for it from now on.
   * @throws PilotError with code NODE_INVALID, whose message names the form that is expected.
   */
  attach(node: NodeShape): ResourceClient;
}
