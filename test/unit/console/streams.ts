/** Connected streams for tests: plain values of what a stream shows of itself. */
import { typeUrls, type TypeName } from '../../../src/envoy/type-urls.js';
import type { StreamIdentity } from '../../../src/xds/observer.js';
import { done } from '../../../src/base/piecewise.js';
import type { ResourceClient } from '../../../src/xds/source.js';
import { syncState, type ConnectedStream, type TypeStatus } from '../../../src/xds/status.js';

/** The moment at which pages are made in tests, in milliseconds since the epoch. */
export const now = Date.parse('2026-03-01T12:00:00Z');

/** A type that was sent and accepted ten seconds ago, with what differs. */
export function typeStatus(
  type: TypeName,
  { names = [], ...given }: Partial<Omit<TypeStatus, 'names'>> & { readonly names?: Iterable<string> } = {},
): TypeStatus {
  const status = {
    wildcard: type === 'cds' || type === 'lds',
    names: new Set(names),
    resources: 3,
    nonceSent: '1-1',
    nonceAcked: '1-1',
    versionSent: 'v1',
    versionAcked: 'v1',
    sentAt: now - 10_000,
    ackedAt: now - 9500,
    nackedAt: undefined,
    lastError: undefined,
    ...given,
  };
  return { typeUrl: typeUrls[type], state: syncState(status), ...status };
}

export interface StreamGiven {
  readonly name?: string;
  readonly namespace?: string;
  readonly number?: number;
  readonly types?: readonly TypeStatus[];
  readonly description?: Readonly<Record<string, unknown>>;
  readonly stream?: Partial<ConnectedStream>;
}

/** A sidecar's stream that was opened a minute ago. */
export function connectedStream(given: StreamGiven = {}): ConnectedStream {
  const { namespace = 'shop', number = 1, types = [], description = {}, stream = {} } = given;
  const name = given.name ?? `web-${number}.${namespace}`;
  const nodeId = `sidecar~10.0.0.${number}~${name}~${namespace}.svc.cluster.local`;
  return {
    identity: identityOf(nodeId, number),
    client: clientOf(name, {
      nodeId,
      type: 'sidecar',
      dialect: 'istio',
      namespace,
      clusterId: 'Kubernetes',
      istioVersion: '1.31.0',
      ...description,
    }),
    variant: 'sotw',
    onlyType: undefined,
    connectedAt: now - 60_000,
    status: () => [...types],
    ...stream,
  };
}

export function identityOf(nodeId: string, number: number): StreamIdentity {
  return {
    connectionId: `${nodeId}-${number}`,
    nodeId,
    peer: `127.0.0.1:${40_000 + number}`,
    variant: 'sotw',
  };
}

function clientOf(label: string, description: Readonly<Record<string, unknown>>): ResourceClient {
  return {
    label,
    description,
    serves: () => true,
    isWildcardType: () => false,
    resources: () => done({ version: '', resources: [] }),
  };
}
