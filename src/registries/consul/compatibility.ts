/**
 * The mappings of two other adapters, for those who come from them: Istio's own, which it removed in 1.8
 * (pilot/pkg/serviceregistry/consul/conversion.go), and consul2istio's (pkg/serviceregistry/consul/conversion.go). What
 * they took for labels and ports is done as they did it, the health of instances is not: they did not look at it.
 */
import type {
  InstancePort,
  InstanceRecord,
  MappingRules,
  Metadata,
  ServiceRecord,
  TextRule,
} from '../../adapter/index.js';
import type { HealthEntry } from './answers.js';
import type { ConsulSettings } from './options.js';

const protocolKey = 'protocol';
const externalKey = 'external';

/** The port that consul2istio gives every service beside its own. */
const defaultPort = 80;

/** A label, as on Pods. */
const tlsMode: TextRule = { from: ['meta.security.istio.io/tlsMode'], default: 'disabled' };

/** The rules that say what such records mean. */
export const compatibleRules: Readonly<Record<NonNullable<ConsulSettings['compatibility']>, MappingRules>> = {
  istio: { host: '{service}.service.consul', namespace: 'default', tlsMode },
  // Its flag --fqdn is `host: '{service}.FQDN'`.
  consul2istio: { host: '{service}', namespace: 'istio-system', tlsMode },
};

/** A service as Istio's adapter has it: ports are called by their protocol. */
export function likeIstio(record: ServiceRecord, entries: readonly HealthEntry[]): ServiceRecord {
  return like(record, entries, (port, protocol) => [{ port, name: protocol, protocol }]);
}

/** A service as consul2istio has it: ports are called `<protocol>-<number>`, and port 80 leads to each instance. */
export function likeConsul2Istio(record: ServiceRecord, entries: readonly HealthEntry[]): ServiceRecord {
  return like(record, entries, (port, protocol) => {
    const standing = { port, servicePort: defaultPort, name: `tcp-${defaultPort}`, protocol: 'tcp' };
    return port === defaultPort ? [standing] : [standing, { port, name: `${protocol}-${port}`, protocol }];
  });
}

function like(
  record: ServiceRecord,
  entries: readonly HealthEntry[],
  portsOf: (port: number, protocol: string) => readonly InstancePort[],
): ServiceRecord {
  const isExternal = entries.some(({ Service: { Meta } }) => (Meta?.[externalKey] ?? '') !== '');
  return {
    service: record.service,
    ...(record.name === undefined ? {} : { name: record.name }),
    external: isExternal,
    passthrough: isExternal,
    instances: entries.map(({ Node: node, Service: service }, index): InstanceRecord => {
      const { id, health, location, weight } = record.instances[index] ?? {
        id: service.ID,
        health: 'unhealthy',
      };
      const port = service.Port ?? 0;
      return {
        id,
        // Neither has weights; one that takes no traffic drains.
        health: weight === 0 && health !== 'unhealthy' ? 'draining' : health,
        address: service.Address || node.Address || '',
        ports: port === 0 ? [] : portsOf(port, service.Meta?.[protocolKey] || 'tcp'),
        metadata: tagLabels(service.Tags ?? []),
        ...(node.Datacenter === undefined ? {} : { locality: { region: node.Datacenter } }),
        ...(location === undefined ? {} : { location }),
      };
    }),
  };
}

/** Only tags `key|value` are labels; what follows another `|` is left out. */
function tagLabels(tags: readonly string[]): Metadata {
  return Object.fromEntries(
    tags.flatMap((tag) => {
      const [key = '', value] = tag.split('|');
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}
