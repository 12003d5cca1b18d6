/**
 * The last gate before a page: takes out of any JSON value what must never be shown. Key material and tokens are known
 * by what they look like, passwords and the like by their field's name, environments by their place; of annotations
 * and node metadata, which may hold anything, only what is known to be harmless is let through.
 */
import { isRecord } from '../base/is-record.js';

/** Stands where something was taken out. */
const redactedText = '[redacted]';

/** The value as a page may show it; parts without anything to hide are the same objects as before. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return redactedString(value);
  if (Array.isArray(value)) return mapArray(value, redacted);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (!isRecord(value)) return value;
  if (typeof value['toJSON'] === 'function') return redacted(JSON.parse(JSON.stringify(value)));
  return mapRecord(value, isSecretPair(value) ? secretPairField : redactedField);
}

/** What stands under a name, as a page may show it. */
export function redactedField(key: string, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  switch (place(key)) {
    case 'secret':
      return redactedSecret(key, value);
    case 'environment':
      return typeof value === 'string' ? redactedString(value) : hideStrings(value);
    case 'annotations':
      return isRecord(value) ? mapRecord(value, annotationField) : redacted(value);
    case 'metadata':
      return isRecord(value) ? mapRecord(value, metadataField) : redacted(value);
    case 'plain':
      return redacted(value);
  }
}

/** Whether what stands under a name is looked at for itself alone. */
export function isPlainField(key: string): boolean {
  return place(key) === 'plain';
}

type Place = 'secret' | 'environment' | 'annotations' | 'metadata' | 'plain';

/** Names of fields are few, and each comes thousands of times. */
const places = new Map<string, Place>();

function place(key: string): Place {
  const known = places.get(key);
  if (known !== undefined) return known;
  const found = findPlace(key);
  if (places.size > 10_000) places.clear();
  places.set(key, found);
  return found;
}

/** Words that name what must not be shown; a field that only names or finds it (`credentialName`) may be. */
const secretWords =
  /authorization|password|passwd|passphrase|token|secret|credential|api[-_]?key|private[-_]?key|session_ticket_keys/i;
const onlyRefers = /(names?|files?|paths?|ref|uri|url)$/i;
const cookies = /^(set-)?cookie$/i;

function findPlace(key: string): Place {
  if (/^(proxy_?metadata|env|environment)$/i.test(key)) return 'environment';
  if (/^annotations$/i.test(key)) return 'annotations';
  if (key === 'metadata') return 'metadata';
  // Hosts, files and types stand as keys too; what belongs to them is no secret because of their name.
  if (/[./]/.test(key) || onlyRefers.test(key)) return 'plain';
  return secretWords.test(key) || cookies.test(key) ? 'secret' : 'plain';
}

/** What stands under the name of a secret: text, or structure that may hold it at some depth. */
function redactedSecret(key: string, value: unknown): unknown {
  if (typeof value === 'string')
    return value === '' || (isKeyFile(key) && isPath(value)) ? value : redactedText;
  if (!Array.isArray(value)) return secretStructure(value);
  return mapArray(value, (item) => (typeof item === 'string' ? redactedText : secretStructure(item)));
}

/** Of structure only what is known to hold a value is taken out: it may be named for a secret without being one. */
function secretStructure(value: unknown): unknown {
  if (Array.isArray(value)) return mapArray(value, secretStructure);
  return isRecord(value) ? mapRecord(value, secretPart) : redacted(value);
}

function secretPart(key: string, value: unknown): unknown {
  if (givenInPlace.test(key)) return hideStrings(value);
  return isPlainField(key) ? secretStructure(value) : redactedField(key, value);
}

/** Where values stand in Istio's StringMatch, and in Envoy's matchers and DataSource. */
const givenInPlace =
  /^(exact|prefix|suffix|contains|regex|value|inline_?(bytes|string)|safe_?regex|string_?match)$/i;

/** DestinationRule and Gateway say by a path where a key is. */
function isKeyFile(key: string): boolean {
  return /^private_?key$/i.test(key);
}

function isPath(text: string): boolean {
  return /^\/[\w./-]+$/.test(text);
}

/** A header or a variable as a pair, whose name says that its value is a secret. */
export function isSecretPair(record: Readonly<Record<string, unknown>>): boolean {
  const name = record['name'] ?? record['key'];
  return typeof name === 'string' && typeof record['value'] === 'string' && place(name) === 'secret';
}

function secretPairField(key: string, value: unknown): unknown {
  return key === 'value' ? redactedText : redactedField(key, value);
}

