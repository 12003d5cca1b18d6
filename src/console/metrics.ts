/** What the server counts and measures, as /metrics shows it (Istio reference 8.12). The metrics are in metric-table.ts. */
import { status } from '@grpc/grpc-js';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { istioVersion, packageVersion } from '../base/version.js';
import { typeNameOf } from '../envoy/type-urls.js';
import type { Snapshot } from '../mesh/snapshot.js';
import { shardKey, type RegistryStatus } from '../registry/registry.js';
import type { RegistryView } from '../registry/view.js';
import type { ChangeReport, NackReport, PushReport, StreamIdentity, XdsObserver } from '../xds/observer.js';
import { BoundedLabels, otherLabel } from './bounded-labels.js';
import { exposition, metricSet, type Counter } from './metric-set.js';
import { metricTable } from './metric-table.js';
import { reasonLabel, triggersOf, updateType } from './push-reasons.js';
import { Rejects } from './rejects.js';

/** How one cache has done since the start. */
export interface CacheReport {
  readonly name: string;
  /** Look-ups that found what was made before, and those after which it was made. */
  readonly hits: number;
  readonly misses: number;
  /** Results that are kept at present. */
  readonly entries: number;
}

/** How often each of several things has happened since the start. */
type Counts = Readonly<Record<string, number>>;

/** What is looked at whenever metrics are asked for. */
export interface MetricSources {
  caches(): Iterable<CacheReport>;
  registries(): Iterable<RegistryView>;
  /** Hosts that several registries have. */
  conflicts(): Iterable<{ readonly policy: string }>;
  /** Whether addresses of ServiceEntries are written by this process, and what became of each write; if any does. */
  addressWrites(): { readonly leading: boolean; readonly counts: Counts } | undefined;
  /** What became of proxies that name a WorkloadGroup, by outcome. */
  registrations(): Counts;
  /** What became of fetches of keys for tokens, by outcome. */
  jwksFetches(): Counts;
  /** How many documents and objects are refused at present. */
  refused(): number;
}

/** Istio versions of clients that have a series of their own. */
const mostVersions = 20;

const registryStates: readonly RegistryStatus['state'][] = ['connecting', 'healthy', 'degraded', 'failed'];

interface OpenStream {
  readonly version: string;
  /** How many responses were handed to the transport and not taken over yet, by type. */
  readonly unsent: Map<string, number>;
}

/**
 * Milliseconds between two looks at the event loop's delay. Every look wakes the process: at prom-client's ten, that is
 * most of what an idle server does.
 */
const eventLoopMonitoringPrecision = 100;

