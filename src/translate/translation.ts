/**
 * What translation gives: resources of one type for one proxy, and what went wrong in making them. Translation is
 * pure: it depends on a snapshot and a proxy, and on nothing else.
 */
import type { EncodedResource } from '../envoy/resource.js';

/** Something that could not be translated as it was meant. Everything else was. */
export interface TranslationProblem {
  /** The service or resource that it is about, for example a cluster's name. */
  readonly subject: string;
  /** What is wrong and what was done about it, as a sentence without a full stop. */
  readonly message: string;
}

/** Resources of one type for one proxy, in the order in which Istiod sends them. */
export interface Translation {
  readonly resources: readonly EncodedResource[];
  readonly problems: readonly TranslationProblem[];
}
