/** Network filters of a cluster. */
import { packAny } from '../../envoy/any.js';
import { TypedStruct, type ClusterShape } from '../../envoy/messages.js';
import { struct } from '../../envoy/well-known.js';

/** Workloads tell each other who they are, at the start of a connection with mutual TLS. */
export const metadataExchangeFilters: Pick<ClusterShape, 'filters'> = {
  filters: [
    {
      name: 'istio.metadata_exchange',
      typedConfig: packAny(TypedStruct, {
        typeUrl: 'type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange',
        value: struct({ protocol: 'istio-peer-exchange', enable_discovery: true }),
      }),
    },
  ],
};
