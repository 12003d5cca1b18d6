/** Which Envoy gets what: the one place that tells one kind of proxy from another. */
import type { Dialect } from '../model/proxy.js';

/** What of a node decides its dialect; metadata may hold values of any type. */
export interface DialectNode {
  readonly metadata: Readonly<Record<string, unknown>>;
  /** `user_agent_name` of the xDS node, empty when there is none. */
  readonly userAgent: string;
}

/**
 * The dialect of a node. A gRPC client that says so by its generator is one even though Istio's agent wrote its
 * bootstrap, as for Istiod; other nodes with an Istio version are Istio's proxies; what is left is a gRPC client by
 * its user agent, or a plain Envoy.
 */
export function dialectOf(node: DialectNode): Dialect {
  return dialectChoice(node).dialect;
}

/** What of a node decided its dialect; `nothing` for a plain Envoy, which says nothing of itself. */
export type DialectSource = 'GENERATOR' | 'ISTIO_VERSION' | 'user-agent' | 'nothing';

/** The dialect of a node, and what decided it. */
export function dialectChoice({ metadata, userAgent }: DialectNode): {
  readonly dialect: Dialect;
  readonly by: DialectSource;
} {
  if (metadata['GENERATOR'] === 'grpc') return { dialect: 'grpc', by: 'GENERATOR' };
  const version = metadata['ISTIO_VERSION'];
  if (typeof version === 'string' && version !== '') return { dialect: 'istio', by: 'ISTIO_VERSION' };
  return /^grpc\b/i.test(userAgent)
    ? { dialect: 'grpc', by: 'user-agent' }
    : { dialect: 'plain', by: 'nothing' };
}
