/** Filter chains among which Envoy can tell, for each connection, for which one it is. */
import { matchesAll, type ChainConditions } from './chain-match.js';

/**
 * The chains without what an earlier one takes: of two VirtualService matches for the same connections the first one
 * counts. Istio sends both, and Envoy refuses the whole listener. A chain that nothing is left for is left out.
 */
export function distinctChains<Chain extends ChainConditions>(chains: readonly Chain[]): readonly Chain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain) => {
    if (matchesAll(chain)) return [chain];
    const left = withoutTaken(chain, taken);
    if (left !== undefined) for (const connection of connections(left)) taken.add(connection);
    return left === undefined ? [] : [left];
  });
}

/** The chain itself if none of its connections are taken; else without the destinations or names that some are of. */
function withoutTaken<Chain extends ChainConditions>(
  chain: Chain,
  taken: ReadonlySet<string>,
): Chain | undefined {
  const isFree = (part: Partial<ChainConditions>): boolean =>
    connections({ ...chain, ...part }).every((connection) => !taken.has(connection));
  if (isFree({})) return chain;
  const destinations = chain.destinations.filter((destination) => isFree({ destinations: [destination] }));
  if (destinations.length > 0) return { ...chain, destinations };
  const serverNames = chain.serverNames.filter((name) => isFree({ serverNames: [name] }));
  return serverNames.length > 0 ? { ...chain, serverNames } : undefined;
}

/** Every combination of conditions, one of each kind. */
function connections({
  serverNames,
  destinations,
  applicationProtocols,
  transportProtocol,
}: ChainConditions): readonly string[] {
  return orAny(serverNames).flatMap((name) =>
    orAny(destinations).flatMap((destination) =>
      orAny(applicationProtocols).map((alpn) => `${transportProtocol} ${alpn} ${destination} ${name}`),
    ),
  );
}

const any: readonly string[] = ['*'];

function orAny(conditions: readonly string[]): readonly string[] {
  return conditions.length === 0 || conditions.includes('*') ? any : conditions;
}
