/** What Consul answers, as far as it is read, and the check that it is so. */

/** An instance of a service with its node and its checks: one entry of `/v1/health/service/NAME`. */
export interface HealthEntry {
  readonly Node: CatalogNode;
  readonly Service: CatalogInstance;
  readonly Checks: readonly Check[];
}

/** The node that an instance is registered at. */
export interface CatalogNode {
  readonly Node: string;
  readonly Address?: string;
  readonly Datacenter?: string;
  readonly TaggedAddresses?: Readonly<Record<string, string>> | null;
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly Locality?: Locality | null;
}

/** An instance. */
export interface CatalogInstance {
  /** Absent for services proper. */
  readonly Kind?: string;
  readonly ID: string;
  readonly Service: string;
  readonly Address?: string;
  readonly Port?: number;
  /** Several ports by name, since Consul 1.22. */
  readonly Ports?: readonly NamedPort[] | null;
  readonly Tags?: readonly string[] | null;
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly TaggedAddresses?: Readonly<Record<string, TaggedAddress>> | null;
  readonly Weights?: { readonly Passing?: number; readonly Warning?: number } | null;
  readonly Locality?: Locality | null;
}

/** One of several ports of an instance. */
export interface NamedPort {
  readonly Name: string;
  readonly Port: number;
  readonly Default?: boolean;
}

/** A further address of an instance. */
export interface TaggedAddress {
  readonly Address: string;
  readonly Port?: number;
}

/** Where a node or an instance is, as Consul itself is told. */
export interface Locality {
  readonly Region?: string;
  readonly Zone?: string;
}

/** A check of a node (then without a service) or of an instance. */
export interface Check {
  readonly Node?: string;
  readonly CheckID: string;
  readonly Status: string;
  readonly ServiceName?: string;
}

/** An answer as the entries that it is said to be. @throws Error that says what it is instead. */
export function healthEntries(body: unknown): readonly HealthEntry[] {
  return list(body, 'the instances').map((entry, index) => {
    const where = `instance ${index}`;
    const { Node, Service, Checks } = record(entry, where);
    const node = record(Node, `the node of ${where}`);
    const service = record(Service, `the service of ${where}`);
    text(node['Node'], `the name of the node of ${where}`);
    text(service['ID'], `the ID of ${where}`);
    list(service['Tags'] ?? [], `the tags of ${where}`).forEach((tag) => text(tag, `a tag of ${where}`));
    record(service['Meta'] ?? {}, `the metadata of ${where}`);
    return { ...record(entry, where), Checks: checks(Checks ?? []) } as unknown as HealthEntry;
  });
}

/** An answer as checks. @throws Error */
export function checks(body: unknown): readonly Check[] {
  return list(body, 'the checks').map((entry) => {
    const check = record(entry, 'a check');
    text(check['CheckID'], 'the ID of a check');
    text(check['Status'], 'the state of a check');
    return check as unknown as Check;
  });
}

/** The names of the services of a catalog. @throws Error */
export function serviceNames(body: unknown): readonly string[] {
  return Object.keys(record(body, 'the list of services'));
}

/** The names of the services that a peer exports to this cluster. @throws Error */
export function importedServices(body: unknown): readonly string[] {
  const { StreamStatus } = record(body, 'the peering');
  const names = record(StreamStatus ?? {}, 'the state of the peering')['ImportedServices'];
  return list(names ?? [], 'the services of the peering').map((name) => text(name, 'the name of a service'));
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} cannot be understood: it is no object`);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} cannot be understood: it is no list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what} cannot be understood: it is no text`);
  return value;
}
