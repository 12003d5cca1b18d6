/** Which DestinationRule is in force for a service, and why not the others (Istio reference 4.5, 4.6). */
import type { ConfigObject } from '../config/object.js';
import { selectsClient } from '../mesh/destination-rule-index.js';
import type { MergedDestinationRule, ProxyContext, RulePlace } from '../mesh/snapshot.js';
import { hostSubsetOf, resolveShortName } from '../model/host.js';
import type { Service } from '../model/service.js';
import type { Reason, RuleExplanation, RuleInForce } from './explanation.js';
import { labelsText, listText, objectSource, objectText } from './source.js';

type RuleObject = ConfigObject<'DestinationRule'>;

const ownerTexts = {
  client: 'the proxy’s own namespace',
  service: 'the service’s namespace',
  root: 'the root namespace',
} as const;

/** Explains the rule that a proxy has for a service. */
export function explainRule(context: ProxyContext, service: Service): RuleExplanation {
  const { snapshot, proxy, labels } = context;
  const rule = snapshot.destinationRules.forOutbound(service, proxy.namespace, labels);
  const places = snapshot.destinationRules.places(service, proxy.namespace);
  const winner = places.find(({ exported }) => exported.length > 0);
  const candidates = snapshot.destinationRules.all
    .map((object) => ({ object, host: fullHost(context, object) }))
    .filter(({ object, host }) => hostSubsetOf(service.hostname, host) && !isInForce(rule, object));
  return {
    inForce: rule === undefined ? [] : rule.from.map((object) => inForce(rule, object)),
    ...(rule !== undefined && winner !== undefined && { why: whyInForce(context, rule, winner, service) }),
    leftOut: candidates.map(({ object, host }) => ({
      source: objectSource(object),
      host,
      reason: whyLeftOut(context, { object, host, rule, places, winner }),
    })),
  };
}

function isInForce(rule: MergedDestinationRule | undefined, object: RuleObject): boolean {
  return rule?.from.includes(object) === true;
}

/** What of an object counts in the rule that it is part of. */
function inForce(rule: MergedDestinationRule, object: RuleObject): RuleInForce {
  const { trafficPolicy, subsets } = object.spec;
  const counting = subsets.filter((subset) => rule.subsets.includes(subset)).map(({ name }) => name);
  const ignored = subsets.filter((subset) => !rule.subsets.includes(subset)).map(({ name }) => name);
  const hasPolicy = trafficPolicy !== undefined;
  const policyCounts = hasPolicy && rule.trafficPolicy === trafficPolicy;
  const gives = [
    ...(policyCounts ? ['its trafficPolicy'] : []),
    ...(counting.length > 0 ? [`subsets ${counting.join(', ')}`] : []),
  ];
  const losses = [
    ...(hasPolicy && !policyCounts ? ['its trafficPolicy is ignored, as an older rule has one'] : []),
    ...(ignored.length > 0
      ? [`its subsets ${ignored.join(', ')} are ignored, as an older rule has them`]
      : []),
  ];
  return {
    source: objectSource(object),
    host: rule.host,
    gives: [gives.length === 0 ? 'nothing' : gives.join(' and '), ...losses].join('; '),
  };
}

function whyInForce(
  { labels, proxy }: ProxyContext,
  rule: MergedDestinationRule,
  { owner, namespace }: RulePlace,
  service: Service,
): string {
  const host =
    rule.host === service.hostname
      ? 'it is for this very host'
      : `no rule there has a more specific host than ${rule.host}`;
  const selects =
    rule.workloadSelector !== undefined && selectsClient(rule, proxy.namespace, labels)
      ? `; it selects the proxy’s workload (${labelsText(rule.workloadSelector)})`
      : '';
  return `it is of ${ownerTexts[owner]} (${namespace}), the first that has one; ${host}${selects}`;
}

interface Loser {
  readonly object: RuleObject;
  readonly host: string;
  readonly rule: MergedDestinationRule | undefined;
  readonly places: readonly RulePlace[];
  readonly winner: RulePlace | undefined;
}

function whyLeftOut(context: ProxyContext, loser: Loser): Reason {
  const { object, places, winner } = loser;
  const containing = places.filter(({ found }) => found.some(({ from }) => from.includes(object)));
  const inWinner = containing.find((place) => place === winner);
  if (inWinner !== undefined && holds(inWinner.exported, object)) return whyNotChosen(context, loser);
  const exportedIn = containing.find(({ exported }) => holds(exported, object));
  if (exportedIn !== undefined && winner !== undefined) {
    return {
      code: 'rule-outranked',
      text: `${ownerTexts[winner.owner]} (${winner.namespace}) is asked before ${ownerTexts[exportedIn.owner]}, and has a rule`,
    };
  }
  if (containing.length > 0) return notExported(context, object);
  const { namespace } = object.metadata;
  const place = places.find((candidate) => candidate.namespace === namespace);
  if (place === undefined) {
    const asked = [...new Set(places.map((candidate) => candidate.namespace))];
    return {
      code: 'rule-other-namespace',
      text: `rules of the namespace ${namespace} are not looked at, only those of ${asked.join(', ')}`,
    };
  }
  const better = places.find(({ found, ...each }) => each.namespace === namespace && found.length > 0)
    ?.found[0];
  if (better === undefined || better.host === loser.host) return notExported(context, object);
  return {
    code: 'rule-less-specific',
    text: `its host ${loser.host} is less specific than ${better.host}, for which ${namespace} has a rule too`,
  };
}

function holds(rules: readonly MergedDestinationRule[], object: RuleObject): boolean {
  return rules.some(({ from }) => from.includes(object));
}

/** Among rules of one place and host. */
function whyNotChosen({ proxy, labels }: ProxyContext, { object, rule, winner }: Loser): Reason {
  const selector = object.spec.workloadSelector?.matchLabels;
  const [first] = rule?.from ?? [];
  const by = first === undefined ? '' : objectText(first);
  if (selector !== undefined) {
    const merged = winner?.exported.find(({ from }) => from.includes(object));
    if (merged !== undefined && selectsClient(merged, proxy.namespace, labels)) {
      return { code: 'rule-younger', text: `${by} selects the proxy’s workload too, and is older` };
    }
    const text =
      object.metadata.namespace === proxy.namespace
        ? `it is for workloads with ${labelsText(selector)}, which the proxy has not`
        : `it is for workloads of the namespace ${object.metadata.namespace} only`;
    return { code: 'rule-other-workload', text };
  }
  return rule?.workloadSelector === undefined
    ? {
        code: 'rule-separate',
        text: `it is exported otherwise than ${by}, so they are not merged, and the younger one counts`,
      }
    : { code: 'rule-general', text: `${by} is for the proxy’s workload, and this one for all` };
}

function notExported({ snapshot, proxy }: ProxyContext, object: RuleObject): Reason {
  const { exportTo, workloadSelector } = object.spec;
  const code = 'rule-not-exported';
  if (workloadSelector !== undefined) {
    return { code, text: `a rule with a workload selector is for its own namespace only` };
  }
  const declared =
    exportTo.length > 0
      ? `it is exported to ${listText(exportTo)}`
      : `it says nothing, and the mesh's defaultDestinationRuleExportTo is ${listText(snapshot.mesh.defaultDestinationRuleExportTo)}`;
  return { code, text: `${declared}, not to the namespace ${proxy.namespace}` };
}

function fullHost({ snapshot }: ProxyContext, { spec, metadata }: RuleObject): string {
  return resolveShortName(spec.host, metadata.namespace, snapshot.mesh.domainSuffix);
}
