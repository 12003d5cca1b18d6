/** What every object needs, whatever its kind. */
import type { AnyObject } from '../object.js';
import { type FindingSink, keyPath, quote } from './finding.js';

/** Annotations that Istio keeps for its own use, and the one with which its test objects ask to be refused. */
const refusedAnnotations = [
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parent-namespace',
  'internal.istio.io/parents',
];

/** Only an AuthorizationPolicy can be tried out without being enforced. */
const dryRunAnnotation = 'istio.io/dry-run';

/** Checks that an object can be told from others by its name. */
export function validateName(object: AnyObject, sink: FindingSink): void {
  if (object.metadata.name === '') sink.error('metadata.name', 'name is empty; every object needs one');
}

/** Checks the annotations of an object of Istio's (Istio reference 10.5). */
export function validateIstioAnnotations(object: AnyObject, sink: FindingSink): void {
  const { annotations } = object.metadata;
  for (const annotation of refusedAnnotations) {
    if (annotations[annotation] !== undefined) {
      sink.error(
        keyPath('metadata.annotations', annotation),
        'annotation is reserved for Istio itself; remove it',
      );
    }
  }
  const dryRun = annotations[dryRunAnnotation];
  if (dryRun !== undefined)
    sink.error(keyPath('metadata.annotations', dryRunAnnotation), dryRunProblem(object, dryRun));
}

/** Go's texts for truth values. */
const truthValue = /^(?:1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/;

function dryRunProblem(object: AnyObject, value: string): string | undefined {
  if (object.kind !== 'AuthorizationPolicy')
    return `annotation is for AuthorizationPolicy only; remove it from this ${object.kind}`;
  const { action } = object.spec;
  if (action !== 'ALLOW' && action !== 'DENY') return `annotation is for ALLOW and DENY, not for ${action}`;
  return truthValue.test(value) ? undefined : `${quote(value)} is neither true nor false`;
}
