/** The services of a host: which one a proxy sees, and why not the others (Istio reference 4.2, 4.3). */
import { EgressHosts } from '../mesh/egress-hosts.js';
import { importService, preference, type ImportFault } from '../mesh/import-services.js';
import { virtualServiceDestinations } from '../mesh/import-virtual-services.js';
import { combination, type Combination } from '../mesh/scope-services.js';
import { withPortsOf } from '../mesh/service-copies.js';
import { matchedPort } from '../mesh/sidecar-scope.js';
import type { EgressScope, ProxyContext } from '../mesh/snapshot.js';
import { toEveryone } from '../mesh/visibility.js';
import type { Service } from '../model/service.js';
import type { Reason, ServiceExplanation } from './explanation.js';
import {
  addressesOf,
  describe,
  isDated,
  isOlder,
  olderText,
  sameObject,
  sourcesOf,
  timeText,
} from './service-text.js';
import { listText, objectText } from './source.js';

/** Explains every service of a host, in Istio's order; the addresses of one object are one entry. */
export function explainServices(context: ProxyContext, hostname: string): readonly ServiceExplanation[] {
  const ofHost = context.snapshot.services.all.filter((service) => service.hostname === hostname);
  const first = ofHost.filter(
    (service, index) => ofHost.findIndex((other) => sameObject(other, service)) === index,
  );
  const judge = new Judge(context, hostname, first);
  return first.map((service) => {
    const sources = sourcesOf(context, service);
    return {
      namespace: service.attributes.namespace,
      sources,
      ...(isDated(service) && { created: timeText(service.creationTime) }),
      addresses: addressesOf(ofHost.filter((other) => sameObject(other, service))),
      ports: service.ports.map(({ port }) => port),
      resolution: service.resolution,
      ...judge.verdict(service),
    };
  });
}

type Verdict = Pick<ServiceExplanation, 'state' | 'why' | 'reason'>;

interface Listener {
  readonly scope: EgressScope;
  readonly hosts: EgressHosts;
  readonly port: number | undefined;
  /** What it imports of the host. */
  readonly imported: readonly Service[];
}

/** Knows what a proxy's scope has of a host, and by which steps. */
class Judge {
  readonly #context: ProxyContext;
  readonly #hostname: string;
  readonly #all: readonly Service[];
  readonly #listeners: readonly Listener[];
  readonly #seen: Service | undefined;
  /** What became of each service that some listener imports. */
  readonly #combined: readonly { readonly service: Service; readonly became: Combination | 'first' }[];

  constructor(context: ProxyContext, hostname: string, all: readonly Service[]) {
    this.#context = context;
    this.#hostname = hostname;
    this.#all = all;
    this.#listeners = listenersOf(context, hostname);
    this.#seen = context.scope.service(hostname);
    this.#combined = combine(this.#listeners);
  }

  verdict(service: Service): Verdict {
    if (this.#seen !== undefined && sameObject(this.#seen, service)) {
      return { state: 'seen', why: this.#whySeen(service) };
    }
    const combined = this.#combined.find((each) => sameObject(each.service, service));
    if (combined !== undefined && combined.became === 'adds-ports') {
      return {
        state: 'merged',
        why: `its ports are added to those of ${this.#seenText()}, which it is like otherwise`,
      };
    }
    return {
      state: 'left-out',
      reason: combined === undefined ? this.#notImported(service) : this.#notCombined(combined),
    };
  }

  #whySeen(service: Service): string {
    const others = this.#all.filter((other) => !sameObject(other, service));
    const listener = this.#listeners.find(({ imported }) =>
      imported.some((each) => sameObject(each, service)),
    );
    if (listener === undefined) return this.#routedTo();
    const by = this.#importText(listener);
    const rivals = others.filter((other) => this.#isShown(other));
    if (others.length === 0) return `it is the only service of this host${by}`;
    if (rivals.length === 0) return `it is the only service of this host that is exported to the proxy${by}`;
    const reasons = rivals.map((other) => {
      const before = this.#before(service, other);
      return before === olderText(service, other) && isOlder(service, other)
        ? 'it is older than the others'
        : before;
    });
    return `${[...new Set(reasons)].join('; ')}${by}`;
  }

  /** Services that are not imported are there all the same if routes lead to them. */
  #routedTo(): string {
    const { scope } = this.#context;
    const route = scope.egress
      .flatMap(({ virtualServices }) => virtualServices)
      .find(({ spec }) => virtualServiceDestinations(spec, scope.namespace).has(this.#hostname));
    const by = route === undefined ? 'a VirtualService' : objectText(route);
    return `no egress listener names it, but ${by} routes to it`;
  }

  #importText({ scope }: Listener): string {
    const { sidecar } = this.#context.scope;
    if (sidecar === undefined || sidecar.spec.egress.length === 0) return '';
    return `; ${objectText(sidecar)} names it: hosts ${listText(scope.hosts)}`;
  }

