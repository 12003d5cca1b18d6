/**
 * Why a host's clusters and endpoints look to a proxy as they do. A pure function; every reason comes from the
 * functions that decide what is served, so that what is told here and what is served cannot differ.
 */
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import type { Service } from '../model/service.js';
import { servicesOf } from '../registry/instances.js';
import { explainCarriers } from './carriers.js';
import { explainPorts, inboundClusters } from './clusters.js';
import type { Explanation, Outcome, Reason, SeenService } from './explanation.js';
import { nearestHosts } from './nearest.js';
import { explainProxy } from './proxy.js';
import { refusedValues } from './refused.js';
import { explainRule } from './rules.js';
import { explainServices } from './services.js';
import { sourceText } from './source.js';
import { unsentEndpoints } from './unsent.js';

/** What is asked. */
export interface Question {
  /** A host in full, or a name that is short of the proxy's namespace, `svc` or the domain. */
  readonly host: string;
  /** All ports without it. */
  readonly port?: number;
}

/** Explains a host to a proxy; `state` is what the context's snapshot was made of. */
export function explain(
  state: MeshDirectoryState,
  context: ProxyContext,
  { host: asked, port }: Question,
): Explanation {
  const host = completeHost(state, context, asked);
  const services = explainServices(context, host);
  const refused = refusedValues(state, context, host, services.length > 0);
  const service = context.scope.service(host);
  const seen = service === undefined ? undefined : explainSeen(state, context, service, port);
  const result = outcomeOf(services, refused, service, port);
  return {
    host,
    ...(host !== asked && { askedAs: asked }),
    ...(port !== undefined && { port }),
    ...result,
    proxy: explainProxy(context),
    services,
    refused,
    nearest: services.length > 0 ? [] : nearestHosts(host, allHosts(context)),
    ...(seen !== undefined && { seen }),
  };
}

function outcomeOf(
  services: Explanation['services'],
  refused: Explanation['refused'],
  seen: Service | undefined,
  port: number | undefined,
): { readonly outcome: Outcome; readonly reason?: Reason } {
  if (services.length === 0) {
    const own = refused.find(isOfThisHost);
    const because = own === undefined ? '' : `, as ${sourceText(own.source)} is not in force`;
    const text = `no registry has a service of this host${because}`;
    return { outcome: 'unknown-host', reason: { code: 'unknown-host', text } };
  }
  if (seen === undefined) {
    const reason = services.find((service) => service.reason !== undefined)?.reason;
    return { outcome: 'not-visible', ...(reason !== undefined && { reason }) };
  }
  if (port === undefined || seen.ports.some((candidate) => candidate.port === port)) {
    return { outcome: 'visible' };
  }
  const ports = seen.ports.map((candidate) => candidate.port).join(', ');
  const text = `as the proxy sees it, the service has ${ports === '' ? 'no ports' : `only ${ports}`}`;
  return { outcome: 'unknown-port', reason: { code: 'unknown-port', text } };
}

function explainSeen(
  state: MeshDirectoryState,
  context: ProxyContext,
  service: Service,
  port: number | undefined,
): SeenService {
  const { hostname, attributes, resolution } = service;
  const ports = service.ports.filter((candidate) => port === undefined || candidate.port === port);
  const { externalName, aliases = [] } = attributes;
  return {
    namespace: attributes.namespace,
    resolution,
    aliases: aliases.map((alias) => alias.hostname),
    ...(resolution === 'Alias' && externalName !== undefined && { aliasOf: externalName }),
    rule: explainRule(context, service),
    ports: explainPorts(state, context, service, ports).map((each) => ({
      ...each,
      ...explainCarriers(context, new Set(each.clusters.map(({ name }) => name))),
    })),
    inbound: inboundClusters(context, hostname),
    leftOut: unsentEndpoints(state, context, service),
  };
}

/** The host in full: as it was asked if it is known so, else the first known one that it may be short for. */
function completeHost(state: MeshDirectoryState, context: ProxyContext, asked: string): string {
  const { domainSuffix } = context.snapshot.mesh;
  const forms = [
    asked,
    `${asked}.${context.proxy.namespace}.svc.${domainSuffix}`,
    `${asked}.svc.${domainSuffix}`,
    `${asked}.${domainSuffix}`,
  ];
  const isKnown = (host: string): boolean =>
    context.snapshot.discovery.registries.some((registry) => servicesOf(registry, host).length > 0);
  const isRefused = (host: string): boolean => refusedValues(state, context, host, true).some(isOfThisHost);
  return forms.find(isKnown) ?? forms.find(isRefused) ?? asked;
}

/** Whether a value that is not in force would be a service of the host, not only perhaps. */
function isOfThisHost({ code, source }: Explanation['refused'][number]): boolean {
  if (code === 'refused') return source.object.startsWith('Service ');
  return code === 'quarantined' || code === 'not-discovered' || code === 'remote-entry';
}

function allHosts({ snapshot }: ProxyContext): readonly string[] {
  return snapshot.services.all.map(({ hostname }) => hostname);
}
