/**
 * What an adapter makes of its registry's answers: services and instances in the registry's own words. Mapping rules
 * (`mapping.ts`) make hosts, ports, labels and endpoints of them; an adapter need not know these.
 */

/**
 * Whether an instance is to be used. There is no default: an adapter has to say what each state of its registry means.
 *
 * - `healthy`: takes traffic.
 * - `degraded`: takes traffic when there are not enough healthy ones.
 * - `draining`: takes no new traffic: in maintenance, out of service, disabled.
 * - `unhealthy`: takes no traffic: its checks fail, it is down, starting, or of unknown state.
 */
export type InstanceHealth = 'healthy' | 'degraded' | 'draining' | 'unhealthy';

/** Text by key, as registries have it: metadata, attributes. */
export type Metadata = Readonly<Record<string, string>>;

/** A port of an instance. */
export interface InstancePort {
  readonly port: number;
  /** Name of the port, where the registry has one; ports of one name are one port of the service. */
  readonly name?: string;
  /** The protocol that the registry itself names for this port; goes before the mapping's rules. */
  readonly protocol?: string;
  /** The number by which clients know the port; the same as `port` when absent. */
  readonly servicePort?: number;
}

/** One instance of a service. */
export interface InstanceRecord {
  /** Unique within the service, and the same as long as the registry means the same instance. */
  readonly id: string;
  /** IP address or host name. */
  readonly address: string;
  /** Ports; one that cannot exist is quarantined, the others are used. */
  readonly ports: readonly InstancePort[];
  readonly health: InstanceHealth;
  /** Share of traffic relative to other instances; 0 takes none. 1 when absent, unless a mapping rule says. */
  readonly weight?: number;
  /** Metadata of the instance, unfiltered. */
  readonly metadata?: Metadata;
  readonly tags?: readonly string[];
  /** Where the instance is, when the registry itself says so; goes before the mapping's rules. */
  readonly locality?: { readonly region: string; readonly zone?: string; readonly subZone?: string };
  /** Where exactly the record was found, for people: a path or URL of the registry. */
  readonly location?: string;
}

/** One service with all its instances. */
export interface ServiceRecord {
  /**
   * The key of the service in its registry: unique there and stable. The name of the service, unless services of one
   * name are told apart by more, such as a namespace or a datacenter.
   */
  readonly service: string;
  /** The name of the service; `service` when absent. `{service}` of host templates. */
  readonly name?: string;
  /** What else names it, such as `namespace`, `datacenter`, `group`: further variables of templates. */
  readonly attributes?: Metadata;
  /** Metadata of the service itself; an instance's own goes before it. */
  readonly metadata?: Metadata;
  readonly tags?: readonly string[];
  /** Virtual IP address of the service, if it has one. */
  readonly address?: string;
  /** Ports that the service has even without an instance. */
  readonly ports?: readonly InstancePort[];
  /** All instances; none is a service that is there and has none. */
  readonly instances: readonly InstanceRecord[];
  /** The registry says that the service is outside of the mesh; goes before the mapping's rule. */
  readonly external?: boolean;
  /** Traffic goes to the address that a client asked for, not to one of the instances. */
  readonly passthrough?: boolean;
  /** When the service came to be, in seconds since the epoch, if the registry knows. */
  readonly createdAt?: number;
}