  #isShown(service: Service): boolean {
    return this.#context.snapshot.services.exportOf(service, this.#context.scope.namespace).shown;
  }

  /** Why no listener imports it. */
  #notImported(service: Service): Reason {
    const { scope, snapshot } = this.#context;
    const exported = snapshot.services.exportOf(service, scope.namespace);
    if (!exported.shown) return this.#notExported(service);
    const faults = this.#listeners.map((listener) => faultOf(listener, service));
    const passed = this.#listeners[faults.indexOf(undefined)];
    const [winner] = passed?.imported ?? [];
    if (winner === undefined) return this.#notNamed(faults);
    if (winner.attributes.namespace === service.attributes.namespace) {
      return {
        code: 'same-host',
        text: `the egress hosts name each host and namespace one by one, and of those only one service is found: ${describe(this.#context, winner)}`,
      };
    }
    return { code: 'shadowed', text: `${this.#before(winner, service)}: ${describe(this.#context, winner)}` };
  }

  #notExported(service: Service): Reason {
    const { scope, snapshot } = this.#context;
    const { exportTo, by } = snapshot.services.exportOf(service, scope.namespace);
    const what = {
      declared: `it is exported to ${listText(exportTo)}`,
      'mesh-default': `it says nothing, and the mesh's defaultServiceExportTo is ${listText(exportTo)}`,
      'service-entry-visibility': `the mesh's serviceEntryVisibility narrows it to ${listText(exportTo)}`,
    } as const;
    return { code: 'not-exported', text: `${what[by]}, not to the namespace ${scope.namespace}` };
  }

  #notNamed(faults: readonly (ImportFault | undefined)[]): Reason {
    const { sidecar } = this.#context.scope;
    const by = sidecar === undefined ? 'the egress hosts' : objectText(sidecar);
    const at = (code: ImportFault): string =>
      listText(this.#listeners[faults.indexOf(code)]?.scope.hosts ?? []);
    if (faults.includes('no-such-port')) {
      const ports = this.#listeners
        .filter((_, index) => faults[index] === 'no-such-port')
        .map(({ port }) => port);
      return {
        code: 'egress-port',
        text: `${by} names it only for port ${ports.join(', ')}, which it does not have`,
      };
    }
    if (faults.includes('excluded')) {
      return { code: 'excluded', text: `${by} keeps it out: egress hosts ${at('excluded')}` };
    }
    const hosts = listText(this.#listeners.flatMap(({ scope }) => scope.hosts));
    return { code: 'not-in-egress', text: `${by} does not name it: egress hosts ${hosts}` };
  }

  #notCombined({
    service,
    became,
  }: {
    readonly service: Service;
    readonly became: Combination | 'first';
  }): Reason {
    const seen = this.#seen ?? service;
    const text = describe(this.#context, seen);
    if (seen.attributes.namespace !== service.attributes.namespace) {
      return { code: 'shadowed', text: `${this.#before(seen, service)}: ${text}` };
    }
    switch (became) {
      case 'same-ports':
        return { code: 'same-host', text: `it has the same ports as ${text}, which comes first` };
      case 'left-out':
      case 'replaces':
      case 'first':
        return { code: 'same-host', text: `the Kubernetes service comes before others: ${text}` };
      default:
        return {
          code: 'same-host',
          text: `it cannot be merged into ${text}, which comes first: they differ in ${became}`,
        };
    }
  }

  /** Why one service comes before another, as a sentence part. */
  #before(winner: Service, loser: Service): string {
    const { scope, snapshot } = this.#context;
    const preferred = this.#preferred(winner, loser);
    if (winner.attributes.namespace === loser.attributes.namespace) {
      return preferred === 'kubernetes'
        ? 'a Kubernetes service comes before others'
        : olderText(winner, loser);
    }
    if (preferred === 'own-namespace') return 'a service of the proxy’s own namespace comes first';
    if (preferred === 'kubernetes') return 'a Kubernetes service comes before others';
    const byName = (service: Service): boolean =>
      !snapshot.services.exportOf(service, scope.namespace).exportTo.includes(toEveryone);
    return byName(winner) && !byName(loser)
      ? 'what is exported to this namespace by name comes before what everybody sees'
      : olderText(winner, loser);
  }

  /** For routers it does not count which namespace is their own. */
  #preferred(winner: Service, loser: Service): ReturnType<typeof preference> {
    const { scope, proxy } = this.#context;
    return preference(winner, loser, proxy.type === 'sidecar' ? scope.namespace : '');
  }

  #seenText(): string {
    return this.#seen === undefined ? 'the first one' : describe(this.#context, this.#seen);
  }
}

function listenersOf({ scope }: ProxyContext, hostname: string): readonly Listener[] {
  return scope.egress.map((egress, index) => ({
    scope: egress,
    hosts: new EgressHosts(egress.hosts, scope.namespace),
    port: matchedPort(scope.sidecar?.spec.egress[index]),
    imported: egress.services.filter((service) => service.hostname === hostname),
  }));
}

/** Why a listener does not import a service that is visible; undefined if another service kept it from that. */
function faultOf({ hosts, port }: Listener, service: Service): ImportFault | undefined {
  const imported = importService(service, hosts.concerning(service.attributes.namespace), port);
  return typeof imported === 'string' ? imported : undefined;
}

/** Puts services together as a scope does. */
function combine(
  listeners: readonly Listener[],
): readonly { readonly service: Service; readonly became: Combination | 'first' }[] {
  const combined: { readonly service: Service; readonly became: Combination | 'first' }[] = [];
  let known: Service | undefined;
  for (const service of listeners.flatMap(({ imported }) => imported)) {
    const became = known === undefined ? 'first' : combination(known, service);
    if (!combined.some((each) => sameObject(each.service, service))) combined.push({ service, became });
    if (known === undefined || became === 'replaces') known = service;
    else if (became === 'adds-ports') known = withPortsOf(known, service);
  }
  return combined;
}