/** Every text at any depth; of lists of pairs the names stay. */
function hideStrings(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? value : redactedText;
  if (Array.isArray(value))
    return value.map((item: unknown) =>
      isRecord(item)
        ? mapRecord(item, (key, part) => (key === 'name' ? part : hideStrings(part)))
        : hideStrings(item),
    );
  return isRecord(value) ? mapRecord(value, (_, part) => hideStrings(part)) : value;
}

/** Annotations that Istio or Pilotlight reads, and that hold neither an object nor an environment. */
const shownAnnotation =
  /^(((networking|traffic|alpha|ambient|install|security)\.)?istio\.io\/|proxy\.istio\.io\/health-checks-enabled$|service\.kubernetes\.io\/)/;

function annotationField(name: string, text: unknown): unknown {
  return shownAnnotation.test(name) ? redacted(text) : hideStrings(text);
}

/** Metadata of nodes that a control plane reads (Istio reference 8.2); agents add every variable ISTIO_META_… to it. */
const shownMetadata: ReadonlySet<string> = new Set([
  'CLUSTER_ID',
  'NETWORK',
  'NAMESPACE',
  'NODE_NAME',
  'NAME',
  'WORKLOAD_NAME',
  'OWNER',
  'SERVICE_ACCOUNT',
  'MESH_ID',
  'LABELS',
  'STATIC_LABELS',
  'INSTANCE_IPS',
  'POD_PORTS',
  'APP_CONTAINERS',
  'ISTIO_VERSION',
  'ISTIO_REVISION',
  'ISTIO_PROXY_SHA',
  'INTERCEPTION_MODE',
  'GENERATOR',
  'PROXY_CONFIG',
  'PILOT_SAN',
  'PILOTLIGHT_SDS',
  'DNS_CAPTURE',
  'DNS_AUTO_ALLOCATE',
  'DNS_PROXY_ADDR',
  'REQUESTED_NETWORK_VIEW',
  'HTTP10',
  'IDLE_TIMEOUT',
  'HTTP_PROXY_PORT',
  'UNPRIVILEGED_POD',
  'ENVOY_STATUS_PORT',
  'ENVOY_PROMETHEUS_PORT',
  'INBOUND_LISTENER_EXACT_BALANCE',
  'OUTBOUND_LISTENER_EXACT_BALANCE',
  'ENABLE_HBONE',
  'DISABLE_HBONE_SEND',
  'ENABLE_SELF_DISCOVERY',
  'AUTO_REGISTER_GROUP',
  'ANNOTATIONS',
]);

/** A field of `metadata`: those in capitals are a node's. */
function metadataField(key: string, value: unknown): unknown {
  const isOfNode = /^[A-Z][A-Z0-9_]*$/.test(key);
  const isHidden = isOfNode && (!shownMetadata.has(key) || (key === 'PROXY_CONFIG' && !isRecord(value)));
  return isHidden ? hideStrings(value) : redactedField(key, value);
}

const privateKey = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
const privateKeyBlock =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;
const jsonWebToken = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const authorizationValue = /\b(Bearer|Basic|Negotiate|AWS4-HMAC-SHA256)(\s+|%20)[\w.~+/=:-]{6,}/gi;
const userInUrl = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/:@]+:[^\s/@]+@/gi;
const base64Pem = /LS0tLS1CRUdJTi[A-Za-z0-9+/=\s]+/g;

/** Text without what looks like a key, a token or a password. */
export function redactedString(text: string): string {
  if (text.length < 12) return text;
  return text
    .replace(privateKeyBlock, redactedText)
    .replace(base64Pem, (block) =>
      privateKey.test(Buffer.from(block, 'base64').toString('latin1')) ? redactedText : block,
    )
    .replace(jsonWebToken, redactedText)
    .replace(authorizationValue, (_, scheme: string) => `${scheme} ${redactedText}`)
    .replace(userInUrl, (_, scheme: string) => `${scheme}${redactedText}@`);
}

function mapArray(values: readonly unknown[], change: (value: unknown) => unknown): readonly unknown[] {
  let changed: unknown[] | undefined;
  for (const [index, value] of values.entries()) {
    const next = change(value);
    if (next === value) continue;
    changed ??= [...values];
    changed[index] = next;
  }
  return changed ?? values;
}

function mapRecord(
  record: Readonly<Record<string, unknown>>,
  change: (key: string, value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  let changed: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    const value = record[key];
    const next = change(key, value);
    if (next === value) continue;
    changed ??= { ...record };
    changed[key] = next;
  }
  return changed ?? record;
}
