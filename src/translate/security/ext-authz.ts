/** The action CUSTOM: rules that decide whether a provider of the mesh is asked, and the filter that asks it. */
import type {
  ExtAuthzHttpProvider,
  ExtAuthzProvider,
  ExtensionProvider,
} from '../../config/extension-provider.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import { ApiVersion } from '../../envoy/enums.js';
import { packAny } from '../../envoy/any.js';
import type { FilterShape, HttpFilterShape, StringMatcherShape } from '../../envoy/messages.js';
import {
  HttpExtAuthz,
  HttpStatusCode,
  NetworkExtAuthz,
  type HttpExtAuthzShape,
  type ListStringMatcherShape,
  type MetadataMatcherShape,
  type NetworkExtAuthzShape,
  type RbacShape,
} from '../../envoy/policy-messages.js';
import { duration, sortedMap } from '../../envoy/well-known.js';
import { clusterOf, type ProviderCluster, type ProviderClusters } from '../provider-clusters.js';
import type { TranslationProblem } from '../translation.js';
import { httpRbac, networkRbac } from './rbac-filters.js';
import { metadataMatcher } from './value-matchers.js';

const matchPrefix = 'istio-ext-authz';
const resultPrefix = 'istio_ext_authz_';

/** What the names of a provider's policies begin with. */
export function providerPrefix(provider: string): string {
  return `${matchPrefix}-${provider}-`;
}

/** The rules of one provider, for both kinds of chains. */
export interface CustomRules {
  readonly provider: string;
  /** How many providers the workload has. */
  readonly providers: number;
  readonly http: RbacShape;
  readonly tcp: RbacShape;
  /** `namespace/name` of the first policy, for people. */
  readonly subject: string;
}

/** What the filters of providers depend on, beside the rules. */
export interface ExtAuthzInput {
  readonly mesh: MeshConfig;
  readonly clusters: ProviderClusters;
}

/** The filters of one provider. */
export interface ExtAuthzFilters {
  readonly http: readonly HttpFilterShape[];
  readonly tcp: readonly FilterShape[];
  readonly problems: readonly TranslationProblem[];
}

/**
 * The filters that ask a provider where the rules match. What cannot be asked is denied; so is everything when a workload
 * has several providers, as Istiod asks one only.
 */
export function extAuthzFilters(rules: CustomRules, input: ExtAuthzInput): ExtAuthzFilters {
  if (rules.providers > 1)
    return denied(rules, 'several providers are named for one workload, of which none is asked');
  const asked = providerFilters(rules.provider, input);
  if (typeof asked === 'string') return denied(rules, asked);
  const result = (filter: string): MetadataMatcherShape =>
    metadataMatcher(filter, [`${resultPrefix}shadow_effective_policy_id`], {
      stringMatch: { prefix: `${matchPrefix}-${rules.provider}` },
    });
  const http = { ...asked.http, filterEnabledMetadata: result('envoy.filters.http.rbac') };
  const tcp = asked.tcp && { ...asked.tcp, filterEnabledMetadata: result('envoy.filters.network.rbac') };
  return {
    http: [
      httpRbac({ shadowRules: rules.http, shadowRulesStatPrefix: resultPrefix }),
      { name: 'envoy.filters.http.ext_authz', typedConfig: packAny(HttpExtAuthz, http) },
    ],
    tcp:
      tcp === undefined
        ? []
        : [
            networkRbac({ shadowRules: rules.tcp, shadowRulesStatPrefix: resultPrefix }),
            { name: 'envoy.filters.network.ext_authz', typedConfig: packAny(NetworkExtAuthz, tcp) },
          ],
    problems: [],
  };
}

function denied({ http, tcp, subject, provider }: CustomRules, reason: string): ExtAuthzFilters {
  return {
    http: [httpRbac({ rules: denying(http) })],
    tcp: [networkRbac({ rules: denying(tcp) })],
    problems: [
      {
        subject: `AuthorizationPolicy ${subject}`,
        message: `what it is for is denied, as the provider "${provider}" cannot be asked: ${reason}`,
      },
    ],
  };
}

function denying({ policies = {}, ...rules }: RbacShape): RbacShape {
  const renamed = Object.entries(policies).map(
    ([name, policy]) => [`${name}-deny-due-to-bad-CUSTOM-action`, policy] as const,
  );
  return { ...rules, policies: sortedMap(renamed) };
}

/** How a provider is asked; TCP is only over gRPC. */
interface Asked {
  readonly http: HttpExtAuthzShape;
  readonly tcp?: NetworkExtAuthzShape;
}

/** How a provider is asked, or why it cannot be. */
function providerFilters(name: string, { mesh, clusters }: ExtAuthzInput): Asked | string {
  const found = mesh.extensionProviders.find((provider) => provider.name === name && isExtAuthz(provider));
  const settings = found?.envoyExtAuthzHttp ?? found?.envoyExtAuthzGrpc;
  if (found === undefined || settings === undefined)
    return 'extensionProviders of the mesh have none of that name';
  const cluster = clusterOf(clusters, settings);
  const fault = nameFault(name) ?? settingsFault(settings) ?? httpFault(found.envoyExtAuthzHttp);
  if (fault !== undefined) return fault;
  if (cluster === undefined) return `no service, or more than one, is "${settings.service}"`;
  return found.envoyExtAuthzHttp === undefined
    ? overGrpc(settings, cluster)
    : overHttp(found.envoyExtAuthzHttp, cluster);
}

