/** Every reason for which something can be left out; docs/explain.md shows the table. */
export const reasonCodes = {
  'unknown-host': 'no registry has a service of this host',
  'unknown-port': 'the service has no such port',
  'not-discovered': 'the discovery selectors of the mesh leave the namespace out',
  'remote-entry': 'ServiceEntries of remote clusters are not read',
  refused: 'the document does not validate',
  quarantined: 'the registry says something that cannot be used',

  'not-exported': 'the service is not exported to the proxy’s namespace',
  shadowed: 'a service of this host in another namespace comes first',
  'same-host':
    'a service of this host in the same namespace comes first and this one cannot be merged into it',
  'not-in-egress': 'no egress listener of the Sidecar names the service',
  excluded: 'an egress listener of the Sidecar keeps the service out with `~`',
  'egress-port': 'the egress listeners that name the service are for ports that it does not have',
  alias: 'the service only stands for another one',

  udp: 'UDP ports have no clusters',
  'unnamed-host': 'requests of this protocol do not name the host that is to be looked up',
  'no-endpoints': 'a cluster that holds its endpoints is left out when it has none',

  'rule-refused': 'a DestinationRule that may be for the host does not validate',
  'rule-other-namespace':
    'the DestinationRule is in none of the namespaces of the proxy, the service and the root',
  'rule-not-exported': 'the DestinationRule is not exported to the proxy’s namespace',
  'rule-outranked': 'a namespace that is asked before has a DestinationRule for the host',
  'rule-less-specific': 'a DestinationRule of the same namespace has a more specific host',
  'rule-other-workload': 'the workload selector of the DestinationRule does not select the proxy',
  'rule-general': 'a DestinationRule that selects the proxy’s workload comes first',
  'rule-younger': 'an older DestinationRule selects the proxy’s workload, too',
  'rule-separate': 'a DestinationRule that is exported otherwise counts in the place of this one',

  'pod-missing': 'the endpoint names a Pod that is not known',
  'duplicate-address': 'an earlier EndpointSlice has the same address and port',
  'one-per-port': 'DNS round robin keeps one endpoint for each port',
  'workload-unhealthy': 'the WorkloadEntry is health checked and not healthy',
  'pod-not-ready': 'a ServiceEntry selects Pods that are ready',
  'no-target-port': 'the WorkloadEntry lacks the port that the Service names',
  'no-such-port': 'the service has no port of that name',
  'host-name': 'the address is a host name, which only DNS services can use',

  'other-labels': 'the endpoint lacks labels of the subset',
  'other-node': 'internalTrafficPolicy is Local and the endpoint is on another node',
  'other-cluster': 'only endpoints of the proxy’s own cluster count',
  'network-view': 'the proxy does not ask for the endpoint’s network',
  'not-ready': 'endpoints that are not ready are hidden because of minHealthPercent',
  terminating: 'the endpoint is terminating',
  draining: 'the endpoint is draining',
  'no-address': 'the endpoint has no address and no gateway stands in',
  'no-mutual-tls': 'the way to the endpoint takes mutual TLS, which it does not speak',
  'no-usable-gateway': 'the proxy can connect to none of the gateways of the endpoint’s network',
  'outside-distribution': 'the distribution of traffic over localities leaves the endpoint’s out',
  'original-destination': 'connections go to the address that the client was going to',
} as const;

/** Identifier of a reason, for scripts. */
export type ReasonCode = keyof typeof reasonCodes;
