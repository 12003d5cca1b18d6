/** Decoding of how policies name the workloads that they are for. */
import type { PolicyTargetReference } from '../../kinds/policy-target.js';
import { list, message } from '../composites.js';
import { optional } from '../decoder.js';
import { string } from '../scalars.js';
import { matchLabelsSelector } from './common.js';

/** `PolicyTargetReference`. */
export const targetReference = message<PolicyTargetReference>({
  group: string,
  kind: string,
  name: string,
  namespace: string,
});

/** The fields of a policy that name its workloads. */
export const policyTarget = {
  selector: optional(matchLabelsSelector),
  targetRef: optional(targetReference),
  targetRefs: list(targetReference),
};
