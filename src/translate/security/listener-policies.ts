/** What policies add to the listeners of a proxy (Istio reference 7.4). */
import type { FilterShape, HttpFilterShape } from '../../envoy/messages.js';
import type { PolicyWorkload } from '../../mesh/policy-target.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { providerClusters } from '../provider-clusters.js';
import type { TranslationProblem } from '../translation.js';
import { authorizationFilters } from './authorization-filters.js';
import { jwtFilter, unfetchedProblems } from './jwt-filter.js';

/** The filters of policies. */
export interface PolicyFilters {
  /** Custom authorization, authentication of requests, authorization. */
  readonly httpFilters: readonly HttpFilterShape[];
  /** Custom authorization, authorization. */
  readonly networkFilters: readonly FilterShape[];
  readonly problems: readonly TranslationProblem[];
}

const none: PolicyFilters = { httpFilters: [], networkFilters: [], problems: [] };

/** What of a proxy decides which policies are for it. */
export function policyWorkload({ proxy, labels }: ProxyContext): PolicyWorkload {
  return { namespace: proxy.namespace, labels, waypoint: proxy.type === 'waypoint' };
}

/** The filters of inbound listeners and gateways; the same object as long as they are the same. */
export function listenerPolicies(context: ProxyContext, memo: Memo): PolicyFilters {
  const { snapshot, proxy } = context;
  const workload = policyWorkload(context);
  const authorizations = snapshot.authorizationPolicies.forWorkload(workload);
  const authentications = snapshot.requestAuthentications.forWorkload(workload);
  if (authorizations.length === 0 && authentications.length === 0) return none;
  const asksProviders = authorizations.some(({ spec }) => spec.action === 'CUSTOM');
  const input = {
    mesh: snapshot.mesh,
    authorizations,
    authentications,
    clusters: asksProviders ? providerClusters(snapshot, memo) : noClusters,
    clearRouteCache: proxy.type !== 'sidecar',
  };
  return memo.group('listener policies').compute('', input, policyFilters);
}

const noClusters = Object.freeze({});

interface PolicyInput {
  readonly mesh: Parameters<typeof authorizationFilters>[0]['mesh'];
  readonly authorizations: Parameters<typeof authorizationFilters>[0]['policies'];
  readonly authentications: Parameters<typeof jwtFilter>[0]['policies'];
  readonly clusters: Parameters<typeof authorizationFilters>[0]['clusters'];
  readonly clearRouteCache: boolean;
}

function policyFilters({
  mesh,
  authorizations,
  authentications,
  clusters,
  clearRouteCache,
}: PolicyInput): PolicyFilters {
  const { customHttp, customTcp, http, tcp, problems } = authorizationFilters({
    policies: authorizations,
    mesh,
    clusters,
  });
  const tokens = { policies: authentications, clearRouteCache };
  const jwt = jwtFilter(tokens);
  return {
    httpFilters: [...customHttp, ...(jwt === undefined ? [] : [jwt]), ...http],
    networkFilters: [...customTcp, ...tcp],
    problems: [...problems, ...unfetchedProblems(tokens)],
  };
}
