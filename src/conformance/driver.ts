/** What the suite is given: a registry that can be changed and broken, and the adapter that reads it. */
import type { LastKnownKeeper } from '../registry/last-known.js';
import type { RegistryStatus, ServiceRegistry } from '../registry/registry.js';

/** An instance to register. What a registry has no word for is left out by its driver. */
export interface TestInstance {
  readonly service: string;
  readonly id: string;
  /** IPv4 address. */
  readonly address: string;
  readonly port: number;
  /** `healthy` when absent. */
  readonly health?: 'healthy' | 'degraded' | 'draining' | 'unhealthy';
  readonly weight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How the registry under test is opened. */
export interface OpenOptions {
  /** The registry's name; its cluster. */
  readonly name: string;
  /** Where last known values are kept, for registries that keep them; to be part of its safety rules. */
  readonly lastKnown?: LastKnownKeeper;
}

/**
 * A registry that runs, empty at first. Each method resolves once the registry itself has taken the change in; when the
 * adapter has is what the suite waits for. The optional ones are for what not every registry can do; checks that need
 * them are left out without.
 */
export interface RegistryUnderTest {
  /** The adapter, on this registry, with short times: it should notice a change within a second. */
  open(options: OpenOptions): ServiceRegistry;
  /** Registers instances; one of the same service and id is replaced. */
  register(instances: readonly TestInstance[]): Promise<void>;
  /** Takes an instance away; the last one of a service takes the service away where the registry does so. */
  deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): Promise<void>;
  /** Nothing can be read any more, and whoever is connected is cut off. */
  break?(): Promise<void>;
  /** The registry can be read again. What was registered meanwhile is there. */
  heal?(): Promise<void>;
  /** One service alone cannot be read, or can again. */
  breakService?(service: string): Promise<void>;
  healService?(service: string): Promise<void>;
  /** The credential that the adapter has is refused from now on; then another one is put where it reads it. */
  expireCredential?(): Promise<void>;
  renewCredential?(): Promise<void>;
  /** The registry begins to count its changes anew, as after the loss of its data; what is registered stays. */
  resetIndex?(): Promise<void>;
  /** What adapters asked of the registry since it runs that is not a read, one line each; not what the driver did. */
  writes?(): readonly string[];
  /** How many requests adapters made since it runs. */
  requests?(): number;
  stop(): Promise<void>;
}

/** What the suite is run with. */
export interface ConformanceDriver {
  /** What the adapter is called in the names of tests. */
  readonly name: string;
  /** Starts an empty registry. */
  start(): Promise<RegistryUnderTest>;
  /** The host that the adapter makes of a service's name. */
  hostOf(service: string): string;
  /** The namespace that services are in; `default` when absent. */
  readonly namespace?: string;
  /** What the registry can express beside addresses and ports; nothing when absent. */
  readonly expresses?: readonly Feature[];
  /** Checks that do not apply, by how their names begin, with why. */
  readonly leftOut?: Readonly<Record<string, string>>;
  /** The status of an adapter whose registry is down; `failed` when absent. */
  readonly brokenState?: RegistryStatus['state'];
  /** How many services the check with many of them registers; 5,000 when absent. */
  readonly manyServices?: number;
  /** Milliseconds that a change may take to be noticed; 10,000 when absent. */
  readonly patience?: number;
}

/** What not every registry has. */
export type Feature =
  /** Each of the four healths. */
  | 'health'
  | 'weight'
  | 'metadata'
  /** Names that are no DNS names. */
  | 'free-names'
  /** A service is there by its instances alone. */
  | 'services-by-instances';
