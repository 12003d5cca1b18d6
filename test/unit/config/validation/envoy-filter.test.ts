import type {
  EnvoyFilter,
  EnvoyFilterPatch,
  ListenerMatch,
} from '../../../../src/config/kinds/envoy-filter.js';
import { describeRules } from './rules.js';

const patch: EnvoyFilterPatch = {
  applyTo: 'CLUSTER',
  patch: { operation: 'MERGE', value: { name: 'a' }, filterClass: 'UNSPECIFIED' },
};
const patches = (...changes: readonly Partial<EnvoyFilterPatch>[]): Partial<EnvoyFilter> => ({
  configPatches: changes.map((change) => ({ ...patch, ...change })),
});
const base: EnvoyFilter = { targetRefs: [], configPatches: [], priority: 0 };

const cluster = { portNumber: 0, service: '', subset: '', name: '' };
const routeConfiguration = { portNumber: 0, portName: '', gateway: '', name: '' };
const filter = (name: string, subFilter?: string): ListenerMatch => ({
  portNumber: 0,
  portName: '',
  name: '',
  listenerFilter: '',
  filterChain: {
    name: '',
    sni: '',
    transportProtocol: '',
    applicationProtocols: '',
    destinationPort: 0,
    filter: { name, ...(subFilter !== undefined && { subFilter: { name: subFilter } }) },
  },
});
const version = (proxyVersion: string): Partial<EnvoyFilter> =>
  patches({ match: { context: 'ANY', proxy: { proxyVersion, metadata: {} } } });
const connectionManager = 'envoy.filters.network.http_connection_manager';

describeRules('EnvoyFilter', base, [
  {
    rule: 'a selector has a wildcard',
    broken: { workloadSelector: { labels: { app: '*' } } },
    finds: ['error spec.workloadSelector.labels.app'],
    fine: { workloadSelector: { labels: { app: 'a' } } },
  },
  {
    rule: 'it is not said what is changed',
    broken: patches({ applyTo: 'INVALID' }),
    finds: ['error spec.configPatches[0].applyTo'],
    fine: patches({}),
  },
  {
    rule: 'it is not said how it is changed',
    broken: {
      configPatches: [
        { applyTo: 'CLUSTER' },
        { applyTo: 'CLUSTER', patch: { operation: 'INVALID', filterClass: 'UNSPECIFIED' } },
      ],
    },
    finds: ['error spec.configPatches[0].patch', 'error spec.configPatches[1].patch.operation'],
    fine: patches({}),
  },
  {
    rule: 'a value is missing',
    broken: patches({ patch: { operation: 'MERGE', filterClass: 'UNSPECIFIED' } }),
    finds: ['error spec.configPatches[0].patch.value'],
    fine: patches({ patch: { operation: 'REMOVE', filterClass: 'UNSPECIFIED' } }),
  },
  {
    rule: 'patches of waypoints are not looked at',
    broken: patches({ applyTo: 'INVALID' }),
    finds: ['error spec.configPatches[0].applyTo'],
    fine: patches({ applyTo: 'INVALID', match: { context: 'WAYPOINT' } }),
  },
  {
    rule: 'an expression for versions is none',
    broken: version('1.(30'),
    finds: ['error spec.configPatches[0].match.proxy.proxyVersion'],
    fine: version('^1\\.(30|31).*'),
  },
  {
    rule: 'an expression for versions is too long',
    broken: version('1'.repeat(1025)),
    finds: ['warning spec.configPatches[0].match.proxy.proxyVersion'],
    fine: version('1'.repeat(1024)),
  },
  {
    rule: 'a match is for something else',
    broken: patches(
      { match: { context: 'ANY', routeConfiguration } },
      { applyTo: 'HTTP_ROUTE', match: { context: 'ANY', cluster } },
      { applyTo: 'LISTENER', match: { context: 'ANY', cluster } },
    ),
    finds: [
      'error spec.configPatches[0].match.routeConfiguration',
      'error spec.configPatches[1].match.cluster',
      'error spec.configPatches[2].match.cluster',
    ],
    fine: patches({ match: { context: 'ANY', cluster } }),
  },
  {
    rule: 'a filter is matched for a whole listener',
    broken: patches({ applyTo: 'LISTENER', match: { context: 'ANY', listener: filter('a') } }),
    finds: ['warning spec.configPatches[0].match.listener.filterChain.filter'],
    fine: patches({ applyTo: 'NETWORK_FILTER', match: { context: 'ANY', listener: filter('a') } }),
  },
  {
    rule: 'a matched filter has no name',
    broken: patches({ applyTo: 'NETWORK_FILTER', match: { context: 'ANY', listener: filter('') } }),
    finds: ['error spec.configPatches[0].match.listener.filterChain.filter.name'],
    fine: patches({ applyTo: 'NETWORK_FILTER', match: { context: 'ANY', listener: filter('a') } }),
  },
  {
    rule: 'a filter for HTTP is matched where there is none',
    broken: patches(
      { applyTo: 'NETWORK_FILTER', match: { context: 'ANY', listener: filter(connectionManager, 'a') } },
      { applyTo: 'HTTP_FILTER', match: { context: 'ANY', listener: filter('tcp_proxy', 'a') } },
      { applyTo: 'HTTP_FILTER', match: { context: 'ANY', listener: filter(connectionManager, '') } },
    ),
    finds: [
      'error spec.configPatches[0].match.listener.filterChain.filter.subFilter',
      'error spec.configPatches[1].match.listener.filterChain.filter.name',
      'error spec.configPatches[2].match.listener.filterChain.filter.subFilter.name',
    ],
    fine: patches({
      applyTo: 'HTTP_FILTER',
      match: { context: 'ANY', listener: filter(connectionManager, 'a') },
    }),
  },
]);
