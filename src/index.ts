/**
 * What embedders and authors of registries import from `pilotlight`. Everything else is internal and may change with
 * any release.
 */
export { startPilot, type Pilot, type PilotOptions } from './app.js';
export { PilotError, type ErrorCode } from './base/errors.js';
export { silentLogger, type LogFields, type Logger } from './base/logger.js';
export { istioVersion } from './base/version.js';
export type { ClusterEntry } from './clusters/entry.js';
export type { KubernetesOptions } from './clusters/live-clusters.js';
export { bootstrap, type BootstrapOptions, type StaticListener } from './bootstrap/bootstrap.js';
export { readMeshDirectory } from './config/mesh-directory/read.js';
export type { MeshDirectoryState, ProxyDescription } from './config/mesh-directory/state.js';
export type { Problem, Severity } from './config/object.js';
export type { NodeDescription } from './mesh/node.js';
export type { Endpoint, HealthStatus } from './model/endpoint.js';
export type { Labels } from './model/labels.js';
export type { NetworkGateway } from './model/network.js';
export { parseProtocol, type Protocol } from './model/protocol.js';
export type {
  Provenance,
  Provider,
  Resolution,
  Service,
  ServiceAttributes,
  ServicePort,
  TrafficDistribution,
} from './model/service.js';
export type { Workload } from './model/workload.js';
export { answerTypes, OfflineSource, snapshotOf, type AnswerType, type ProxyAnswer } from './offline.js';
export { MemoryRegistry } from './registry/memory/memory-registry.js';
export type { MergePolicy, MergeRule } from './registry/merge-rules.js';
export type { RegistryEvent, RegistryStatus, ServiceRegistry } from './registry/registry.js';
export type { GuardRules, SafetyRules } from './registry/safety.js';
export type { Address } from './settings/setting.js';
