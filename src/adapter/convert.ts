/** Records as services and endpoints of the model, by mapping rules. Pure. */
import { parseIp } from '../base/ip.js';
import { errorMessage } from '../base/errors.js';
import type { Endpoint, HealthStatus } from '../model/endpoint.js';
import { formatLocality } from '../model/locality.js';
import type { Service } from '../model/service.js';
import { labelsOf } from './convert-labels.js';
import { PortTable } from './convert-ports.js';
import { hostFault, legalHostPart } from './legal.js';
import type { MappingRules } from './mapping.js';
import { Reasons } from './reasons.js';
import type { InstanceRecord, ServiceRecord } from './record.js';
import { isMeant, isOfInstances, own, type Subject, textOf } from './sources.js';
import { fillTemplate } from './template.js';

/** Whose values are made. */
export interface Identity {
  readonly provider: string;
  /** The registry's name. */
  readonly name: string;
  /** The cluster that endpoints are said to be in. */
  readonly cluster: string;
}

/** What a record comes to. */
export type Converted =
  | {
      readonly type: 'service';
      readonly service: Service;
      readonly endpoints: readonly Endpoint[];
      /** What was left out, and why. */
      readonly reason: string | undefined;
    }
  /** The rules leave the service out. */
  | { readonly type: 'excluded' }
  /** It cannot be used at all. */
  | { readonly type: 'illegal'; readonly reason: string };

const healths: Readonly<Record<InstanceRecord['health'], HealthStatus>> = {
  healthy: 'healthy',
  degraded: 'degraded',
  draining: 'draining',
  unhealthy: 'unhealthy',
};

/** Envoy's sum of weights has a limit, and Istio's own endpoints weigh 1. */
const mostWeight = 128;

/** Converts a record. What an adapter without types gets wrong is illegal, too. */
export function convertRecord(record: ServiceRecord, rules: MappingRules, identity: Identity): Converted {
  try {
    return convert(record, rules, identity);
  } catch (error) {
    return { type: 'illegal', reason: `it cannot be understood: ${errorMessage(error)}` };
  }
}

function convert(record: ServiceRecord, rules: MappingRules, identity: Identity): Converted {
  const instances = importedInstances(record, rules);
  if (instances === undefined) return { type: 'excluded' };
  const host = nameBy(rules.host ?? '{service}.{registry}', record, identity);
  if ('fault' in host) return { type: 'illegal', reason: host.fault };
  const namespace = nameBy(rules.namespace ?? 'default', record, identity);
  if ('fault' in namespace) return { type: 'illegal', reason: `namespace: ${namespace.fault}` };
  const reasons = new Reasons();
  const ports = new PortTable(rules, reasons);
  for (const port of record.ports ?? []) ports.add(port, { service: record });
  const endpoints = instances.flatMap((instance) =>
    endpointsOf({ service: record, instance }, namespace.name, ports, rules, identity, reasons),
  );
  const isLookedUp = endpoints.some(({ addresses: [address = ''] }) => parseIp(address) === undefined);
  const address = virtualAddress(record, reasons);
  const service: Service = {
    hostname: host.name,
    ports: ports.list(),
    serviceAccounts: [],
    creationTime: record.createdAt ?? 0,
    clusterVIPs: {},
    defaultAddress: address ?? '0.0.0.0',
    resolution: record.passthrough === true ? 'Passthrough' : isLookedUp ? 'DNSLB' : 'ClientSideLB',
    meshExternal: record.external ?? rules.meshExternal ?? false,
    resourceVersion: '',
    sequence: 0,
    attributes: {
      name: host.name,
      namespace: namespace.name,
      provider: identity.provider,
      objectName: record.service,
      labels: {},
      exportTo: rules.exportTo ?? [],
    },
    provenance: { registry: `${identity.provider}/${identity.name}`, object: `service ${record.service}` },
  };
  return { type: 'service', service, endpoints, reason: reasons.text() };
}

/** The instances that are wanted; undefined when the service is not. */
function importedInstances(
  record: ServiceRecord,
  { include, exclude = [] }: MappingRules,
): readonly InstanceRecord[] | undefined {
  const subject = { service: record };
  const included = include?.filter((selection) => isMeant(selection, subject));
  if (included?.length === 0) return undefined;
  const excluded = exclude.filter((selection) => isMeant(selection, subject));
  if (excluded.some((selection) => !isOfInstances(selection))) return undefined;
  const wanted = record.instances.filter((instance) => {
    const each: Subject = { service: record, instance };
    return (
      (included?.some((selection) => isMeant(selection, each)) ?? true) &&
      !excluded.some((selection) => isMeant(selection, each))
    );
  });
  // A service of which no instance was ever meant is none of ours.
  return included !== undefined && wanted.length === 0 && record.instances.length > 0 ? undefined : wanted;
}

