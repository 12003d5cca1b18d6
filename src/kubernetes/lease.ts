/**
 * Leases (coordination.k8s.io/v1), by which several processes agree on the one that acts. What a Lease says and when it
 * may be taken is as in client-go. Two machines' clocks are never compared: a Lease has ended when it was not seen to
 * change for as long as it says that it lasts, by one's own clock.
 */
import type { ApiClient } from './api-client.js';
import { ApiError } from './api-error.js';

/** The `spec` of a Lease. Other fields that it may have are kept. */
export interface LeaseSpec {
  /** Who has it; absent or empty when nobody does. */
  readonly holderIdentity?: string;
  /** How long it lasts after it was renewed. */
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. For people: nobody counts on another machine's clock. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** How often it went from one holder to another. */
  readonly leaseTransitions?: number;
}

export interface Lease {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec: LeaseSpec;
}

/** Where a Lease is kept. Every method ends with an error when its signal is aborted. */
export interface LeaseStore {
  /** The Lease's `namespace/name`, for people. */
  readonly name: string;
  /** The Lease as it is; undefined when there is none. */
  get(signal: AbortSignal): Promise<Lease | undefined>;
  /** @throws ApiError 409 when there is one meanwhile. */
  create(spec: LeaseSpec, signal: AbortSignal): Promise<Lease>;
  /** Gives a Lease another spec. @throws ApiError 409 when it is not what it was any more. */
  update(lease: Lease, spec: LeaseSpec, signal: AbortSignal): Promise<Lease>;
}

/** A Lease of a cluster. */
export function apiLeaseStore(client: ApiClient, namespace: string, name: string): LeaseStore {
  const apiVersion = 'coordination.k8s.io/v1';
  const collection = `/apis/${apiVersion}/namespaces/${namespace}/leases`;
  const object = (metadata: Lease['metadata'], spec: LeaseSpec): unknown => ({
    apiVersion,
    kind: 'Lease',
    metadata,
    spec,
  });
  return {
    name: `${namespace}/${name}`,
    get: async (signal) => {
      try {
        return (await client.json({ path: `${collection}/${name}`, signal })) as Lease;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    create: async (spec, signal) =>
      (await client.json({
        method: 'POST',
        path: collection,
        body: object({ name, namespace }, spec),
        signal,
      })) as Lease,
    update: async (lease, spec, signal) =>
      (await client.json({
        method: 'PUT',
        path: `${collection}/${name}`,
        body: object(lease.metadata, spec),
        signal,
      })) as Lease,
  };
}

/** A Lease as one process knows it. */
export interface LeaseView {
  readonly lease: Lease;
  /** Since when it has said what it says, as far as was seen, in milliseconds of one's own clock. */
  readonly since: number;
}

/** Takes in what a Lease says now. @param now milliseconds of one's own clock. */
export function seenLease(before: LeaseView | undefined, lease: Lease, now: number): LeaseView {
  const same = before !== undefined && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
  return { lease, since: same ? before.since : now };
}

/** Whether somebody has a Lease; empty when nobody does. */
export function holderOf({ spec }: Lease): string {
  return spec.holderIdentity ?? '';
}

/** Whether a Lease may be taken or renewed: it is one's own, nobody's, or was not renewed for as long as it lasts. */
export function mayClaim({ lease, since }: LeaseView, identity: string, now: number): boolean {
  const holder = holderOf(lease);
  return holder === '' || holder === identity || now >= since + durationOf(lease);
}

/** Milliseconds that a Lease lasts. */
export function durationOf({ spec }: Lease): number {
  return (spec.leaseDurationSeconds ?? 0) * 1000;
}

/**
 * What a Lease says when it is taken or renewed.
 *
 * @param before what it said; undefined when there was none.
 * @param duration milliseconds, a whole number of seconds.
 * @param time milliseconds since the epoch.
 */
export function claimedSpec(
  before: LeaseSpec | undefined,
  identity: string,
  duration: number,
  time: number,
): LeaseSpec {
  const isOwn = before !== undefined && before.holderIdentity === identity;
  const renewTime = microTime(time);
  return {
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: Math.round(duration / 1000),
    acquireTime: (isOwn ? before.acquireTime : undefined) ?? renewTime,
    renewTime,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (isOwn || before === undefined ? 0 : 1),
  };
}

/** What a Lease says when its holder gives it up: that it is nobody's. @param time milliseconds since the epoch. */
export function releasedSpec(before: LeaseSpec, time: number): LeaseSpec {
  const { holderIdentity: _, ...rest } = before;
  const now = microTime(time);
  return { ...rest, leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
}

/** A time as Kubernetes' MicroTime. @param time milliseconds since the epoch, with a fraction. */
export function microTime(time: number): string {
  const whole = Math.floor(time);
  const micros = Math.floor((time - whole) * 1000);
  return new Date(whole).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}
