/** What `route` tells, as plain data: JSON as it is, text by `report.ts`. */
import type { RouteRequest } from './request.js';

/** Where a request ends. */
export type RouteOutcome =
  /** It is sent to a cluster that has an endpoint for it. */
  | 'sent'
  /** Its cluster is not served, or has no endpoint. */
  | 'no-endpoint'
  /** Envoy answers by itself: a redirect, a direct response, or that nothing is known of it. */
  | 'answered'
  /** No listener, or no filter chain, is for the connection. */
  | 'not-taken';

/** Everything that is told. */
export interface RouteExplanation {
  readonly request: RouteRequest;
  readonly outcome: RouteOutcome;
  /** What becomes of it, as a sentence without a full stop. */
  readonly summary: string;
  readonly listener?: ListenerChoice;
  readonly filterChain?: Choice;
  /** Absent for what is passed on without being read, as TCP. */
  readonly routeConfiguration?: Choice;
  readonly virtualHost?: Choice;
  /** Routes in order, up to the one that takes the request. */
  readonly routes: readonly RouteTried[];
  /** What the route does beside sending the request on, a sentence each. */
  readonly effects: readonly string[];
  readonly clusters: readonly ClusterTaken[];
}

/** Something that was chosen, and why. */
export interface Choice {
  readonly name: string;
  /** A sentence part without a full stop. */
  readonly why: string;
}

/** The listener. */
export interface ListenerChoice extends Choice {
  /** `address:port` that the client is taken to connect to, `*` for an address that nobody knows. */
  readonly destination: string;
}

/** A route that was looked at. */
export interface RouteTried {
  readonly place: number;
  readonly name: string;
  /** The object that it was made of. */
  readonly object?: string;
  /** Its conditions in short. */
  readonly match: string;
  readonly matched: boolean;
  /** Why it does not match, or may not. */
  readonly because: readonly string[];
}

/** A cluster that may get the request. */
export interface ClusterTaken {
  readonly name: string;
  /** In percent. */
  readonly share: number;
  /** How it finds its endpoints, as Envoy calls it; absent for a cluster that is not served. */
  readonly type?: string;
  readonly endpoints: readonly EndpointTaken[];
  /** What is to be known about it, a sentence each. */
  readonly notes: readonly string[];
}

/** An endpoint of a cluster. */
export interface EndpointTaken {
  readonly address: string;
  readonly health: string;
  readonly weight: number;
  readonly priority: number;
  readonly locality: string;
}
