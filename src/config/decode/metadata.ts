/** Decoding of `metadata`, which is the same for every kind. */
import type { ObjectMeta } from '../object.js';
import type { Cursor } from './cursor.js';
import { kubernetesObject, list, openObject } from './composites.js';
import { isRecord } from '../../base/is-record.js';
import { optional, unlessZero } from './decoder.js';
import { labels } from './kinds/common.js';
import { boolean, string, timestamp } from './scalars.js';

type OwnerReference = NonNullable<ObjectMeta['ownerReferences']>[number];

const ownerReference = openObject<OwnerReference>({
  apiVersion: string,
  kind: string,
  name: string,
  controller: boolean,
});

interface RawMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: ObjectMeta['labels'];
  readonly annotations: ObjectMeta['annotations'];
  readonly creationTimestamp?: number;
  readonly deletionTimestamp?: number;
  readonly resourceVersion: string;
  readonly generateName?: string;
  readonly ownerReferences?: readonly OwnerReference[];
}

const rawMetadata = kubernetesObject<RawMetadata>(
  {
    name: string,
    namespace: string,
    labels,
    annotations: labels,
    creationTimestamp: optional(timestamp),
    deletionTimestamp: optional(timestamp),
    resourceVersion: string,
    generateName: unlessZero(string),
    ownerReferences: unlessZero(list(ownerReference)),
  },
  {
    ignored: [
      'clusterName',
      'deletionGracePeriodSeconds',
      'finalizers',
      'generation',
      'managedFields',
      'selfLink',
      'uid',
    ],
  },
);

/** What a kind says about the metadata of its objects. */
export interface MetadataRules {
  /** Objects of the kind live in a namespace. */
  readonly namespaced: boolean;
  /** Seconds since the epoch for an object without a creationTimestamp. */
  readonly defaultCreationTime: number;
}

/** DNS-1123 subdomain: what the API server takes as a name. */
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** DNS-1123 label: what the API server takes as a namespace. */
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Metadata, and whether it says which object it is of. */
export interface DecodedMetadata {
  readonly metadata: ObjectMeta;
  /** Name and namespace are there and can be used, whatever else may be wrong. */
  readonly identified: boolean;
}

/** Decodes and checks the metadata of a document. `at` is the place of the document. */
export function decodeMetadata(
  document: Readonly<Record<string, unknown>>,
  rules: MetadataRules,
  at: Cursor,
): DecodedMetadata {
  const place = at.field('metadata');
  const value = document['metadata'] ?? {};
  const raw = rawMetadata.decode(value, place);
  const named = checkName(value, raw.name, place);
  const namespace = rules.namespaced ? raw.namespace || 'default' : '';
  const placed = namespace === '' || (namespace.length <= 63 && label.test(namespace));
  if (!placed)
    place.field('namespace').error(`"${namespace}" is not a name of lower-case letters, digits and "-"`);
  const identified = named && placed && isNamespaceText(value);
  return { metadata: objectMeta(raw, namespace, rules), identified };
}

function objectMeta(raw: RawMetadata, namespace: string, rules: MetadataRules): ObjectMeta {
  const { labels: own, annotations, resourceVersion, generateName, deletionTimestamp, ownerReferences } = raw;
  return {
    name: raw.name,
    namespace,
    labels: own,
    annotations,
    creationTime: raw.creationTimestamp ?? rules.defaultCreationTime,
    resourceVersion,
    ...(generateName === undefined ? {} : { generateName }),
    ...(deletionTimestamp === undefined ? {} : { deletionTime: deletionTimestamp }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
}

/** Whether there is a name that can be used. */
function checkName(metadata: unknown, name: string, at: Cursor): boolean {
  if (!isRecord(metadata)) return false;
  const written = metadata['name'];
  if (written === undefined || written === null || written === '') at.field('name').error('is missing');
  else if (typeof written === 'string') {
    if (name.length <= 253 && subdomain.test(name)) return true;
    at.field('name').error(`"${name}" is not a name of lower-case letters, digits, "-" and "."`);
  }
  return false;
}

function isNamespaceText(metadata: unknown): boolean {
  const namespace = isRecord(metadata) ? (metadata['namespace'] ?? '') : undefined;
  return typeof namespace === 'string';
}
