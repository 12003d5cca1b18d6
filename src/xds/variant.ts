/** The two variants of the protocol: how their requests become channels. */
import type { DeltaDiscoveryRequestMessage, DiscoveryRequestMessage } from '../envoy/messages.js';
import type { Channel } from './channel.js';
import { DeltaType } from './delta-type.js';
import { SotwType } from './sotw-type.js';
import type { ProtocolVariant } from './status.js';

/** What the requests of both variants have. */
export type ProtocolRequest = Pick<
  DiscoveryRequestMessage & DeltaDiscoveryRequestMessage,
  'node' | 'typeUrl' | 'responseNonce' | 'errorDetail'
>;

export interface Variant<Request extends ProtocolRequest> {
  readonly name: ProtocolVariant;
  /** A type that a stream asks for the first time. */
  channel(typeUrl: string, first: Request, isWildcardType: boolean): Channel<Request>;
  /** Whether a client with these features is told times to live (92). */
  knowsTtl(features: readonly string[]): boolean;
}

const ttlFeature = 'xds.config.supports-resource-ttl';
const wrappingFeature = 'xds.config.supports-resource-in-sotw';

/** State of the world. */
export const sotw: Variant<DiscoveryRequestMessage> = {
  name: 'sotw',
  channel: (typeUrl, first, isWildcardType) => new SotwType(typeUrl, first, isWildcardType),
  knowsTtl: (features) => features.includes(ttlFeature) && features.includes(wrappingFeature),
};

/** Incremental. */
export const delta: Variant<DeltaDiscoveryRequestMessage> = {
  name: 'delta',
  channel: (typeUrl, first, isWildcardType) => new DeltaType(typeUrl, first, isWildcardType),
  knowsTtl: (features) => features.includes(ttlFeature),
};
