/** What the translation of a route depends on beside the route itself. */
import type { ConsistentHashLb } from '../../config/kinds/traffic-policy.js';
import type { Destination, HttpRetry } from '../../config/kinds/virtual-service.js';
import type { Labels } from '../../model/labels.js';

export interface RouteSettings {
  /** The port that requests arrive at; 0 where they arrive at any. */
  readonly listenerPort: number;
  /** Requests arrive by TLS that ends here. */
  readonly isTls: boolean;
  /** The gateways that the routes are for. */
  readonly gateways: ReadonlySet<string>;
  readonly client: RouteSource;
  /** The mesh's; Istio's defaults where it has none. */
  readonly defaultRetries: HttpRetry | undefined;
  /** A rewritten host goes on as a header. */
  readonly appendForwardedHost: boolean;
  /** The cluster that a destination stands for. */
  cluster(destination: Destination): string;
  /** How a rule hashes requests to a destination. */
  hash(destination: Destination): ConsistentHashLb | undefined;
}

/** Who sends the requests. */
export interface RouteSource {
  readonly namespace: string;
  readonly labels: Labels;
  /** It is a gRPC client without a proxy, which knows no deprecated fields. */
  readonly proxyless: boolean;
}
