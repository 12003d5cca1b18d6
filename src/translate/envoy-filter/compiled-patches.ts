/**
 * The patches of EnvoyFilters with their values as messages. An EnvoyFilter of which a value is no message counts for
 * nothing, as Istio would have refused it.
 */
import { errorMessage } from '../../base/errors.js';
import type {
  ApplyTo,
  EnvoyFilterMatch,
  EnvoyFilterPatch,
  PatchContext,
  PatchOperation,
} from '../../config/kinds/envoy-filter.js';
import type { ConfigObject } from '../../config/object.js';
import { fromJson } from '../../envoy/json.js';
import { messageType, type MessageType } from '../../envoy/message-type.js';
import {
  Cluster,
  Listener,
  RouteConfiguration,
  TypedExtensionConfig,
  type ClusterShape,
  type FilterChainShape,
  type FilterShape,
  type HttpFilterShape,
  type ListenerFilterShape,
  type ListenerShape,
  type RouteConfigurationShape,
  type RouteShape,
  type TypedExtensionConfigShape,
  type VirtualHostShape,
} from '../../envoy/messages.js';
import type { EnvoyFilterSelection, ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { policyWorkload } from '../security/listener-policies.js';
import type { TranslationProblem } from '../translation.js';

/** The message that a patch of each kind holds. */
export interface PatchValues {
  LISTENER: ListenerShape;
  LISTENER_FILTER: ListenerFilterShape;
  FILTER_CHAIN: FilterChainShape;
  NETWORK_FILTER: FilterShape;
  HTTP_FILTER: HttpFilterShape;
  ROUTE_CONFIGURATION: RouteConfigurationShape;
  VIRTUAL_HOST: VirtualHostShape;
  HTTP_ROUTE: RouteShape;
  CLUSTER: ClusterShape;
  EXTENSION_CONFIG: TypedExtensionConfigShape;
}

/** What patches are applied to. */
export type PatchTarget = keyof PatchValues;

/** A patch. */
export interface Patch<T extends PatchTarget = PatchTarget> {
  readonly operation: PatchOperation;
  readonly match: EnvoyFilterMatch;
  /** Absent for a removal. */
  readonly value?: PatchValues[T];
}

/** All patches of a proxy, those for one kind of thing in the order in which they are applied. */
export interface PatchSet {
  /** @param context absent for those of every context */
  of<T extends PatchTarget>(target: T, context?: PatchContext): readonly Patch<T>[];
  readonly problems: readonly TranslationProblem[];
}

/** The types of the messages that patches hold. */
export const patchTypes = {
  LISTENER: Listener,
  LISTENER_FILTER: messageType('envoy.config.listener.v3.ListenerFilter'),
  FILTER_CHAIN: messageType('envoy.config.listener.v3.FilterChain'),
  NETWORK_FILTER: messageType('envoy.config.listener.v3.Filter'),
  HTTP_FILTER: messageType('envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter'),
  ROUTE_CONFIGURATION: RouteConfiguration,
  VIRTUAL_HOST: messageType('envoy.config.route.v3.VirtualHost'),
  HTTP_ROUTE: messageType('envoy.config.route.v3.Route'),
  CLUSTER: Cluster,
  EXTENSION_CONFIG: TypedExtensionConfig,
} as const satisfies Readonly<Record<PatchTarget, MessageType>>;

/** The patches of a proxy; undefined for one that has none. The same object as long as they are the same. */
export function patchesFor(context: ProxyContext, memo: Memo): PatchSet | undefined {
  const selection = patchSelection(context);
  if (selection === undefined) return undefined;
  return memo.group('patches').compute(selection.key, { selection }, ({ selection: made }) => compile(made));
}

/** The patches of a proxy as they are written. Patches are for Envoys only. */
export function patchSelection(context: ProxyContext): EnvoyFilterSelection | undefined {
  const { proxy, snapshot } = context;
  if (proxy.dialect === 'grpc') return undefined;
  return snapshot.envoyFilters.forProxy(proxy, policyWorkload(context));
}

interface CompiledPatch extends Patch {
  readonly target: PatchTarget;
}

type CompiledFilter = readonly (CompiledPatch | undefined)[];

function compile({ patches }: EnvoyFilterSelection): PatchSet {
  const filters = new Map<ConfigObject<'EnvoyFilter'>, CompiledFilter>();
  const problems: TranslationProblem[] = [];
  for (const filter of new Set(patches.map((patch) => patch.filter)))
    filters.set(filter, compiledFilter(filter, problems));
  const compiled = patches.flatMap(({ filter, index }) => filters.get(filter)?.[index] ?? []);
  const found = new Map<string, readonly Patch[]>();
  return {
    problems,
    of: <T extends PatchTarget>(target: T, context?: PatchContext): readonly Patch<T>[] => {
      const key = `${target} ${context ?? ''}`;
      const known =
        found.get(key) ?? compiled.filter((patch) => patch.target === target && isIn(patch, context));
      found.set(key, known);
      // Each patch is filed under the kind of its value.
      return known as readonly Patch<T>[];
    },
  };
}

function isIn({ match }: Patch, context: PatchContext | undefined): boolean {
  return context === undefined || match.context === context || match.context === 'ANY';
}

const compiledFilters = new WeakMap<
  ConfigObject<'EnvoyFilter'>,
  { readonly patches: CompiledFilter; readonly problems: readonly TranslationProblem[] }
>();

/** The patches of one EnvoyFilter by their places; compiled once, whoever has them. */
function compiledFilter(filter: ConfigObject<'EnvoyFilter'>, problems: TranslationProblem[]): CompiledFilter {
  let compiled = compiledFilters.get(filter);
  if (compiled === undefined) {
    compiled = compileFilter(filter);
    compiledFilters.set(filter, compiled);
  }
  problems.push(...compiled.problems);
  return compiled.patches;
}

function compileFilter({ metadata, spec }: ConfigObject<'EnvoyFilter'>) {
  const subject = `EnvoyFilter ${metadata.namespace}/${metadata.name}`;
  const problems: TranslationProblem[] = [];
  try {
    const patches = spec.configPatches.map((patch, index) =>
      compilePatch(patch, (field) => {
        problems.push({
          subject,
          message: `spec.configPatches[${index}].patch.value: unknown field ${field}`,
        });
      }),
    );
    return { patches, problems };
  } catch (error) {
    const message = `it is not in force: the value of a patch is no message of Envoy's: ${errorMessage(error)}`;
    return { patches: [], problems: [{ subject, message }] };
  }
}

const matchAll: EnvoyFilterMatch = { context: 'ANY' };

function compilePatch(
  { applyTo, match = matchAll, patch }: EnvoyFilterPatch,
  onUnknown: (field: string) => void,
): CompiledPatch | undefined {
  if (patch === undefined || !isTarget(applyTo) || match.context === 'WAYPOINT') return undefined;
  const { value } = patch;
  const operation = operationFor(applyTo, patch.operation);
  if (value === undefined) return { target: applyTo, operation, match };
  const type: MessageType = patchTypes[applyTo];
  return { target: applyTo, operation, match, value: fromJson(type, value, { onUnknown }) };
}

/** Neither the bootstrap, which is the agent's, nor nothing. */
function isTarget(applyTo: ApplyTo): applyTo is PatchTarget {
  return Object.hasOwn(patchTypes, applyTo);
}

const ordered: ReadonlySet<PatchTarget> = new Set([
  'HTTP_FILTER',
  'NETWORK_FILTER',
  'HTTP_ROUTE',
  'LISTENER_FILTER',
]);

/** To insert something where order does not matter is to add it. */
function operationFor(target: PatchTarget, operation: PatchOperation): PatchOperation {
  return operation.startsWith('INSERT_') && !ordered.has(target) ? 'ADD' : operation;
}

/** Whether a patch merges, and how lists are. */
export function listMerge({ operation }: Patch): 'append' | 'replace' | undefined {
  if (operation === 'MERGE') return 'append';
  return operation === 'MERGE_AND_REPLACE_LIST' ? 'replace' : undefined;
}
