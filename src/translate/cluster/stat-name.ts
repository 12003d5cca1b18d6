/** Under which name Envoy counts what a cluster does (Istio reference 5.4). */
import { isKubernetesService, type Service } from '../../model/service.js';

/** What a pattern can name. */
export interface StatNameInput {
  readonly service: Pick<Service, 'hostname' | 'attributes'>;
  readonly port: { readonly name: string; readonly port: number };
  /** Empty for the whole service. */
  readonly subset: string;
  /** The workload's port of an inbound cluster; 0 for an outbound one, which has none. */
  readonly targetPort: number;
}

const words: Readonly<Record<string, (input: StatNameInput) => string>> = {
  '%SERVICE%': ({ service }) => shortHost(service),
  '%SERVICE_NAME%': ({ service }) => service.attributes.name,
  '%SERVICE_FQDN%': ({ service }) => service.hostname,
  '%SERVICE_PORT%': ({ port }) => String(port.port),
  '%SERVICE_PORT_NAME%': ({ port }) => port.name,
  '%SUBSET_NAME%': ({ subset }) => subset,
  '%TARGET_PORT%': ({ targetPort }) => String(targetPort),
};

const anyWord = new RegExp(Object.keys(words).join('|'), 'g');

/** The name by which statistics are kept: with a semicolon, so that tags can be told from what follows it. */
export function delimitedStatName(name: string): string {
  return `${name};`;
}

/** The stat name by the mesh's pattern, or the cluster's own name where there is no pattern. */
export function altStatName(clusterName: string, pattern: string, input: StatNameInput): string {
  return delimitedStatName(pattern === '' ? clusterName : patternStatName(pattern, input));
}

/** What a pattern makes of its words; other words stay. */
export function patternStatName(pattern: string, input: StatNameInput): string {
  return pattern.replaceAll(anyWord, (word) => words[word]?.(input) ?? word);
}

/** A Kubernetes host without its domain; other hosts have no short form. */
function shortHost(service: StatNameInput['service']): string {
  if (!isKubernetesService(service)) return service.hostname;
  return `${service.attributes.name}.${service.attributes.namespace}`;
}
