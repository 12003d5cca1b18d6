/**
 * Validation of decoded objects: what Istio refuses is an error, what it warns of is a warning. One file per kind;
 * the others hold what kinds share. Rules that need the syntax of a document are those of its decoder.
 */
import type { AnyObject } from '../object.js';
import { validateAuthorizationPolicy } from './authorization-policy.js';
import { validateDestinationRule } from './destination-rule.js';
import { validateEnvoyFilter } from './envoy-filter.js';
import { type Finding, FindingList, type FindingSink } from './finding.js';
import { validateGateway } from './gateway.js';
import { validateEndpointSlice, validatePod, validateService } from './kubernetes.js';
import { validateIstioAnnotations, validateName } from './metadata.js';
import { validatePeerAuthentication } from './peer-authentication.js';
import { validateRequestAuthentication } from './request-authentication.js';
import { validateServiceEntry } from './service-entry.js';
import { validateSidecar } from './sidecar.js';
import { validateTelemetry } from './telemetry.js';
import { validateVirtualService } from './virtual-service.js';
import { validateWorkloadEntry } from './workload-entry.js';
import { validateWorkloadGroup } from './workload-group.js';

/** Everything wrong or doubtful with an object: an error refuses it, a warning does not (Istio reference 10.5). */
export function validateObject(object: AnyObject): readonly Finding[] {
  const list = new FindingList();
  validateName(object, list);
  if (isIstioKind(object)) validateIstioAnnotations(object, list);
  validateKind(object, list);
  return list.findings;
}

function isIstioKind(object: AnyObject): boolean {
  return /^[^/]+\.istio\.io\//.test(object.apiVersion);
}

function validateKind(object: AnyObject, sink: FindingSink): void {
  switch (object.kind) {
    case 'ServiceEntry':
      return validateServiceEntry(object, sink);
    case 'WorkloadEntry':
      return validateWorkloadEntry(object, sink);
    case 'DestinationRule':
      return validateDestinationRule(object, sink);
    case 'VirtualService':
      return validateVirtualService(object, sink);
    case 'Sidecar':
      return validateSidecar(object, sink);
    case 'Gateway':
      return validateGateway(object, sink);
    case 'PeerAuthentication':
      return validatePeerAuthentication(object, sink);
    case 'AuthorizationPolicy':
      return validateAuthorizationPolicy(object, sink);
    case 'RequestAuthentication':
      return validateRequestAuthentication(object, sink);
    case 'Telemetry':
      return validateTelemetry(object, sink);
    case 'EnvoyFilter':
      return validateEnvoyFilter(object, sink);
    case 'WorkloadGroup':
      return validateWorkloadGroup(object, sink);
    case 'Service':
      return validateService(object, sink);
    case 'EndpointSlice':
      return validateEndpointSlice(object, sink);
    case 'Pod':
      return validatePod(object, sink);
    case 'Node':
    case 'Namespace':
    case 'Secret':
    case 'ConfigMap':
      return;
  }
}
