/** Where the settings of a cluster are from (Istio reference 4.7, 5.4, 5.11). */
import { deepEqual } from '../base/compare.js';
import { defaultMeshConfig } from '../config/decode/mesh-config.js';
import type { Subset, TrafficPolicy } from '../config/kinds/traffic-policy.js';
import type { MeshConfig } from '../config/mesh-config.js';
import type { MergedDestinationRule } from '../mesh/snapshot.js';
import { isHttp } from '../model/protocol.js';
import { finalKind, type ClusterTarget } from '../translate/cluster/cluster-target.js';
import { isDnsKind } from '../translate/cluster/discovery.js';
import {
  effectiveLocalityLb,
  localityLbAction,
  type LocalityLbAction,
} from '../translate/endpoint/locality-lb/settings.js';
import type { Setting } from './explanation.js';
import { objectText } from './source.js';

type Block = Exclude<keyof TrafficPolicy, 'portLevelSettings'>;

const blocks: readonly Block[] = [
  'loadBalancer',
  'connectionPool',
  'outlierDetection',
  'tls',
  'tunnel',
  'proxyProtocol',
  'retryBudget',
];

/** The settings of a cluster that are not Istio's defaults. */
export function explainSettings(target: ClusterTarget): readonly Setting[] {
  return [...policySettings(target), ...meshSettings(target), ...serviceSettings(target)];
}

/** Settings of a rule that one would expect to be in force and that are not. */
export function explainNotes({ input, port, policy }: ClusterTarget): readonly string[] {
  const { rule } = input;
  const top = rule?.trafficPolicy;
  if (rule === undefined || top === undefined || settingsOfPort(top, port.port) === undefined) return [];
  const lost = blocks.filter((block) => top[block] !== undefined && policy?.[block] === undefined);
  return lost.length === 0
    ? []
    : [
        `${lost.join(', ')} of ${policyOwner(rule)} is not in force: its settings for port ${port.port} take the place of the whole trafficPolicy`,
      ];
}

/** Each block of a policy is the very object that gave it, so that object tells where it is from. */
export function originOf({ input, port, subset, policy }: ClusterTarget, block: Block): string {
  const { rule, mesh } = input;
  const value = policy?.[block];
  if (rule !== undefined && subset?.trafficPolicy !== undefined) {
    const by = `subset ${subset.name} of ${subsetOwner(rule, subset)}`;
    if (subset.trafficPolicy[block] === value) return by;
    const ofPort = settingsOfPort(subset.trafficPolicy, port.port);
    if (ofPort !== undefined && fieldOf(ofPort, block) === value)
      return `${by}, settings for port ${port.port}`;
  }
  const top = rule?.trafficPolicy;
  if (rule !== undefined && top !== undefined) {
    if (top[block] === value) return policyOwner(rule);
    const ofPort = settingsOfPort(top, port.port);
    if (ofPort !== undefined && fieldOf(ofPort, block) === value)
      return `${policyOwner(rule)}, settings for port ${port.port}`;
  }
  const byMesh = fieldOf(mesh.defaultTrafficPolicy ?? {}, block) === value;
  return byMesh ? 'mesh defaultTrafficPolicy' : 'several places';
}

function policySettings(target: ClusterTarget): readonly Setting[] {
  return blocks.flatMap((block) => {
    const value = target.policy?.[block];
    if (value === undefined) return [];
    const from = originOf(target, block);
    return leaves(block, value).map(([path, leaf]) => ({ path, value: leaf, from }));
  });
}

function settingsOfPort({ portLevelSettings }: TrafficPolicy, port: number): object | undefined {
  return portLevelSettings?.find((candidate) => candidate.port === port);
}

function fieldOf(object: object, key: string): unknown {
  return (object as Readonly<Record<string, unknown>>)[key];
}

function policyOwner(rule: MergedDestinationRule): string {
  const owner = rule.from.find(({ spec }) => spec.trafficPolicy === rule.trafficPolicy);
  return owner === undefined ? `DestinationRule ${rule.namespace}/${rule.name}` : objectText(owner);
}

