/** Endpoints of one locality on their way into an assignment. */
import type { LbEndpointShape, LocalityLbEndpointsShape, UInt32ValueShape } from '../../envoy/messages.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { Labels } from '../../model/labels.js';
import type { Locality } from '../../model/locality.js';
import type { NetworkGateway } from '../../model/network.js';

/** One endpoint as Envoy is told of it, with what decides where it goes. */
export interface PlacedEndpoint {
  readonly message: LbEndpointShape;
  /** What the message says too; 1 to 4294967295. */
  readonly weight: number;
  /** Labels of the workload, or of the gateway in its place. */
  readonly labels: Labels;
  /** Whether clients are told to use Istio's mutual TLS. */
  readonly mutualTls: boolean;
  /** The endpoint of a registry that it is. */
  readonly source?: Endpoint;
  /** The gateway between networks that stands in for endpoints. */
  readonly gateway?: NetworkGateway;
}

/** Endpoints of one locality and priority. Values are not changed: each step makes new ones. */
export interface EndpointGroup<E extends PlacedEndpoint = PlacedEndpoint> {
  readonly locality: Locality;
  readonly endpoints: readonly E[];
  /** Absent for a group that lost its endpoints on the way. */
  readonly weight: number | undefined;
  /** 0 is the highest. */
  readonly priority: number;
}

/** The largest weight that fits its field. */
export const maxWeight = 0xffff_ffff;

/** The sum of weights, no more than the largest one. */
export function cappedSum(endpoints: readonly PlacedEndpoint[]): number {
  let sum = 0;
  for (const endpoint of endpoints) sum += endpoint.weight;
  return Math.min(sum, maxWeight);
}

/**
 * The sum of weights modulo 2^32, which is how Istio adds them wherever it adds them a second time: after the
 * network step, and when failover priorities split a group.
 */
export function wrappedSum(endpoints: readonly PlacedEndpoint[]): number {
  let sum = 0;
  for (const endpoint of endpoints) sum = (sum + endpoint.weight) >>> 0;
  return sum;
}

/** A group with other endpoints, and their weight; without any it has none (Istio reference 6.7). */
export function regrouped(group: EndpointGroup, endpoints: readonly PlacedEndpoint[]): EndpointGroup {
  return { ...group, endpoints, weight: endpoints.length === 0 ? undefined : wrappedSum(endpoints) };
}

const weightOne: UInt32ValueShape = Object.freeze({ value: 1 });

/** A weight as a message. */
export function weightMessage(weight: number): UInt32ValueShape {
  return weight === 1 ? weightOne : { value: weight };
}

/** A group as Envoy is told of it: the locality is there even if it is empty. */
export function localityLbEndpoints(group: EndpointGroup): LocalityLbEndpointsShape {
  const { locality, endpoints, weight, priority } = group;
  return {
    locality: {
      region: unlessEmpty(locality.region),
      zone: unlessEmpty(locality.zone),
      subZone: unlessEmpty(locality.subZone),
    },
    lbEndpoints: endpoints.map((endpoint) => endpoint.message),
    loadBalancingWeight: weight === undefined ? undefined : weightMessage(weight),
    priority: priority === 0 ? undefined : priority,
  };
}

/** A text to be left out of a message if it is empty. */
export function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
