/** Destinations of routes and their weights (Istio reference 10.5). */
import type { Destination } from '../kinds/virtual-service.js';
import { type FindingSink } from './finding.js';
import { wildcardDomainProblem } from './host.js';
import { subsetNameProblem } from './labels.js';
import { portNumberProblem } from './port.js';

/** A destination with its share of the traffic. */
export interface WeightedDestination {
  readonly destination?: Destination;
  readonly weight?: number;
}

/** Checks where a route goes: a host, a subset's name and a port. */
export function validateDestination(destination: Destination, path: string, sink: FindingSink): void {
  if (destination.host === '*') sink.error(`${path}.host`, 'host "*" is not a destination; name one host');
  else sink.error(`${path}.host`, wildcardDomainProblem(destination.host));
  if (destination.subset !== undefined && destination.subset !== '') {
    sink.error(`${path}.subset`, subsetNameProblem(destination.subset));
  }
  if (destination.port !== undefined) {
    sink.error(`${path}.port.number`, portNumberProblem(destination.port.number));
  }
}

/** Checks the destinations of one route: each complete, no negative weight, and not all of several without one. */
export function validateDestinations(
  destinations: readonly WeightedDestination[],
  path: string,
  sink: FindingSink,
): void {
  for (const [index, { destination, weight = 0 }] of destinations.entries()) {
    const at = `${path}[${index}]`;
    if (destination === undefined) {
      sink.error(`${at}.destination`, 'destination is missing; a route needs one');
    } else {
      validateDestination(destination, `${at}.destination`, sink);
    }
    if (weight < 0) sink.error(`${at}.weight`, `weight ${weight} is negative; it must be 0 or more`);
  }
  const total = destinations.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (destinations.length > 1 && total === 0) {
    sink.error(
      path,
      `weights of ${destinations.length} destinations add up to 0; give at least one of them a weight`,
    );
  }
}
