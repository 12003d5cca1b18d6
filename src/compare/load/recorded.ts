/** Answers that were recorded somewhere: in an Envoy's dump, in a file. */
import type { NodeDescription } from '../../mesh/node.js';
import type { EndpointDetail } from '../endpoint-detail.js';
import type { Answer } from '../resources.js';

/** One proxy's recorded answer, and what is to be known about it. */
export interface Recorded {
  /** What it is, in a few words. */
  readonly description: string;
  readonly answer: Answer;
  /** Types that it might have been expected to hold, and why it does not. */
  readonly missingTypes: ReadonlyMap<string, string>;
  readonly endpoints: EndpointDetail;
  /** Who the proxy is, where the record says it. */
  readonly node: NodeDescription | undefined;
  readonly istioVersion: string | undefined;
  readonly notes: readonly string[];
}

/** A proxy's name as Istio has it: the third part of its id, `POD.NAMESPACE`. */
export function proxyName(node: NodeDescription): string {
  return node.id.split('~')[2] ?? node.id;
}
