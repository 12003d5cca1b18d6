/** Names of clusters (Istio reference 5.1). Routes, listeners and assignments refer to clusters by them. */

/** Takes what nothing else takes and answers nothing. */
export const blackHoleCluster = 'BlackHoleCluster';
/** Takes what no service is known for to where it was going. */
export const passthroughCluster = 'PassthroughCluster';
/** Takes what no inbound listener is for to where it was going. */
export const inboundPassthroughCluster = 'InboundPassthroughCluster';
/** Takes what no service is known for to where DNS says that its host is. */
export const allowAnyDynamicDnsCluster = 'AllowAnyDynamicDNSCluster';
/** Secrets from a socket that the platform gives a proxy. */
export const sdsExternalCluster = 'sds-external';
/** Secrets from Istio's agent; the agent writes this cluster into the bootstrap. */
export const sdsGrpcCluster = 'sds-grpc';
/** Secrets in files, from a server of the platform's; the agent writes this cluster too. */
export const sdsFilesCluster = 'sds-files-grpc';

/** Which way the traffic of a cluster goes. */
export type ClusterDirection = 'outbound' | 'inbound';

/** What the name of a service's cluster says. */
export interface ClusterName {
  readonly direction: ClusterDirection;
  /** Number of the service port; of the workload's port for an inbound cluster. */
  readonly port: number;
  /** Empty for the whole service. */
  readonly subset: string;
  /** Empty for an inbound cluster. */
  readonly hostname: string;
  /** The form in which SNI carries it; clusters of gateways between networks have it. */
  readonly sniForm: boolean;
}

/** `outbound|<port>|<subset>|<host>`. */
export function outboundClusterName(port: number, subset: string, hostname: string): string {
  return `outbound|${port}|${subset}|${hostname}`;
}

/** `inbound|<port>||`. */
export function inboundClusterName(port: number): string {
  return `inbound|${port}||`;
}

/** `outbound_.<port>_.<subset>_.<host>`: a cluster's name as a server name that TLS clients can send. */
export function sniClusterName(port: number, subset: string, hostname: string): string {
  return `outbound_.${port}_.${subset}_.${hostname}`;
}

/** What a cluster's name says; undefined for a name that is not that of a service's cluster. */
export function parseClusterName(name: string): ClusterName | undefined {
  const sniForm = name.startsWith('outbound_.') || name.startsWith('inbound_.');
  const parts = sniForm ? name.split('_.', 4) : name.split('|');
  const [direction, portText = '', subset = ''] = parts;
  const hostname = sniForm ? textAfterThird(name, '_.') : parts[3];
  if ((direction !== 'outbound' && direction !== 'inbound') || hostname === undefined) return undefined;
  if (!sniForm && parts.length !== 4) return undefined;
  if (!/^\d{1,5}$/.test(portText)) return undefined;
  return { direction, port: Number(portText), subset, hostname, sniForm };
}

/** What follows the third separator: a host may hold the separator itself. */
function textAfterThird(name: string, separator: string): string | undefined {
  let at = -separator.length;
  for (let count = 0; count < 3; count += 1) {
    at = name.indexOf(separator, at + separator.length);
    if (at < 0) return undefined;
  }
  return name.slice(at + separator.length);
}
