/** Hosts that several registries have, by the rules of the settings. What the rules do not change stays the same object. */
import { SharingMap } from '../base/sharing-map.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Service, ServicePort } from '../model/service.js';
import { registryOrder } from './aggregate.js';
import type { MergePolicy, MergeRule } from './merge-rules.js';
import { compareServices } from './registry-hosts.js';
import { shardKey } from './registry.js';
import type { RegistryEndpoints, RegistryView } from './view.js';

/** A host that several registries have, at least one of which is not of Kubernetes. */
export interface HostConflict {
  readonly host: string;
  readonly policy: MergePolicy;
  /** `provider/cluster`, the one that comes first in front. */
  readonly registries: readonly string[];
}

/** What one registry has under a host. */
interface Claim {
  readonly view: RegistryView;
  /** Key and service, in the order of the services. */
  readonly services: readonly (readonly [key: string, service: Service])[];
}

/** What is done about one host. */
interface Plan {
  readonly policy: Exclude<MergePolicy, 'istio'>;
  readonly claims: readonly Claim[];
  /** The service that stands for all. */
  readonly merged: Service;
}

/** The plans that were made of some services. */
interface Planned {
  readonly parts: readonly RegistryView['services'][];
  readonly plans: readonly Plan[];
}

/** Applies the rules to the views of registries. */
export class HostMerge {
  readonly rules: readonly MergeRule[];
  #planned: Planned = { parts: [], plans: [] };
  #merged = new WeakMap<RegistryView, RegistryView>();
  #endpoints = new WeakMap<RegistryEndpoints, RegistryEndpoints>();

  constructor(rules: readonly MergeRule[]) {
    this.rules = rules;
  }

  /** The views as the mesh is to see them; the views themselves when no rule changes anything. */
  apply(views: readonly RegistryView[]): readonly RegistryView[] {
    if (this.rules.every(({ policy }) => policy === 'istio')) return views;
    const plans = this.#plansFor(views);
    return plans.length === 0 ? views : views.map((view) => this.#mergedView(view, plans));
  }

  /** The hosts that several registries have. One pass over all services. */
  conflicts(views: readonly RegistryView[]): readonly HostConflict[] {
    return [...claimsByHost(views)].flatMap(([host, claims]) => {
      if (!isConflict(claims)) return [];
      const rule = this.#ruleFor(host);
      const ordered = inOrder(claims, rule?.order ?? []);
      return [
        { host, policy: rule?.policy ?? 'istio', registries: ordered.map(({ view }) => shardKey(view)) },
      ];
    });
  }

  #plansFor(views: readonly RegistryView[]): readonly Plan[] {
    const parts = views.map(({ services }) => services);
    const known = this.#planned;
    if (parts.length === known.parts.length && parts.every((part, index) => part === known.parts[index]))
      return known.plans;
    const plans = [...claimsByHost(views)].flatMap(([host, claims]) => {
      const rule = this.#ruleFor(host);
      if (rule === undefined || rule.policy === 'istio' || !isConflict(claims)) return [];
      const plan = planOf(rule.policy, inOrder(claims, rule.order ?? []));
      return plan === undefined ? [] : [plan];
    });
    this.#planned = { parts, plans };
    // What was merged by other plans is of no use any more.
    this.#merged = new WeakMap();
    this.#endpoints = new WeakMap();
    return plans;
  }

