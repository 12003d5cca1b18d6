/**
 * From a document's JSON value to a typed, validated object: the way of every document of every source. A document
 * is an object, refused, of a kind that is not used, or a security policy that is not enforced.
 */
import type { Finding } from '../validation/finding.js';
import { validateObject } from '../validation/index.js';
import type { AnyObject, ObjectRef, Origin } from '../object.js';
import { Cursor } from './cursor.js';
import { isRecord } from '../../base/is-record.js';
import { describeValue } from './describe.js';
import { lookUpKind, type KindDefinition } from './kinds.js';
import { decodeMetadata } from './metadata.js';

/** What a document turned out to be, with everything that was found in it. */
export type DecodedDocument = {
  /** Path of the document in what holds it: empty, or `items[3]` in a List. */
  readonly prefix: string;
  /** `Kind namespace/name`, when that much could be read. */
  readonly label?: string;
  /** Paths begin with `prefix`. */
  readonly findings: readonly Finding[];
} & (
  | { readonly type: 'object'; readonly object: AnyObject }
  /** `ref` is absent when it cannot be told which object the document is. */
  | { readonly type: 'refused'; readonly ref?: ObjectRef }
  /** `kind` as kubectl writes it, such as `Deployment.apps`. */
  | { readonly type: 'unused'; readonly kind: string }
  | {
      readonly type: 'not-enforced';
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
    }
);

/** Decodes a document. A List counts as its items, each for itself. An empty document is nothing. */
export function decodeDocument(value: unknown, origin: Origin): readonly DecodedDocument[] {
  return value === null || value === undefined ? [] : decodeAt(value, origin, '');
}

function decodeAt(value: unknown, origin: Origin, prefix: string): readonly DecodedDocument[] {
  if (!isRecord(value))
    return [refusedWhole(prefix, `expected an object of Kubernetes, found ${describeValue(value)}`)];
  const items = listItems(value);
  if (items === undefined) return [decodeOne(value, origin, prefix)];
  return items.flatMap((item, index) =>
    decodeAt(item, origin, `${prefix === '' ? '' : `${prefix}.`}items[${index}]`),
  );
}

/** The items of a List, each with the kind that the List's own name implies when it names none. */
function listItems(value: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  const { apiVersion, kind, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List')) return undefined;
  if (items === null) return [];
  if (!Array.isArray(items)) return undefined;
  const itemKind = kind.slice(0, -'List'.length);
  return items.map((item: unknown) =>
    itemKind !== '' && isRecord(item) && item['kind'] === undefined
      ? { apiVersion, kind: itemKind, ...item }
      : item,
  );
}

function decodeOne(
  value: Readonly<Record<string, unknown>>,
  origin: Origin,
  prefix: string,
): DecodedDocument {
  const at = Cursor.root(prefix);
  const apiVersion = requiredText(value, 'apiVersion', at);
  const kind = requiredText(value, 'kind', at);
  if (apiVersion === undefined || kind === undefined)
    return { type: 'refused', prefix, findings: at.findings };
  const lookup = lookUpKind(apiVersion, kind);
  switch (lookup.type) {
    case 'wrong':
      at.field(lookup.field).error(lookup.message);
      return { type: 'refused', prefix, findings: at.findings };
    case 'unused':
      return { type: 'unused', prefix, kind: lookup.name, findings: [] };
    case 'not-enforced': {
      const { name, namespace } = decodeMetadata(
        value,
        { namespaced: true, defaultCreationTime: 0 },
        at,
      ).metadata;
      const label = `${kind} ${namespace}/${name}`;
      if (at.failed) return { type: 'refused', prefix, label, findings: at.findings };
      return { type: 'not-enforced', prefix, label, kind, namespace, name, findings: at.findings };
    }
    case 'read':
      return decodeObject(value, apiVersion, lookup.definition, origin, at, prefix);
  }
}

function decodeObject(
  value: Readonly<Record<string, unknown>>,
  apiVersion: string,
  definition: KindDefinition,
  origin: Origin,
  at: Cursor,
  prefix: string,
): DecodedDocument {
  const { kind } = definition;
  const { metadata, identified } = decodeMetadata(value, definition, at);
  const ref: ObjectRef = { kind, namespace: metadata.namespace, name: metadata.name };
  const named = metadata.name === '' ? {} : { label: objectLabel(ref) };
  const identity = identified ? { ref } : {};
  const spec = definition.spec.decode(value, at);
  if (at.failed) return { type: 'refused', prefix, ...named, ...identity, findings: at.findings };
  // The definition pairs the kind with the decoder of its spec, which the type of a union cannot say.
  const object = { kind, apiVersion, metadata, spec, origin } as AnyObject;
  const findings = [...at.findings, ...validateObject(object).map((finding) => withPrefix(finding, prefix))];
  const valid = findings.every(({ severity }) => severity !== 'error');
  return valid
    ? { type: 'object', prefix, ...named, object, findings }
    : { type: 'refused', prefix, ...named, ...identity, findings };
}

/** `Kind namespace/name`, or `Kind name` for a kind without namespaces. */
export function objectLabel({ kind, namespace, name }: ObjectRef): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function requiredText(
  value: Readonly<Record<string, unknown>>,
  name: string,
  at: Cursor,
): string | undefined {
  const text = value[name];
  if (typeof text === 'string' && text !== '') return text;
  if (text === undefined || text === null || text === '') at.field(name).error('is missing');
  else at.field(name).mismatch('a string', text);
  return undefined;
}

function withPrefix(finding: Finding, prefix: string): Finding {
  return prefix === ''
    ? finding
    : { ...finding, path: finding.path === '' ? prefix : `${prefix}.${finding.path}` };
}

function refusedWhole(prefix: string, message: string): DecodedDocument {
  return { type: 'refused', prefix, findings: [{ severity: 'error', path: prefix, message }] };
}
