/** The rules of DestinationRule (Istio reference 10.5). */
import type { DestinationRule } from '../kinds/traffic-policy.js';
import type { ConfigObject } from '../object.js';
import { validateExportTo } from './export-to.js';
import { errorsOnly, type FindingSink, quote } from './finding.js';
import { wildcardDomainProblem } from './host.js';
import { subsetNameProblem, validateLabels, validateSelector } from './labels.js';
import { validateTrafficPolicy } from './traffic-policy.js';

/** Checks a DestinationRule (Istio reference 10.5). */
export function validateDestinationRule(object: ConfigObject<'DestinationRule'>, sink: FindingSink): void {
  const rule = object.spec;
  const { namespace } = object.metadata;
  sink.error('spec.host', wildcardDomainProblem(rule.host));
  validateTrafficPolicy(rule.trafficPolicy, namespace, 'spec.trafficPolicy', sink);
  validateSubsets(rule, namespace, sink);
  validateExportTo(rule.exportTo, namespace, sink, { ownNamespaceOnly: rule.workloadSelector !== undefined });
  if (rule.workloadSelector !== undefined) {
    validateSelector(rule.workloadSelector.matchLabels, 'spec.workloadSelector.matchLabels', sink);
  }
}

/** Istio says nothing of what is only doubtful in the policy of a subset. */
function validateSubsets(rule: DestinationRule, namespace: string, sink: FindingSink): void {
  const names = new Set<string>();
  for (const [index, subset] of rule.subsets.entries()) {
    const path = `spec.subsets[${index}]`;
    sink.error(`${path}.name`, subsetNameProblem(subset.name));
    if (names.has(subset.name)) sink.error(`${path}.name`, `subset ${quote(subset.name)} is declared twice`);
    names.add(subset.name);
    validateLabels(subset.labels, `${path}.labels`, sink);
    validateTrafficPolicy(subset.trafficPolicy, namespace, `${path}.trafficPolicy`, errorsOnly(sink));
  }
}
