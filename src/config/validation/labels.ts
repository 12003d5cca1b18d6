/** Labels and the selectors of workloads (Istio reference 10.5). */
import type { Labels } from '../../model/labels.js';
import { type FindingSink, keyPath, quote } from './finding.js';
import { dnsLabelProblem } from './host.js';

const maxPrefixLength = 253;
const maxNameLength = 63;
const namePattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const prefixLabelPattern = /^[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?$/;

/** Checks the syntax of labels: a key is a name with an optional DNS prefix; a value may be empty. */
export function validateLabels(labels: Labels, path: string, sink: FindingSink): void {
  for (const [key, value] of Object.entries(labels)) {
    sink.error(keyPath(path, key), labelKeyProblem(key));
    if (value !== '' && !namePattern.test(value)) {
      sink.error(
        keyPath(path, key),
        `label value ${quote(value)} needs letters, digits, "-", "_" and ".", beginning and ending with a letter or digit`,
      );
    }
  }
}

/**
 * Checks a workload selector: no empty keys, no wildcards. One without labels selects every workload of the
 * namespace, which is a warning.
 */
export function validateSelector(labels: Labels, path: string, sink: FindingSink): void {
  const entries = Object.entries(labels);
  for (const [key, value] of entries) {
    if (key === '') {
      sink.error(
        keyPath(path, key),
        `selector has an empty key for the value ${quote(value)}; a label's key is needed`,
      );
    }
    if (key.includes('*') || value.includes('*')) {
      sink.error(
        keyPath(path, key),
        `selector ${quote(`${key}=${value}`)} has a wildcard; selectors compare labels as they are`,
      );
    }
  }
  if (entries.length === 0) {
    sink.warn(path, 'selector has no labels, so it selects every workload of the namespace');
  }
}

/** What keeps the name of a DestinationRule's subset from being one: a DNS label. */
export function subsetNameProblem(name: string): string | undefined {
  return name === '' ? 'subset name is empty; it must be a DNS label' : dnsLabelProblem('subset name', name);
}

function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (
    !namePattern.test(name) ||
    prefix?.split('.').every((label) => prefixLabelPattern.test(label)) === false
  ) {
    return `label key ${quote(key)} needs the form [domain/]name, with letters, digits, "-", "_" and "." in the name`;
  }
  if ((prefix?.length ?? 0) > maxPrefixLength) {
    return `label key ${quote(key)} has a domain of more than ${maxPrefixLength} characters`;
  }
  return name.length > maxNameLength
    ? `label key ${quote(key)} has a name of more than ${maxNameLength} characters`
    : undefined;
}
