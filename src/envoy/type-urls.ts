/** The types of resources that are asked for over xDS (Istio reference 8.10). */

/** Type URLs by the short names that Istio and Envoy use for them. */
export const typeUrls = {
  cds: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  eds: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  lds: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  rds: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  sds: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
  ecds: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
  nds: 'type.googleapis.com/istio.networking.nds.v1.NameTable',
  pcds: 'type.googleapis.com/istio.mesh.v1alpha1.ProxyConfig',
  health: 'type.googleapis.com/istio.v1.HealthInformation',
  debug: 'istio.io/debug',
  'debug-syncz': 'istio.io/debug/syncz',
  'debug-config-dump': 'istio.io/debug/config_dump',
} as const;

/** Short name of a type of resource. */
export type TypeName = keyof typeof typeUrls;

/** Type URL of a type of resource that has a short name. */
export type TypeUrl = (typeof typeUrls)[TypeName];

const names: ReadonlyMap<string, TypeName> = new Map(
  Object.entries(typeUrls).map(([name, url]) => [url, name as TypeName]),
);

/** The short name of a type URL, or undefined for a type that has none. */
export function typeNameOf(typeUrl: string): TypeName | undefined {
  return names.get(typeUrl);
}

/** The type URL of a short name in either case (`cds`, `CDS`), or undefined if there is no such name. */
export function typeUrlOf(name: string): TypeUrl | undefined {
  const known = name.toLowerCase();
  return Object.hasOwn(typeUrls, known) ? typeUrls[known as TypeName] : undefined;
}

/** The full name of the message that a type URL names: what follows its last slash. */
export function fullNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

/** The type URL under which an Any holds a message. */
export function typeUrlOfMessage<Name extends string>(fullName: Name): `type.googleapis.com/${Name}` {
  return `type.googleapis.com/${fullName}`;
}
