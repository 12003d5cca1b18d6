/** Metrics with Istio's names where Istio has them (Istio reference 8.12). */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { typeNameOf } from '../envoy/type-urls.js';
import type { Snapshot } from '../mesh/snapshot.js';
import type { NackReport, PushReport, StreamIdentity, XdsObserver } from '../xds/observer.js';

/** The metrics of one server; an observer of its streams. */
export class PilotMetrics implements XdsObserver {
  readonly #registry = new Registry();
  readonly #connections = this.#gauge('pilot_xds', 'Connected xDS streams.');
  readonly #pushes = this.#counter('pilot_xds_pushes', 'Responses sent, by type.', ['type']);
  readonly #bytes = this.#counter('pilotlight_xds_bytes', 'Bytes of responses sent, by type.', ['type']);
  readonly #acks = this.#counter('pilotlight_xds_acks', 'Responses that clients accepted, by type.', [
    'type',
  ]);
  readonly #rejects = this.#counter('pilot_total_xds_rejects', 'Responses that clients refused, by type.', [
    'type',
  ]);
  readonly #expiredNonces = this.#counter(
    'pilot_xds_expired_nonce',
    'Requests that named an old response, by type.',
    ['type'],
  );
  readonly #unsupported = this.#counter(
    'pilotlight_xds_unsupported_types',
    'Streams that asked for a type that is not served.',
    ['type'],
  );
  readonly #refused = this.#counter(
    'pilotlight_xds_refused_streams',
    'Streams that were refused at their first request.',
    [],
  );
  readonly #triggers = this.#counter('pilot_push_triggers', 'Pushes, by reason.', ['type']);
  readonly #services = this.#gauge('pilot_services', 'Services known.');
  readonly #virtualServices = this.#gauge('pilot_virt_services', 'VirtualServices known.');
  readonly #rejectedConfigs = this.#gauge(
    'pilot_total_rejected_configs',
    'Documents that are refused at present.',
  );
  readonly #snapshotTime = this.#histogram(
    'pilot_pushcontext_init_seconds',
    'Time to put a snapshot together.',
  );

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** All metrics in Prometheus' text form. */
  async expose(): Promise<{ text: string; type: string }> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType };
  }

  /** A snapshot was put together. */
  snapshotBuilt(snapshot: Snapshot, seconds: number, reason: string): void {
    this.#services.set(snapshot.services.all.length);
    this.#virtualServices.set(snapshot.virtualServices.all.length);
    this.#snapshotTime.observe(seconds);
    this.#triggers.inc({ type: reason });
  }

  /** How many documents are refused now. */
  documentsRefused(count: number): void {
    this.#rejectedConfigs.set(count);
  }

  connected(): void {
    this.#connections.inc();
  }

  disconnected(): void {
    this.#connections.dec();
  }

  refused(): void {
    this.#refused.inc();
  }

  pushed(_stream: StreamIdentity, { typeUrl, bytes }: PushReport): void {
    const type = typeLabel(typeUrl);
    this.#pushes.inc({ type });
    this.#bytes.inc({ type }, bytes);
  }

  acked(_stream: StreamIdentity, typeUrl: string): void {
    this.#acks.inc({ type: typeLabel(typeUrl) });
  }

  nacked(_stream: StreamIdentity, { typeUrl }: NackReport): void {
    this.#rejects.inc({ type: typeLabel(typeUrl) });
  }

  staleNonce(_stream: StreamIdentity, typeUrl: string): void {
    this.#expiredNonces.inc({ type: typeLabel(typeUrl) });
  }

  unsupportedType(_stream: StreamIdentity, typeUrl: string): void {
    this.#unsupported.inc({ type: typeLabel(typeUrl) });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] });
  }

  #counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string): Histogram {
    const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
    return new Histogram({ name, help, buckets, registers: [this.#registry] });
  }
}

/** Short names for the types that there are; a client's own inventions share one label, so that they cannot fill memory. */
function typeLabel(typeUrl: string): string {
  return typeNameOf(typeUrl) ?? 'other';
}
