/**
 * The ServiceEntry registry: ServiceEntries as services with the endpoints that they name, and WorkloadEntries as
 * workloads (Istio reference 3). Which workloads an entry selects, and how entries for one host merge, down to the
 * one endpoint that DNS_ROUND_ROBIN keeps for each port, is the store's work: that goes over all entries of a host
 * and over workloads of other registries.
 */
import type { Observable } from 'rxjs';
import { atOnce, type Pace } from '../../base/pace.js';
import type { ObjectSource } from '../../config/object.js';
import { watchObjects } from '../objects/watch.js';
import type { ServiceRegistry } from '../registry.js';
import type { Allocations } from './auto-allocation.js';
import { allocateAddresses } from './auto-allocation.js';
import type { ServiceEntryContext } from './context.js';
import type { Allocator } from './reducer.js';
import { ServiceEntryReducer } from './reducer.js';

export type { ServiceEntryContext } from './context.js';

/**
 * A registry of the entries that a source holds. A context that changes over time is given as an Observable of it;
 * nothing is said before it has a value. What is a lot to work out at once is said at `pace`.
 */
export function createServiceEntryRegistry(
  source: ObjectSource,
  context: ServiceEntryContext | Observable<ServiceEntryContext>,
  pace: Pace = atOnce,
): ServiceRegistry {
  const { cluster } = source;
  const allocator = createAllocator();
  return {
    provider: 'External',
    cluster,
    watch: () => watchObjects(source, context, () => new ServiceEntryReducer(cluster, allocator), pace),
  };
}

function createAllocator(): Allocator {
  let allocations: Allocations = new Map();
  return (entries) => (allocations = allocateAddresses(entries, allocations));
}
