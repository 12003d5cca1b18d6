/** The rules that hash requests to endpoints, by the host that they are for (Istio reference 7.6). */
import type { TrafficPolicy } from '../../config/kinds/traffic-policy.js';
import type { DestinationRuleIndex, MergedDestinationRule, SidecarScope } from '../../mesh/snapshot.js';
import type { Labels } from '../../model/labels.js';
import { listFields, listOf } from '../list-fields.js';
import type { Memo } from '../memo.js';

/** Rules that hash requests; hosts of which no rule does are not in it. */
export type HashRules = ReadonlyMap<string, MergedDestinationRule>;

const none: HashRules = new Map();

interface HashRulesInput {
  readonly scope: Pick<SidecarScope, 'services'>;
  readonly destinationRules: Pick<DestinationRuleIndex, 'all' | 'forOutbound'>;
  readonly client: HashClient;
}

/** Who sends the requests. */
interface HashClient {
  readonly namespace: string;
  readonly labels: Labels;
}

/**
 * The rules for all that a proxy sees: the same map as long as it has the same rules, whatever else changed.
 *
 * @param client the same object for clients that are alike
 */
export function hashRules(
  scope: HashRulesInput['scope'],
  destinationRules: HashRulesInput['destinationRules'],
  client: HashClient,
  memo: Memo,
): HashRules {
  if (!anyHashes(destinationRules)) return none;
  const rules = memo.group('hash rules');
  const found = rules.compute(client.namespace, { scope, destinationRules, client }, findRules);
  return rules
    .group('same')
    .compute(client.namespace, listFields(found), (made) => new Map(pairs(listOf(made))));
}

type Found = string | MergedDestinationRule;

/** Hosts, each with its rule behind it. */
function findRules({ scope, destinationRules, client }: HashRulesInput): readonly Found[] {
  return scope.services.flatMap((service): readonly Found[] => {
    const rule = destinationRules.forOutbound(service, client.namespace, client.labels);
    return rule !== undefined && hashes(rule) ? [service.hostname, rule] : [];
  });
}

function* pairs(found: readonly Found[]): Generator<readonly [string, MergedDestinationRule]> {
  for (let at = 0; at < found.length; at += 2) {
    const [host, rule] = [found[at], found[at + 1]];
    if (typeof host === 'string' && typeof rule === 'object') yield [host, rule];
  }
}

const known = new WeakMap<object, boolean>();

function anyHashes(rules: HashRulesInput['destinationRules']): boolean {
  let any = known.get(rules);
  if (any === undefined) known.set(rules, (any = rules.all.some(({ spec }) => hashes(spec))));
  return any;
}

interface Policies {
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly { readonly trafficPolicy?: TrafficPolicy }[];
}

function hashes({ trafficPolicy, subsets }: Policies): boolean {
  return [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)].some(
    (policy) =>
      policy?.loadBalancer?.consistentHash !== undefined ||
      policy?.portLevelSettings?.some(({ loadBalancer }) => loadBalancer?.consistentHash !== undefined) ===
        true,
  );
}