function isExtAuthz({ envoyExtAuthzHttp, envoyExtAuthzGrpc }: ExtensionProvider): boolean {
  return envoyExtAuthzHttp !== undefined || envoyExtAuthzGrpc !== undefined;
}

function nameFault(name: string): string | undefined {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
    ? undefined
    : 'its name is not one of at most 63 lower-case letters, digits and "-"';
}

const statuses: ReadonlySet<number> = new Set(Object.values(HttpStatusCode));

function settingsFault({ port, statusOnError }: ExtAuthzProvider): string | undefined {
  if (port < 1 || port > 65_535) return `its port ${port} is not in 1..65535`;
  if (statusOnError === '') return undefined;
  return /^[-+]?\d+$/.test(statusOnError) && statuses.has(Number(statusOnError))
    ? undefined
    : `its statusOnError "${statusOnError}" is no status`;
}

function httpFault(provider: ExtAuthzHttpProvider | undefined): string | undefined {
  if (provider === undefined) return undefined;
  if (provider.pathPrefix !== '' && !provider.pathPrefix.startsWith('/'))
    return `its pathPrefix "${provider.pathPrefix}" does not begin with "/"`;
  const lists = [
    provider.includeRequestHeadersInCheck,
    provider.includeHeadersInCheck,
    provider.headersToDownstreamOnDeny,
    provider.headersToDownstreamOnAllow,
    provider.headersToUpstreamOnAllow,
  ];
  return lists.some((headers) => headers.includes('*'))
    ? 'a lone "*" is no header; headers can be given by their beginning or end'
    : undefined;
}

/** What requests wait for an answer at most, in milliseconds. */
const defaultTimeout = 600_000;

function commonFields(provider: ExtAuthzProvider) {
  const { statusOnError, failOpen, includeRequestBodyInCheck: body } = provider;
  return {
    ...(statusOnError !== '' && { statusOnError: { code: statusCode(Number(statusOnError)) } }),
    failureModeAllow: failOpen,
    transportApiVersion: ApiVersion.V3,
    ...(body !== undefined && { withRequestBody: body }),
  };
}

function statusCode(number: number): HttpStatusCode {
  const known = Object.values(HttpStatusCode).find((code) => code === number);
  return known ?? HttpStatusCode.Empty;
}

function overHttp(provider: ExtAuthzHttpProvider, { hostname, cluster }: ProviderCluster): Asked {
  const allowedHeaders =
    headerList(provider.includeRequestHeadersInCheck) ?? headerList(provider.includeHeadersInCheck);
  return {
    http: {
      ...commonFields(provider),
      httpService: {
        pathPrefix: provider.pathPrefix,
        serverUri: {
          uri: `http://${hostname}`,
          cluster,
          timeout: duration(provider.timeout ?? defaultTimeout),
        },
        ...requestFields(provider),
        ...responseFields(provider),
      },
      ...(allowedHeaders !== undefined && { allowedHeaders }),
    },
  };
}

type HttpServiceFields = NonNullable<HttpExtAuthzShape['httpService']>;

function requestFields({
  includeAdditionalHeadersInCheck: headers,
}: ExtAuthzHttpProvider): Pick<HttpServiceFields, 'authorizationRequest'> {
  const headersToAdd = Object.entries(sortedMap(Object.entries(headers))).map(([key, value]) => ({
    key,
    value,
  }));
  return headersToAdd.length === 0 ? {} : { authorizationRequest: { headersToAdd } };
}

function responseFields(provider: ExtAuthzHttpProvider): Pick<HttpServiceFields, 'authorizationResponse'> {
  const allowedUpstreamHeaders = headerList(provider.headersToUpstreamOnAllow);
  const allowedClientHeaders = headerList(provider.headersToDownstreamOnDeny);
  const allowedClientHeadersOnSuccess = headerList(provider.headersToDownstreamOnAllow);
  const response = {
    ...(allowedUpstreamHeaders !== undefined && { allowedUpstreamHeaders }),
    ...(allowedClientHeaders !== undefined && { allowedClientHeaders }),
    ...(allowedClientHeadersOnSuccess !== undefined && { allowedClientHeadersOnSuccess }),
  };
  return Object.keys(response).length === 0 ? {} : { authorizationResponse: response };
}

function headerList(headers: readonly string[]): ListStringMatcherShape | undefined {
  return headers.length === 0 ? undefined : { patterns: headers.map(headerPattern) };
}

function headerPattern(header: string): StringMatcherShape {
  if (header.startsWith('*')) return { suffix: header.slice(1), ignoreCase: true };
  return header.endsWith('*')
    ? { prefix: header.slice(0, -1), ignoreCase: true }
    : { exact: header, ignoreCase: true };
}

function overGrpc(provider: ExtAuthzProvider, { hostname, cluster }: ProviderCluster): Asked {
  const grpcService = {
    envoyGrpc: { clusterName: cluster, authority: hostname },
    timeout: duration(provider.timeout ?? defaultTimeout),
  };
  return {
    http: { ...commonFields(provider), grpcService },
    tcp: {
      statPrefix: 'tcp.',
      failureModeAllow: provider.failOpen,
      transportApiVersion: ApiVersion.V3,
      grpcService,
    },
  };
}