function subsetOwner(rule: MergedDestinationRule, subset: Subset): string {
  const owner = rule.from.find(({ spec }) => spec.subsets.includes(subset));
  return owner === undefined ? `DestinationRule ${rule.namespace}/${rule.name}` : objectText(owner);
}

/** Fields that hold no further fields; lists count as one value. */
function leaves(path: string, value: unknown): readonly (readonly [path: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return fields.length === 0
    ? [[path, {}]]
    : fields.flatMap(([key, field]) => leaves(`${path}.${key}`, field));
}

const defaults = defaultMeshConfig();

/** What of the mesh configuration is not the default and shows in a cluster like this one. */
function meshSettings(target: ClusterTarget): readonly Setting[] {
  const { input, port, policy } = target;
  const { mesh } = input;
  const tcp = policy?.connectionPool?.tcp;
  const relevant: readonly (readonly [keyof MeshConfig, boolean])[] = [
    ['connectTimeout', tcp?.connectTimeout === undefined],
    ['tcpKeepalive', tcp?.tcpKeepalive === undefined],
    ['dnsRefreshRate', isDnsKind(target.kind)],
    ['h2UpgradePolicy', isHttp(port.protocol) && policy?.connectionPool?.http?.h2UpgradePolicy === undefined],
    ['outboundClusterStatName', finalKind(target) !== 'dynamic-forward-proxy'],
    ['tlsDefaults', policy?.tls?.mode === 'SIMPLE' || policy?.tls?.mode === 'MUTUAL'],
  ];
  return relevant.flatMap(([path, shows]) =>
    shows && !deepEqual(mesh[path], defaults[path])
      ? [{ path, value: mesh[path], from: 'mesh configuration' }]
      : [],
  );
}

function serviceSettings(target: ClusterTarget): readonly Setting[] {
  const { service, mesh } = target.input;
  const { attributes } = service;
  const settings: Setting[] = [];
  const from = `${attributes.provider === 'Kubernetes' ? 'Service' : 'ServiceEntry'} ${attributes.namespace}/${attributes.objectName}`;
  if (attributes.trafficDistribution !== undefined)
    settings.push({ path: 'trafficDistribution', value: attributes.trafficDistribution, from });
  if (attributes.nodeLocal === true) settings.push({ path: 'internalTrafficPolicy', value: 'Local', from });
  if (attributes.raceFirstTcpConnect === true)
    settings.push({ path: 'connect-strategy', value: 'RACE_FIRST_TCP_CONNECT', from });
  const lb = effectiveLocalityLb(target.policy?.loadBalancer, service, mesh);
  const action = localityLbAction(lb, target.policy?.outlierDetection !== undefined);
  if (action !== undefined)
    settings.push({ path: 'locality', value: actionText(action), from: localityFrom() });
  return settings;

  /** The setting is the very object that gave it. */
  function localityFrom(): string {
    if (lb !== undefined) {
      const { localityLbSetting, zoneAwareLbSetting } = target.policy?.loadBalancer ?? {};
      if (lb.setting === localityLbSetting || lb.setting === zoneAwareLbSetting)
        return originOf(target, 'loadBalancer');
      if (lb.setting === mesh.localityLbSetting)
        return 'mesh localityLbSetting, as there is outlier detection';
      if (lb.setting === mesh.zoneAwareLbSetting) return 'mesh zoneAwareLbSetting';
    }
    return from;
  }
}

function actionText(action: LocalityLbAction): string {
  if (action.kind === 'distribute') return 'shares of traffic by locality';
  const by = [
    ...(action.labels.length > 0 ? [`labels ${action.labels.join(', ')}`] : []),
    ...(action.regions !== undefined ? ['region, zone and subzone'] : []),
  ];
  return `${action.kind === 'failover' ? 'failover' : 'zone-aware failover'} by ${by.join(' and ')}`;
}
