/** How policies name the workloads that they are for (Istio's ValidateAuthorizationPolicy and its likes). */
import type { PolicyTarget, PolicyTargetReference } from '../kinds/policy-target.js';
import { type FindingSink, quote } from './finding.js';
import { validateSelector } from './labels.js';

/** What a policy may be attached to, as `group/kind`. */
const targetKinds: ReadonlySet<string> = new Set([
  '/Service',
  'core/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
]);

/** Checks the selector or the targets of a policy: one of them, and each a thing that policies can be attached to. */
export function validatePolicyTarget(
  { selector, targetRef, targetRefs }: PolicyTarget,
  sink: FindingSink,
): void {
  const given = [selector !== undefined, targetRef !== undefined, targetRefs.length > 0].filter(Boolean);
  if (given.length > 1)
    sink.error('spec', 'only one of selector, targetRef and targetRefs can say which workloads it is for');
  if (selector !== undefined) validateSelector(selector.matchLabels, 'spec.selector.matchLabels', sink);
  if (targetRef !== undefined) validateTarget(targetRef, 'spec.targetRef', sink);
  for (const [index, target] of targetRefs.entries())
    validateTarget(target, `spec.targetRefs[${index}]`, sink);
}

function validateTarget(target: PolicyTargetReference, path: string, sink: FindingSink): void {
  const { group, kind, name, namespace } = target;
  if (name === '') sink.error(`${path}.name`, 'target name is empty');
  if (namespace !== '') {
    sink.error(
      `${path}.namespace`,
      `target namespace ${quote(namespace)} has to be left out; targets are of the policy's own namespace`,
    );
  }
  if (!targetKinds.has(`${group}/${kind}`)) {
    sink.error(
      path,
      `a policy cannot be attached to ${quote(`${group}/${kind}`)}; it can be to Service, networking.istio.io/ServiceEntry, gateway.networking.k8s.io/Gateway or GatewayClass`,
    );
  }
}
