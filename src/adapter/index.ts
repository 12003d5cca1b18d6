/**
 * `pilotlight/adapter`: what an author of an adapter imports. docs/adapters.md teaches it step by step. Everything else
 * of the package is internal.
 */
export { defineAdapter, type Adapter, type AdapterContext, type JsonSchema } from './adapter.js';
export { Backoff, type BackoffOptions } from '../base/backoff.js';
export {
  connect,
  connectionProperties,
  durationSchema,
  serversFromText,
  type Attempt,
  type Connection,
  type ConnectionOptions,
  type ConnectionSettings,
  type Target,
  type UseOptions,
} from './connection.js';
export { failureKindOf, kindOfStatus, RequestFailure, type FailureKind } from './failure.js';
export {
  jsonClient,
  type JsonAnswer,
  type JsonClient,
  type JsonClientOptions,
  type JsonRequest,
} from './json-client.js';
export { heartbeat, type Heartbeat, type HeartbeatOptions } from './heartbeat.js';
export { inParts } from './in-parts.js';
export { longPolling, type LongPollingOptions, type LongPollingReader } from './long-polling.js';
export type { LabelRules, MappingRules, Selection, Source, TextRule } from './mapping.js';
export { pause } from './pause.js';
export { periodic, type PeriodicOptions, type PeriodicReader } from './periodic.js';
export { polling, type Polled, type PollOptions, type PollPosition, type PollSource } from './poll.js';
export { registryOf, type RegistryOptions } from './registry-of.js';
export { SettingsRefused } from './settings.js';
export { RateLimit, type RateLimitOptions } from './rate-limit.js';
export type { ReadEvent } from './read-event.js';
export { NotAllowed, readOnly } from './read-only.js';
export {
  failed,
  snapshot,
  snapshotOf,
  unchanged,
  type Failed,
  type Reading,
  type RegistryReading,
  type ServiceReading,
  type Snapshot,
  type Unchanged,
} from './reading.js';
export type { InstanceHealth, InstancePort, InstanceRecord, Metadata, ServiceRecord } from './record.js';
export type { RereadingOptions } from './rereading.js';
export { type CredentialSource } from './secret.js';
export { streaming, type StreamEvent, type StreamingOptions, type StreamingReader } from './streaming.js';
export { type TlsMaterial, type TlsSettings } from './tls.js';
export { parseDuration } from '../settings/setting.js';
