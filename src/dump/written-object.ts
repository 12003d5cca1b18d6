/** What a dump writes of an object: what may matter to Pilotlight, and neither what is long nor what is secret. */
import type { ListedKind } from './cluster-objects.js';
import type { WatchedKind } from '../config/kubernetes/resources.js';

/** A document as JSON. */
export type Fields = Readonly<Record<string, unknown>>;

/** Metadata that is written; all else belongs to the server or to those who write. */
const metadataFields = [
  'name',
  'generateName',
  'namespace',
  'labels',
  'annotations',
  'creationTimestamp',
  'deletionTimestamp',
  'ownerReferences',
];

const ownerFields = ['apiVersion', 'kind', 'name', 'controller'];

/** Annotations by which clients keep the whole object for themselves. */
const keptCopies = ['kubectl.kubernetes.io/last-applied-configuration'];

/** The body of a document by its kind: everything but the envelope. */
const bodies: Readonly<Record<WatchedKind, (object: Fields) => Fields>> = {
  Namespace: () => ({}),
  Node: ({ status }) => ({ status: nodeStatus(fields(status)) }),
  Service: ({ spec, status }) => ({ spec, status: some(fields(status), ['loadBalancer']) }),
  Pod: ({ spec, status }) => ({ spec: podSpec(fields(spec)), status: podStatus(fields(status)) }),
  EndpointSlice: (object) => some(object, ['addressType', 'ports', 'endpoints']),
  ServiceEntry: ({ spec, status }) => ({ spec, status: some(fields(status), ['addresses']) }),
  WorkloadEntry: ({ spec, status }) => ({ spec, status: conditions(fields(status), 'Healthy') }),
  DestinationRule: specOnly,
  VirtualService: specOnly,
  Sidecar: specOnly,
  Gateway: specOnly,
  PeerAuthentication: specOnly,
  AuthorizationPolicy: specOnly,
  RequestAuthentication: specOnly,
  Telemetry: specOnly,
  EnvoyFilter: specOnly,
  WorkloadGroup: specOnly,
};

/** The documents of one kind, in the order of their namespaces and names. */
export function writtenObjects({ resource: { kind }, apiVersion, objects }: ListedKind): readonly Fields[] {
  return objects.map((raw) => {
    const object = raw as unknown as Fields;
    return { apiVersion, kind, metadata: metadata(fields(object['metadata'])), ...body(kind, object) };
  });
}

function body(kind: WatchedKind, object: Fields): Fields {
  return withoutEmpty(bodies[kind](object));
}

function metadata(raw: Fields): Fields {
  const { annotations, ownerReferences, ...rest } = some(raw, metadataFields);
  const kept = Object.entries(fields(annotations)).filter(([name]) => !keptCopies.includes(name));
  return withoutEmpty({
    ...rest,
    annotations: Object.fromEntries(kept),
    ownerReferences: each(ownerReferences, (owner) => some(owner, ownerFields)),
  });
}

function specOnly({ spec }: Fields): Fields {
  return { spec };
}

function nodeStatus({ addresses }: Fields): Fields {
  return withoutEmpty({ addresses: list(addresses).filter((each) => fields(each)['type'] === 'ExternalIP') });
}

/** Of containers no more than the ports: environments and arguments hold passwords. */
function podSpec(spec: Fields): Fields {
  const own = ['serviceAccountName', 'nodeName', 'hostname', 'subdomain', 'hostNetwork'];
  return withoutEmpty({
    ...some(spec, own),
    containers: each(spec['containers'], container),
    initContainers: each(spec['initContainers'], container),
  });
}

function container(raw: Fields): Fields {
  return withoutEmpty({
    ...some(raw, ['name', 'restartPolicy']),
    ports: each(raw['ports'], (port) => some(port, ['name', 'containerPort', 'protocol'])),
  });
}

function podStatus(status: Fields): Fields {
  return withoutEmpty({
    ...some(status, ['phase', 'podIP', 'podIPs']),
    ...conditions(status, 'Ready'),
  });
}

/** The one condition that is read. */
function conditions(status: Fields, type: string): Fields {
  const read = list(status['conditions']).filter((condition) => fields(condition)['type'] === type);
  return withoutEmpty({
    conditions: read.map((condition) => some(fields(condition), ['type', 'status'])),
  });
}

function some(value: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]] as const])),
  );
}

function each(value: unknown, write: (item: Fields) => Fields): readonly Fields[] {
  return list(value).map((item) => write(fields(item)));
}

/** Without fields that say as much as their absence: empty lists, empty objects, null. */
function withoutEmpty(value: Fields): Fields {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => !isEmpty(field)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** A value as an object; empty for anything else. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A value as a list; empty for anything else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** A value as text; empty for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