/** The metrics of one server; an observer of its streams. Nothing that a client says makes more than a few series. */
export class PilotMetrics implements XdsObserver {
  readonly #registry = new Registry();
  readonly #metrics = metricSet(metricTable);
  readonly #sources: Partial<MetricSources>;
  readonly #versions = new BoundedLabels(mostVersions);
  readonly #streams = new Map<string, OpenStream>();
  readonly #rejects = new Rejects({
    cds: this.#metrics.cdsReject,
    eds: this.#metrics.edsReject,
    lds: this.#metrics.ldsReject,
    rds: this.#metrics.rdsReject,
  });
  readonly #startedAt = performance.now();
  #largestRequest = 0;

  constructor(sources: Partial<MetricSources> = {}) {
    this.#sources = sources;
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision });
    this.#metrics.istioInfo.set(1, istioVersion.line);
    this.#metrics.info.set(1, packageVersion(), process.version);
  }

  /** All metrics in Prometheus' text form. */
  async expose(): Promise<{ text: string; type: string }> {
    this.#metrics.uptime.set((performance.now() - this.#startedAt) / 1000);
    this.#setCaches([...(this.#sources.caches?.() ?? [])]);
    this.#setRegistries(this.#sources.registries?.() ?? []);
    this.#setConflicts(this.#sources.conflicts?.() ?? []);
    this.#setAddressWrites(this.#sources.addressWrites?.());
    setOutcomes(this.#metrics.registrations, this.#sources.registrations?.());
    setOutcomes(this.#metrics.jwksFetches, this.#sources.jwksFetches?.());
    this.#metrics.rejectedConfigs.set(this.#sources.refused?.() ?? 0);
    return {
      text: `${exposition(this.#metrics)}\n${await this.#registry.metrics()}`,
      type: this.#registry.contentType,
    };
  }

  /** A registry or a source of configuration said something; `what` as in `MeshChange`. */
  changeArrived({ what }: { readonly what: string }): void {
    const type = updateType(what);
    if (type !== undefined) this.#metrics.inboundUpdates.inc(1, type);
  }

  /** A snapshot was put together. */
  snapshotBuilt(snapshot: Snapshot, seconds: number): void {
    this.#metrics.services.set(snapshot.services.all.length);
    this.#metrics.virtualServices.set(snapshot.virtualServices.all.length);
    this.#metrics.snapshotTime.observe(seconds);
  }

  /** A push began so many seconds after the first of the changes that it waited to gather. */
  debounced(seconds: number): void {
    this.#metrics.debounceTime.observe(seconds);
  }

  received(bytes: number): void {
    if (bytes <= this.#largestRequest) return;
    this.#largestRequest = bytes;
    this.#metrics.largestRequest.set(bytes);
  }

  connected({ connectionId, variant }: StreamIdentity, description: Readonly<Record<string, unknown>>): void {
    const said = description['istioVersion'];
    const version = this.#versions.take(typeof said === 'string' && said !== '' ? said : 'unknown');
    this.#streams.set(connectionId, { version, unsent: new Map() });
    this.#metrics.streams.add(1, version);
    this.#metrics.variants.add(1, variant);
  }

  disconnected(stream: StreamIdentity, error: Error | undefined): void {
    this.#metrics.disconnects.inc(1, error === undefined ? 'client' : 'error');
    this.#metrics.variants.add(-1, stream.variant);
    this.#rejects.disconnected(stream);
    this.#countInternal(error);
    const open = this.#streams.get(stream.connectionId);
    if (open === undefined) return;
    this.#streams.delete(stream.connectionId);
    this.#metrics.streams.add(-1, open.version);
    if (this.#versions.release(open.version)) this.#metrics.streams.remove(open.version);
    if (error === undefined) return;
    for (const [type, count] of open.unsent)
      if (count > 0) this.#metrics.pushes.inc(count, `${type}_senderr`);
  }

  refused(_peer: string, error: Error): void {
    this.#metrics.refusedStreams.inc(1);
    this.#countInternal(error);
  }

  pushed({ connectionId }: StreamIdentity, report: PushReport): void {
    const { typeUrl, bytes, resources, reason, queueMs, makeMs } = report;
    const type = typeLabel(typeUrl);
    this.#metrics.pushes.inc(1, type);
    this.#metrics.bytes.inc(bytes, type);
    this.#metrics.resources.inc(resources, type);
    this.#metrics.responseSize.observe(bytes, type === otherLabel ? otherLabel : typeUrl);
    this.#metrics.pushTime.observe(makeMs / 1000, type);
    this.#metrics.finePushTime.observe(makeMs / 1000, type);
    if (reason !== 'request') {
      this.#metrics.queueTime.observe(queueMs / 1000);
      this.#metrics.fineQueueTime.observe(queueMs / 1000);
    }
    const unsent = this.#streams.get(connectionId)?.unsent;
    unsent?.set(type, (unsent.get(type) ?? 0) + 1);
  }

  sent({ connectionId }: StreamIdentity, typeUrl: string, ms: number): void {
    this.#metrics.sendTime.observe(ms / 1000);
    const unsent = this.#streams.get(connectionId)?.unsent;
    const type = typeLabel(typeUrl);
    const count = unsent?.get(type) ?? 0;
    if (count > 0) unsent?.set(type, count - 1);
  }

  sendTimedOut(): void {
    this.#metrics.writeTimeouts.inc(1);
  }

  acked(stream: StreamIdentity, typeUrl: string): void {
    this.#metrics.acks.inc(1, typeLabel(typeUrl));
    this.#rejects.accepted(stream, typeUrl);
  }

  nacked(stream: StreamIdentity, report: NackReport): void {
    this.#metrics.rejects.inc(1, typeLabel(report.typeUrl));
    this.#rejects.refused(stream, report);
  }

  changePushed({ reason, ms }: ChangeReport): void {
    for (const type of triggersOf(reason)) this.#metrics.triggers.inc(1, type);
    this.#metrics.convergenceTime.observe(ms / 1000);
    this.#metrics.changePushed.observe(ms / 1000, reasonLabel(reason));
  }

  converged(reason: string, ms: number): void {
    this.#metrics.changeConverged.observe(ms / 1000, reasonLabel(reason));
  }

  staleNonce(_stream: StreamIdentity, typeUrl: string): void {
    this.#metrics.expiredNonces.inc(1, typeLabel(typeUrl));
  }

  unsupportedType(_stream: StreamIdentity, typeUrl: string): void {
    this.#metrics.unsupportedTypes.inc(1, typeLabel(typeUrl));
  }

  #countInternal(error: Error | undefined): void {
    if (error !== undefined && 'code' in error && error.code === status.INTERNAL)
      this.#metrics.internalErrors.inc(1);
  }

  #setCaches(caches: readonly CacheReport[]): void {
    const { cacheHits, cacheMisses, cacheEntries, cacheReads, cacheSize } = this.#metrics;
    for (const metric of [cacheHits, cacheMisses, cacheEntries, cacheReads]) metric.clear();
    cacheSize.set(caches.reduce((sum, { entries }) => sum + entries, 0));
    for (const { name: cache, hits, misses, entries } of caches) {
      cacheHits.inc(hits, cache);
      cacheMisses.inc(misses, cache);
      cacheEntries.set(entries, cache);
      cacheReads.inc(hits, 'hit');
      cacheReads.inc(misses, 'miss');
    }
  }

  #setRegistries(views: Iterable<RegistryView>): void {
    const { registryState, registrySynced, registryServices, registryEndpoints, registryQuarantined } =
      this.#metrics;
    const { registryStale, registryHeld, registryRemovals } = this.#metrics;
    for (const metric of [
      registryState,
      registrySynced,
      registryServices,
      registryEndpoints,
      registryQuarantined,
      registryStale,
      registryHeld,
      registryRemovals,
    ])
      metric.clear();
    for (const view of views) {
      const registry = shardKey(view);
      for (const state of registryStates)
        registryState.set(view.status.state === state ? 1 : 0, registry, state);
      registrySynced.set(view.synced ? 1 : 0, registry);
      registryServices.set(view.services.size, registry);
      registryEndpoints.set(endpointCount(view), registry);
      registryQuarantined.set(view.quarantined.length, registry);
      registryStale.set(view.safety.stale.size, registry);
      registryHeld.set(
        view.safety.held.reduce((sum, { endpoints }) => sum + endpoints, 0),
        registry,
      );
      for (const [outcome, count] of Object.entries(view.safety.counts))
        registryRemovals.inc(count, registry, outcome);
    }
  }

  #setAddressWrites(writes: ReturnType<MetricSources['addressWrites']>): void {
    const { addressLeader, addressWrites } = this.#metrics;
    addressLeader.set(writes?.leading === true ? 1 : 0);
    setOutcomes(addressWrites, writes?.counts);
  }

  #setConflicts(conflicts: Iterable<{ readonly policy: string }>): void {
    const { registryConflicts } = this.#metrics;
    const counts = new Map<string, number>();
    for (const { policy } of conflicts) counts.set(policy, (counts.get(policy) ?? 0) + 1);
    registryConflicts.clear();
    for (const [policy, count] of counts) registryConflicts.set(count, policy);
  }
}

/** Of a counter whose source counts by itself. */
function setOutcomes(metric: Counter<readonly ['outcome']>, counts: Counts = {}): void {
  metric.clear();
  for (const [outcome, count] of Object.entries(counts)) metric.inc(count, outcome);
}

function endpointCount({ endpoints }: RegistryView): number {
  let count = 0;
  for (const group of endpoints.values()) count += group.endpoints.length;
  return count;
}

/** Short names for the types that there are; a client's own inventions share one label. */
function typeLabel(typeUrl: string): string {
  return typeNameOf(typeUrl) ?? otherLabel;
}