  #ruleFor(host: string): MergeRule | undefined {
    return this.rules.find(({ hosts }) => hosts.some((pattern) => fitsHost(pattern, host)));
  }

  #mergedView(view: RegistryView, plans: readonly Plan[]): RegistryView {
    const known = this.#merged.get(view);
    if (known !== undefined) return known;
    const services: [string, Service | undefined][] = [];
    const endpoints: [string, RegistryEndpoints | undefined][] = [];
    for (const plan of plans) {
      const place = plan.claims.findIndex(
        ({ view: { provider, cluster } }) => provider === view.provider && cluster === view.cluster,
      );
      const claim = plan.claims[place];
      if (claim === undefined) continue;
      for (const [index, [key, service]] of claim.services.entries()) {
        const owned = view.endpoints.get(key);
        if (plan.policy === 'reject') {
          if (place === 0) continue;
          services.push([key, undefined]);
          endpoints.push([key, undefined]);
          continue;
        }
        services.push([key, place === 0 && index === 0 ? plan.merged : undefined]);
        if (owned !== undefined) endpoints.push([key, this.#mergedEndpoints(owned, service, plan, place)]);
      }
    }
    const merged =
      services.length === 0
        ? view
        : {
            ...view,
            services: SharingMap.from(view.services).with(services),
            endpoints: SharingMap.from(view.endpoints).with(endpoints),
          };
    this.#merged.set(view, merged);
    return merged;
  }

  #mergedEndpoints(owned: RegistryEndpoints, service: Service, plan: Plan, place: number): RegistryEndpoints {
    const known = this.#endpoints.get(owned);
    if (known !== undefined) return known;
    const rank = plan.policy === 'priority' ? place : 0;
    const merged = {
      ...owned,
      namespace: plan.merged.attributes.namespace,
      endpoints: owned.endpoints.map((endpoint) => mergedEndpoint(endpoint, service, plan.merged, rank)),
    };
    this.#endpoints.set(owned, merged);
    return merged;
  }
}

function claimsByHost(views: readonly RegistryView[]): ReadonlyMap<string, readonly Claim[]> {
  const hosts = new Map<string, Map<RegistryView, [string, Service][]>>();
  for (const view of registryOrder(views)) {
    for (const [key, service] of view.services) {
      const host = hosts.get(service.hostname) ?? new Map<RegistryView, [string, Service][]>();
      hosts.set(service.hostname, host);
      const services = host.get(view) ?? [];
      host.set(view, services);
      services.push([key, service]);
    }
  }
  const claims = new Map<string, readonly Claim[]>();
  for (const [host, byView] of hosts) {
    if (byView.size < 2) continue;
    claims.set(
      host,
      [...byView].map(([view, services]) => ({
        view,
        services: services.sort(([, a], [, b]) => compareServices(a, b)),
      })),
    );
  }
  return claims;
}

/** Clusters of one mesh have the same hosts on purpose. */
function isConflict(claims: readonly Claim[]): boolean {
  return claims.length > 1 && claims.some(({ view }) => view.provider !== 'Kubernetes');
}

function inOrder(claims: readonly Claim[], order: readonly string[]): readonly Claim[] {
  const placeOf = ({ view }: Claim): number => {
    const place = order.findIndex((name) => name === view.cluster || name === shardKey(view));
    return place === -1 ? order.length : place;
  };
  return [...claims].sort((a, b) => placeOf(a) - placeOf(b));
}

function planOf(policy: Plan['policy'], claims: readonly Claim[]): Plan | undefined {
  const first = claims[0]?.services[0]?.[1];
  if (first === undefined) return undefined;
  if (policy === 'reject') return { policy, claims, merged: first };
  const services = claims.flatMap((claim) => claim.services.map(([, service]) => service));
  const ports = new Map<number, ServicePort>();
  for (const service of services) {
    for (const port of service.ports) {
      if (ports.has(port.port)) continue;
      const isTaken = [...ports.values()].some(({ name }) => name === port.name);
      ports.set(port.port, isTaken ? { ...port, name: `${port.name}-${port.port}` } : port);
    }
  }
  const resolution = services.some((service) => service.resolution === 'DNSLB') ? 'DNSLB' : first.resolution;
  return { policy, claims, merged: { ...first, resolution, ports: [...ports.values()] } };
}

/** An endpoint with the name that its port has in the service which stands for all. */
function mergedEndpoint(endpoint: Endpoint, service: Service, merged: Service, rank: number): Endpoint {
  const number =
    endpoint.servicePortNumber ?? service.ports.find(({ name }) => name === endpoint.servicePortName)?.port;
  const port = merged.ports.find((candidate) => candidate.port === number);
  const servicePortName = port?.name ?? endpoint.servicePortName;
  if (rank === 0 && servicePortName === endpoint.servicePortName) return endpoint;
  return { ...endpoint, servicePortName, ...(rank === 0 ? {} : { rank }) };
}

function fitsHost(pattern: string, host: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === host;
  const expression = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*');
  return new RegExp(`^${expression}$`).test(host);
}
