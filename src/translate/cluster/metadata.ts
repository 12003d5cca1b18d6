/** What a cluster says of itself to telemetry and to people (Istio reference 5.8). */
import type { ClusterShape, StructShape, ValueShape } from '../../envoy/messages.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';
import type { Service } from '../../model/service.js';

/** What the metadata of a cluster holds; what is absent is left out. */
export interface ClusterMetadata {
  /** The services behind the cluster. */
  readonly services?: readonly Pick<Service, 'hostname' | 'attributes'>[];
  /** The rule that the cluster was made by. */
  readonly rule?: Pick<MergedDestinationRule, 'name' | 'namespace'> | undefined;
  /** Empty for the whole service. */
  readonly subset?: string;
  readonly external?: boolean;
  /** Metadata exchange is of no use: all endpoints are reached through tunnels. */
  readonly disableMetadataExchange?: boolean;
  /** The ALPN filter must leave the protocols alone: TLS is not that of the mesh. */
  readonly keepAlpn?: boolean;
}

/** The metadata of a cluster, its keys in the order of their names; nothing at all where there is nothing to say. */
export function metadataFields(metadata: ClusterMetadata): Pick<ClusterShape, 'metadata'> {
  const { services, rule, subset = '', external, disableMetadataExchange, keepAlpn } = metadata;
  const fields: Record<string, ValueShape> = {};
  if (keepAlpn === true) fields['alpn_override'] = { stringValue: 'false' };
  if (rule !== undefined) fields['config'] = { stringValue: ruleUrl(rule) };
  if (disableMetadataExchange === true) fields['disable_mx'] = { boolValue: true };
  if (external === true) fields['external'] = { boolValue: true };
  if (services !== undefined && services.length > 0) {
    fields['services'] = { listValue: { values: services.map(serviceValue) } };
  }
  if (subset !== '') fields['subset'] = { stringValue: subset };
  if (Object.keys(fields).length === 0) return {};
  return { metadata: { filterMetadata: { istio: { fields } } } };
}

/** The rule as the path of its object in the Kubernetes API. */
function ruleUrl({ name, namespace }: Pick<MergedDestinationRule, 'name' | 'namespace'>): string {
  return `/apis/networking.istio.io/v1/namespaces/${namespace}/destination-rule/${name}`;
}

function serviceValue({ hostname, attributes }: Pick<Service, 'hostname' | 'attributes'>): ValueShape {
  const { name, namespace } = attributes;
  const struct: StructShape = {
    fields: {
      host: { stringValue: hostname },
      name: { stringValue: name },
      namespace: { stringValue: namespace },
    },
  };
  return { structValue: struct };
}
