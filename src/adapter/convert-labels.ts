/** Metadata and tags of instances as labels of endpoints. */
import type { Labels } from '../model/labels.js';
import { legalLabelKey, legalLabelValue } from './legal.js';
import type { MappingRules } from './mapping.js';
import type { Reasons } from './reasons.js';
import { fits, isPlainTag, own, type Subject, tagValues, textOf } from './sources.js';

/** The labels of an instance: those of the rules, metadata of the service, tags, its own metadata, its version. */
export function labelsOf(subject: Required<Subject>, rules: MappingRules, reasons: Reasons): Labels {
  const { service, instance } = subject;
  const { include, exclude = [], tags = false, plainTags, rename, add } = rules.labels ?? {};
  const labels: Record<string, string> = { ...add };
  const put = (key: string, value: string): void => {
    if (include !== undefined && !include.some((pattern) => fits(pattern, key))) return;
    if (exclude.some((pattern) => fits(pattern, key))) return;
    const label = legalLabelKey(own(rename, key) ?? key);
    const legal = legalLabelValue(value);
    if (label === undefined || legal === undefined) {
      const what = JSON.stringify(label === undefined ? key : `${key}=${value}`);
      reasons.add(`instance ${instance.id}: nothing of ${what} can be a label`);
    } else labels[label] = legal;
  };
  for (const [key, value] of Object.entries(service.metadata ?? {})) put(key, value);
  if (tags)
    for (const list of [service.tags, instance.tags])
      for (const [key, value] of tagValues(list)) put(key, value);
  if (plainTags !== undefined)
    for (const tag of [...(service.tags ?? []), ...(instance.tags ?? [])])
      if (isPlainTag(tag)) put(`${plainTags}/${tag.replaceAll('/', '-')}`, 'true');
  for (const [key, value] of Object.entries(instance.metadata ?? {})) put(key, value);
  const version = textOf(rules.version, subject);
  const legal = version === undefined ? undefined : legalLabelValue(version);
  if (legal !== undefined) labels['version'] = legal;
  return labels;
}
