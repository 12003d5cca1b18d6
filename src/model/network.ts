/** Networks and the gateways between them (Istio reference 2.13, 6.7). */

export interface NetworkGateway {
  readonly network: string;
  /** Cluster that the gateway is for; empty when it is for the whole network. */
  readonly cluster: string;
  /** IP address or host name. */
  readonly address: string;
  /** Port for mutual TLS; 0 when the gateway only speaks HBONE. */
  readonly port: number;
}
