/** LDS of routers: the listeners of their Gateways (Istio reference 7.8). */
import { SharedWork, type Piecewise } from '../../base/piecewise.js';
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { patchListeners } from '../envoy-filter/patched-resources.js';
import { listFields, listOf, type ListFields } from '../list-fields.js';
import { listenerName, mainWildcard } from '../listener/bind.js';
import type { Memo } from '../memo.js';
import { listenerPolicies } from '../security/listener-policies.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { portChains, type ChainsInMaking, type GatewayChain } from './chains.js';
import { gatewayContext, type GatewayContext, type GatewayView } from './gateway-view.js';
import { gatewayListener } from './listener.js';
import type { ServerPort } from './merged-servers.js';

/** The listeners of a router; the same resources for routers that have the same view. */
export function* translateGatewayListeners(
  context: ProxyContext,
  view: GatewayView,
  memo: Memo,
): Piecewise<Translation> {
  const gateway = gatewayContext(context, view);
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [
    ...view.servers.problems,
    ...listenerPolicies(context, memo).problems,
  ];
  for (const [number, ports] of portsByNumber(view.servers.ports)) {
    if (number < 1024 && view.view.unprivileged) {
      problems.push(privileged(number, ports));
      continue;
    }
    const made = yield* listenersOfNumber(ports, gateway, memo);
    resources.push(...made.resources);
    problems.push(...made.problems);
  }
  return patchListeners(context, { resources, problems }, 'GATEWAY', memo);
}

function portsByNumber(ports: readonly ServerPort[]): ReadonlyMap<number, readonly ServerPort[]> {
  const byNumber = new Map<number, ServerPort[]>();
  for (const port of ports) {
    const known = byNumber.get(port.number);
    if (known === undefined) byNumber.set(port.number, [port]);
    else known.push(port);
  }
  return byNumber;
}

function privileged(number: number, ports: readonly ServerPort[]): TranslationProblem {
  return {
    subject: `Gateway ${ports[0]?.servers[0]?.gateway ?? ''}`,
    message: `there is no listener on port ${number}: the gateway's Pod may not listen below 1024 (UNPRIVILEGED_POD)`,
  };
}

interface PortsInput extends GatewayContext, ListFields<ServerPort> {}

/** Ports of one number are made together, as they must not take the same connections. */
function* listenersOfNumber(
  ports: readonly ServerPort[],
  context: GatewayContext,
  memo: Memo,
): Piecewise<Translation> {
  const input: PortsInput = { ...context, ...listFields(ports) };
  const work = memo
    .group('gateway listeners')
    .compute(
      String(ports[0]?.number),
      input,
      (made: PortsInput) => new SharedWork(makeListeners(listOf(made), made, memo)),
    );
  return yield* work.result();
}

/** A listener as its chains come together. */
interface Entry {
  readonly bind: string;
  readonly port: number;
  readonly chains: GatewayChain[];
}

/** Ports of different protocols on one address share a listener. */
function* makeListeners(
  ports: readonly ServerPort[],
  context: GatewayContext,
  memo: Memo,
): Piecewise<Translation> {
  const making: ChainsInMaking = { taken: new Map(), problems: [] };
  const entries = new Map<string, Entry>();
  for (const port of ports) {
    const bind = port.bind === '' ? mainWildcard(context.view.families) : port.bind;
    const chains = yield* portChains(port, context, making, memo);
    const name = listenerName(bind, port.number);
    const entry = entries.get(name) ?? { bind, port: port.number, chains: [] };
    entry.chains.push(...chains);
    entries.set(name, entry);
  }
  const resources: EncodedResource[] = [];
  for (const entry of entries.values()) {
    // Envoy refuses a listener without chains.
    if (entry.chains.length > 0) resources.push(gatewayListener(entry, context));
    yield;
  }
  return { resources, problems: making.problems };
}
