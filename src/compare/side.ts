/** A side of a comparison: something that can tell what proxies are served. */
import { errorMessage, PilotError } from '../base/errors.js';
import type { NodeDescription } from '../mesh/node.js';
import type { EndpointDetail } from './endpoint-detail.js';
import type { Answer } from './resources.js';

/** A mesh directory, an ADS server, an Envoy's admin interface, or a saved file. */
export type SideKind = 'directory' | 'server' | 'envoy' | 'file';

/** A proxy that a side is asked about. */
export interface ProxyRequest {
  readonly name: string;
  /** Who it says it is; undefined for a side that knows answers by name only. */
  readonly node: NodeDescription | undefined;
}

/** What a side knows of proxies before it is asked. */
export type KnownProxies =
  /** It answers any node, and knows none by itself. */
  | { readonly kind: 'any' }
  /** It knows proxies by name. */
  | {
      readonly kind: 'named';
      /** Every name that it knows, for messages. */
      readonly names: readonly string[];
      /** Those that `--all-proxies` means. */
      readonly all: readonly string[];
      /** Whether a name is known. */
      has(name: string): boolean;
      /** The node of a name that is known; undefined where only its answer is. */
      node(name: string): NodeDescription | undefined;
    }
  /** It holds the answer of one proxy, and may know which. */
  | {
      readonly kind: 'single';
      readonly name: string | undefined;
      readonly node: NodeDescription | undefined;
    };

/** What a side says of one proxy. */
export interface SideAnswer {
  readonly answer: Answer;
  /** What a person should know about it, a sentence each. */
  readonly notes: readonly string[];
}

/** A side, ready to be asked. */
export interface Side {
  /** As the person named it. */
  readonly source: string;
  readonly kind: SideKind;
  /** What it is, in a few words: `mesh directory`, `Envoy's config_dump`. */
  readonly description: string;
  /** Short names of the types that it can tell (`cds`, `eds`, …). */
  readonly types: readonly string[];
  /** Why it cannot tell a type that it might have been expected to, by type. */
  readonly missingTypes: ReadonlyMap<string, string>;
  /** How much it tells of endpoints. */
  readonly endpoints: EndpointDetail;
  /** Whether it may hold orders that Istio leaves to chance (Istio reference C.1): it comes from a live server. */
  readonly hasChanceOrders: boolean;
  readonly proxies: KnownProxies;
  /** The Istio version that it says it is of, as far as it has said so by now. */
  istioVersion(): string | undefined;
  /**
   * What a proxy is served.
   * @throws PilotError COMPARE_FAILED, NODE_INVALID
   */
  answer(proxy: ProxyRequest, types: readonly string[]): Promise<SideAnswer>;
  close(): void;
}

/** Types of resources in the order in which they are asked for and shown. */
export const comparableTypes = ['cds', 'eds', 'lds', 'rds', 'nds'] as const;

/** Whether a proxy may be served names: its agent captures DNS, or nobody knows its node. */
export function mayBeServedNames({ node }: Pick<ProxyRequest, 'node'>): boolean {
  return node === undefined || node.metadata?.['DNS_CAPTURE'] !== undefined;
}

/** A failure of one side, told with what it is. */
export function sideFailure(source: string, what: string, thrown: unknown, hint?: string): PilotError {
  const reason = thrown === undefined ? '' : `: ${errorMessage(thrown)}`;
  return new PilotError('COMPARE_FAILED', `${source} ${what}${reason}`, {
    ...(thrown !== undefined && { cause: thrown }),
    ...(hint !== undefined && { hint }),
  });
}
