/**
 * Asks an Istiod for its version. It says it in answer to `istio.io/debug/syncz` only, and only to those whom it
 * has authenticated (Istio reference 8.8), so not knowing is usual and no failure.
 */
import { isRecord } from '../../base/is-record.js';
import type { Client, Metadata } from '@grpc/grpc-js';
import {
  DiscoveryRequest,
  DiscoveryResponse,
  type DiscoveryRequestShape,
  type DiscoveryResponseMessage,
  type NodeShape,
} from '../../envoy/messages.js';
import { typeUrls } from '../../envoy/type-urls.js';
import { aggregatedDiscoveryService } from '../../xds/service.js';

/** A question on a stream of its own, which may be refused without harm to others. */
export interface VersionQuestion {
  /** The version, or undefined where the server does not say; never rejects. */
  readonly version: Promise<string | undefined>;
  cancel(): void;
}

/** Asks. A server that does not know the type may leave the question open until it is cancelled. */
export function askIstioVersion(client: Client, metadata: Metadata, node: NodeShape): VersionQuestion {
  const stream = client.makeBidiStreamRequest(
    aggregatedDiscoveryService.StreamAggregatedResources.path,
    (request: DiscoveryRequestShape) => DiscoveryRequest.encode(request),
    (bytes: Buffer) => DiscoveryResponse.decode(bytes),
    metadata,
  );
  const version = new Promise<string | undefined>((resolve) => {
    stream.on('data', (response: DiscoveryResponseMessage) => {
      resolve(versionIn(response.controlPlane?.identifier ?? ''));
    });
    stream.on('error', () => resolve(undefined)); // refused: it does not say
    stream.on('end', () => resolve(undefined));
  });
  stream.write({ typeUrl: typeUrls['debug-syncz'], node });
  return { version, cancel: () => stream.cancel() };
}

/** Istiod's identifier is JSON: `{"Component": "istiod", "ID": …, "Info": {"version": "1.31.0", …}}`. */
export function versionIn(identifier: string): string | undefined {
  try {
    const value: unknown = JSON.parse(identifier);
    const info: unknown = isRecord(value) ? value['Info'] : undefined;
    const version: unknown = isRecord(info) ? info['version'] : undefined;
    return typeof version === 'string' && version !== '' ? version : undefined;
  } catch {
    return undefined; // another server's own way to name itself
  }
}