function nameBy(
  template: string,
  record: ServiceRecord,
  { name: registry }: Identity,
): { readonly name: string } | { readonly fault: string } {
  const filled = fillTemplate(template, (variable) => {
    if (variable === 'registry') return legalHostPart(registry);
    const value = variable === 'service' ? (record.name ?? record.service) : own(record.attributes, variable);
    return value === undefined ? undefined : legalHostPart(value);
  });
  if ('missing' in filled)
    return { fault: `{${filled.missing}} of ${JSON.stringify(template)} has no legal value` };
  const fault = hostFault(filled.text);
  return fault === undefined ? { name: filled.text } : { fault };
}

function virtualAddress({ address }: ServiceRecord, reasons: Reasons): string | undefined {
  if (address === undefined || address === '' || parseIp(address) !== undefined) return address || undefined;
  reasons.add(`the address ${JSON.stringify(address)} is no IP address`);
  return undefined;
}

function endpointsOf(
  subject: Required<Subject>,
  namespace: string,
  ports: PortTable,
  rules: MappingRules,
  { provider, name, cluster }: Identity,
  reasons: Reasons,
): readonly Endpoint[] {
  const { service, instance } = subject;
  const where = `instance ${instance.id}`;
  if (!Object.hasOwn(healths, instance.health)) {
    reasons.add(`${where}: ${JSON.stringify(instance.health)} is no health`);
    return [];
  }
  if (instance.address === '' || /\s/.test(instance.address)) {
    reasons.add(`${where}: ${JSON.stringify(instance.address)} is no address`);
    return [];
  }
  const { weight, takesTraffic } = weightOf(subject, rules, reasons);
  const health =
    takesTraffic || instance.health === 'unhealthy' ? healths[instance.health] : ('draining' as const);
  const common = {
    addresses: [instance.address],
    labels: labelsOf(subject, rules, reasons),
    serviceAccount: textOf(rules.serviceAccount, subject) ?? '',
    network: textOf(rules.network, subject) ?? '',
    locality: localityOf(subject, rules),
    cluster,
    weight,
    tlsMode: textOf(rules.tlsMode, subject) === 'istio' ? 'istio' : 'disabled',
    namespace,
    workloadName: service.name ?? service.service,
    health,
    provenance: {
      registry: `${provider}/${name}`,
      object: `service ${service.service}, ${where}`,
      ...(instance.location === undefined ? {} : { location: instance.location }),
    },
  };
  if (instance.ports.length === 0) reasons.add(`${where} has no port`);
  // Only one port can stand for the one that clients know.
  const used = rules.port === undefined ? instance.ports : instance.ports.slice(0, 1);
  return used.flatMap((port) => {
    const known = ports.add(port, subject);
    if (known === undefined) return [];
    return [{ ...common, port: port.port, servicePortName: known.name, servicePortNumber: known.port }];
  });
}

function localityOf(subject: Required<Subject>, { locality }: MappingRules): string {
  const own = subject.instance.locality;
  return formatLocality({
    region: own?.region ?? textOf(locality?.region, subject) ?? '',
    zone: (own === undefined ? textOf(locality?.zone, subject) : own.zone) ?? '',
    subZone: (own === undefined ? textOf(locality?.subZone, subject) : own.subZone) ?? '',
  });
}

function weightOf(
  subject: Required<Subject>,
  { weight: rule }: MappingRules,
  reasons: Reasons,
): { readonly weight: number; readonly takesTraffic: boolean } {
  const text = subject.instance.weight === undefined ? textOf(rule, subject) : undefined;
  const given = subject.instance.weight ?? (text === undefined ? 1 : Number(text));
  if (!Number.isFinite(given) || given < 0 || text?.trim() === '') {
    reasons.add(`instance ${subject.instance.id}: ${JSON.stringify(text ?? given)} is no weight`);
    return { weight: 1, takesTraffic: true };
  }
  const scaled = Math.round(given * (rule?.scale ?? 1));
  return { weight: Math.min(mostWeight, Math.max(1, scaled)), takesTraffic: given > 0 };
}
