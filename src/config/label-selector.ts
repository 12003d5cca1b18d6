/** Matching of Kubernetes label selectors. */
import type { Labels } from '../model/labels.js';
import { labelsMatch } from '../model/labels.js';
import type { LabelSelector } from './mesh-config.js';

type Requirement = LabelSelector['matchExpressions'][number];

/**
 * Whether labels fulfil every requirement of a selector; one without requirements matches everything. As in
 * Kubernetes, `NotIn` also holds for a label that is absent.
 */
export function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  return (
    labelsMatch(selector.matchLabels, labels) &&
    selector.matchExpressions.every((requirement) => requirementHolds(requirement, labels))
  );
}

function requirementHolds(requirement: Requirement, labels: Labels): boolean {
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
