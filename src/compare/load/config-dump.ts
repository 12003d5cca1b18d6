/**
 * Config dumps: what `/config_dump` of an Envoy and `/debug/config_dump` of an Istiod answer. What came over xDS
 * counts; what the bootstrap holds does not.
 */
import { canonicalJson } from '../../envoy/json-canonical.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../envoy/json-value.js';
import { typeUrls } from '../../envoy/type-urls.js';
import type { NodeDescription } from '../../mesh/node.js';
import { wholeAssignments, type EndpointDetail } from '../endpoint-detail.js';
import { assignmentNames } from '../references.js';
import { resourceName } from '../resources.js';
import { field, objectField, objectsField, textField } from './json-fields.js';
import { UnknownNotes } from './notes.js';
import type { Recorded } from './recorded.js';

/** Whether JSON is a config dump: `{"configs": [{"@type": "…ConfigDump", …}, …]}`. */
export function isConfigDump(json: Json): json is JsonObject {
  const configs = isJsonObject(json) ? json['configs'] : undefined;
  return (
    isJsonArray(configs) &&
    configs.length > 0 &&
    configs.every((config) => isJsonObject(config) && sectionOf(config) !== undefined)
  );
}

/** What a dump says; `source` names it in notes. */
export function readConfigDump(dump: JsonObject, source: string): Recorded {
  const sections = objectsField(dump, 'configs');
  const notes = new UnknownNotes(source);
  const more: string[] = [];
  const bootstraps = named(sections, 'BootstrapConfigDump');
  const bootstrap = bootstraps
    .map((section) => objectField(section, 'bootstrap'))
    .find((found) => found !== undefined);
  const node = nodeIn(bootstrap);
  const answer: Record<string, readonly JsonObject[]> = {};
  const missingTypes = new Map([['nds', 'has no names: the agent beside an Envoy is sent them']]);
  for (const [type, { section, read, without }] of Object.entries(parts)) {
    const found = named(sections, section);
    if (found.length === 0) {
      missingTypes.set(type, without);
      continue;
    }
    const { resources, warming } = read(found);
    if (warming > 0) more.push(`${source}: ${warming} of ${type} are not in force yet (warming)`);
    answer[type] = resources.map((resource) =>
      canonicalJson(typeUrls[type as keyof typeof parts], resource, notes.in(`${type} ${nameOf(resource)}`)),
    );
  }
  // Istiod writes an empty section in the place of a bootstrap that it does not have.
  const isIstiod = bootstraps.length > 0 && bootstrap === undefined;
  if (!isIstiod && answer['eds'] !== undefined && answer['cds'] !== undefined) {
    const fromEds = assignmentNames(answer['cds']);
    answer['eds'] = answer['eds'].filter((assignment) => fromEds.has(resourceName(assignment)));
  }
  return {
    description: isIstiod
      ? 'Istiod’s config_dump'
      : bootstrap === undefined
        ? 'config_dump'
        : 'Envoy’s config_dump',
    answer,
    missingTypes,
    endpoints: isIstiod ? wholeAssignments : envoyEndpoints(answer['cds'] === undefined),
    node,
    istioVersion: textField(objectField(objectField(bootstrap, 'node'), 'metadata'), 'ISTIO_VERSION'),
    notes: [...more, ...notes.sentences()],
  };
}

/** Without the clusters, it cannot be told which of them are from EDS. */
function envoyEndpoints(mixed: boolean): EndpointDetail {
  return { level: 'envoy', mixed };
}

interface Part {
  readonly section: string;
  readonly without: string;
  readonly read: (sections: readonly JsonObject[]) => {
    readonly resources: readonly JsonObject[];
    readonly warming: number;
  };
}

/** Where each type stands in a dump. */
const parts = {
  cds: {
    section: 'ClustersConfigDump',
    without: 'has no clusters',
    read: (sections) => {
      const active = sections.flatMap((section) => within(section, 'dynamic_active_clusters', 'cluster'));
      const warming = sections.flatMap((section) => within(section, 'dynamic_warming_clusters', 'cluster'));
      return { resources: newest(active, warming), warming: warming.length };
    },
  },
  eds: {
    section: 'EndpointsConfigDump',
    without: 'has no endpoints: ask for /config_dump?include_eds',
    read: (sections) => ({
      resources: sections.flatMap((section) =>
        within(section, 'dynamic_endpoint_configs', 'endpoint_config'),
      ),
      warming: 0,
    }),
  },
  lds: {
    section: 'ListenersConfigDump',
    without: 'has no listeners',
    read: (sections) => {
      const listeners = sections.flatMap((section) => objectsField(section, 'dynamic_listeners'));
      const state = (name: string): JsonObject[] =>
        listeners.flatMap((listener) => {
          const found = objectField(objectField(listener, name), 'listener');
          return found === undefined ? [] : [found];
        });
      const warming = state('warming_state');
      return { resources: newest(state('active_state'), warming), warming: warming.length };
    },
  },
  rds: {
    section: 'RoutesConfigDump',
    without: 'has no routes',
    read: (sections) => ({
      resources: sections.flatMap((section) => within(section, 'dynamic_route_configs', 'route_config')),
      warming: 0,
    }),
  },
} as const satisfies Readonly<Record<string, Part>>;

/** What was received last: what warms takes the place of what is in force under the same name. */
function newest(active: readonly JsonObject[], warming: readonly JsonObject[]): JsonObject[] {
  return [...new Map([...active, ...warming].map((resource) => [nameOf(resource), resource])).values()];
}

function within(section: JsonObject, list: string, name: string): JsonObject[] {
  return objectsField(section, list).flatMap((item) => {
    const found = objectField(item, name);
    return found === undefined ? [] : [found];
  });
}

function named(sections: readonly JsonObject[], name: string): JsonObject[] {
  return sections.filter((section) => sectionOf(section) === name);
}

function sectionOf(section: JsonObject): string | undefined {
  return /^type\.googleapis\.com\/envoy\.admin\.v\w+\.(\w+ConfigDump)$/.exec(
    textField(section, '@type') ?? '',
  )?.[1];
}

function nameOf(resource: JsonObject): string {
  return textField(resource, 'name') ?? textField(resource, 'cluster_name') ?? '';
}

/** The node that an Envoy sends, without the list of what it is built with. */
function nodeIn(bootstrap: JsonObject | undefined): NodeDescription | undefined {
  const node = objectField(bootstrap, 'node');
  const id = textField(node, 'id');
  if (node === undefined || id === undefined) return undefined;
  const locality = objectField(node, 'locality');
  const agent = textField(node, 'user_agent_name');
  const cluster = field(node, 'cluster');
  return {
    id,
    ...(typeof cluster === 'string' && { cluster }),
    metadata: objectField(node, 'metadata') ?? {},
    ...(locality !== undefined && {
      locality: {
        region: textField(locality, 'region') ?? '',
        zone: textField(locality, 'zone') ?? '',
        sub_zone: textField(locality, 'sub_zone') ?? '',
      },
    }),
    ...(agent !== undefined && { user_agent_name: agent }),
  };
}
