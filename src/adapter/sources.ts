/** Where mapping rules find values, and which records they mean. */
import { parseIp, parsePrefix, prefixContains } from '../base/ip.js';
import type { Selection, Source, TextRule } from './mapping.js';
import type { InstanceRecord, Metadata, ServiceRecord } from './record.js';

/** What rules look at: an instance of a service, or the service alone. */
export interface Subject {
  readonly service: ServiceRecord;
  readonly instance?: InstanceRecord;
}

/** The value that a rule finds, or its default. */
export function textOf(rule: TextRule | undefined, subject: Subject): string | undefined {
  for (const source of rule?.from ?? []) {
    const value = valueAt(source, subject);
    if (value !== undefined && value !== '') return value;
  }
  return rule?.default;
}

function valueAt(source: Source, { service, instance }: Subject): string | undefined {
  const dot = source.indexOf('.');
  const key = source.slice(dot + 1);
  switch (source.slice(0, dot)) {
    case 'meta':
      return own(instance?.metadata, key) ?? own(service.metadata, key);
    case 'tag':
      return tagValues(instance?.tags).get(key) ?? tagValues(service.tags).get(key);
    case 'attribute':
      return own(service.attributes, key);
    default:
      return undefined;
  }
}

/** A value of a registry's own map: keys of every text, so none of a prototype's. */
export function own(map: Metadata | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

const tagForm = /^([^|=:]+)[|=:](.*)$/s;

/** Whether a tag is a word without a value. */
export function isPlainTag(tag: string): boolean {
  return tag !== '' && !tagForm.test(tag);
}

const knownTags = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

/** Tags `KEY|VALUE`, `KEY=VALUE` or `KEY:VALUE` by key; others have no value. */
export function tagValues(tags: readonly string[] | undefined): ReadonlyMap<string, string> {
  if (tags === undefined || tags.length === 0) return new Map();
  let values = knownTags.get(tags);
  if (values === undefined) {
    const found = new Map<string, string>();
    for (const tag of tags) {
      const [, key, value] = tagForm.exec(tag) ?? [];
      if (key !== undefined && value !== undefined && !found.has(key)) found.set(key, value);
    }
    values = found;
    knownTags.set(tags, values);
  }
  return values;
}

const patterns = new Map<string, RegExp>();

/** Whether text fits a pattern in which `*` stands for any text. */
export function fits(pattern: string, text: string): boolean {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    expression = new RegExp(`^${parts.join('.*')}$`, 's');
    patterns.set(pattern, expression);
  }
  return expression.test(text);
}

/** Whether the service, and the instance if there is one, are meant. Without an instance its parts fit everything. */
export function isMeant(selection: Selection, { service, instance }: Subject): boolean {
  const { services, tags, metadata, attributes, addresses } = selection;
  const name = service.name ?? service.service;
  if (services !== undefined && !services.some((pattern) => fits(pattern, name))) return false;
  if (attributes !== undefined && !hasAll(attributes, (key) => own(service.attributes, key))) return false;
  if (instance === undefined) return true;
  const present = [...(instance.tags ?? []), ...(service.tags ?? [])];
  if (tags !== undefined && !tags.some((pattern) => present.some((tag) => fits(pattern, tag)))) return false;
  const meta = (key: string): string | undefined => own(instance.metadata, key) ?? own(service.metadata, key);
  if (metadata !== undefined && !hasAll(metadata, meta)) return false;
  return addresses === undefined || addresses.some((range) => holds(range, instance.address));
}

/** Whether a selection is of instances, not of services as a whole. */
export function isOfInstances({ tags, metadata, addresses }: Selection): boolean {
  return tags !== undefined || metadata !== undefined || addresses !== undefined;
}

function hasAll(wanted: Metadata, value: (key: string) => string | undefined): boolean {
  return Object.entries(wanted).every(([key, pattern]) => {
    const found = value(key);
    return found !== undefined && fits(pattern, found);
  });
}

function holds(range: string, address: string): boolean {
  const ip = parseIp(address);
  const prefix = parsePrefix(range);
  if (ip === undefined) return range === address;
  return prefix === undefined ? parseIp(range)?.toString() === ip.toString() : prefixContains(prefix, ip);
}
