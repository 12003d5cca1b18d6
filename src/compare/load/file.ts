/** The side that is a saved JSON file, known by its shape. */
import { readFile } from 'node:fs/promises';
import { canonicalJson } from '../../envoy/json-canonical.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../envoy/json-value.js';
import { typeNameOf, typeUrlOf } from '../../envoy/type-urls.js';
import { wholeAssignments, type EndpointDetail } from '../endpoint-detail.js';
import { asAnswer } from '../resources.js';
import { sideFailure, type Side } from '../side.js';
import { isConfigDump, readConfigDump } from './config-dump.js';
import { assignmentOf, isClusterStatus } from './host-statuses.js';
import { field, objectsField, textField } from './json-fields.js';
import { UnknownNotes } from './notes.js';
import type { Recorded } from './recorded.js';
import { recordedSide, recordedSides } from './recorded-side.js';

const acceptedShapes =
  'Accepted are: an Envoy’s /config_dump (with ?include_eds), its /clusters?format=json, an Istiod’s /debug/config_dump and /debug/edsz, the lists of `istioctl proxy-config clusters|endpoints|eds|listeners|routes|all … -o json`, and `pilotlight xds … -o json` for one proxy or several.';

/**
 * Reads a file.
 * @throws PilotError COMPARE_FAILED that says what was found when it is no JSON or of no shape that is known
 */
export async function fileSide(path: string): Promise<Side> {
  const json = await readJson(path);
  const byName = isJsonObject(json) ? answersByName(json) : undefined;
  if (byName !== undefined) {
    const records = [...byName].map(([name, answer]) => [name, ownAnswer(answer, path)] as const);
    return recordedSides(path, new Map(records));
  }
  const recorded = recordedIn(json, path);
  if (recorded === undefined) throw sideFailure(path, `holds ${shapeOf(json)}`, undefined, acceptedShapes);
  return recordedSide(path, 'file', recorded);
}

async function readJson(path: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw sideFailure(path, 'cannot be read', error);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw sideFailure(path, 'is no JSON', error, acceptedShapes);
  }
}

function recordedIn(json: Json, source: string): Recorded | undefined {
  if (isConfigDump(json)) return readConfigDump(json, source);
  if (isJsonArray(json)) return listed(json, source);
  if (!isJsonObject(json)) return undefined;
  const statuses = objectsField(json, 'cluster_statuses');
  if (statuses.length > 0 && statuses.every(isClusterStatus)) return listed(statuses, source);
  const resources = objectsField(json, 'configs');
  if (resources.length > 0 && resources.every((resource) => typeOf(resource) !== undefined))
    return resourceDump(resources, source);
  return isAnswer(json) ? ownAnswer(json, source) : undefined;
}

/** The short name of the type that a resource names in its `@type`. */
function typeOf(resource: JsonObject): string | undefined {
  return typeNameOf(textField(resource, '@type') ?? '');
}

/** What Istiod answers to `/debug/config_dump?types=…` and `/debug/edsz`: resources without sections. */
function resourceDump(resources: readonly JsonObject[], source: string): Recorded {
  const notes = new UnknownNotes(source);
  const answer: Record<string, JsonObject[]> = {};
  for (const resource of resources) {
    const type = typeOf(resource) ?? '';
    (answer[type] ??= []).push(canonical(type, resource, notes));
  }
  return recorded('Istiod’s config_dump', answer, wholeAssignments, notes);
}

/** Lists by type, each under a short name: what `pilotlight xds` prints for one proxy. */
function isAnswer(json: Json): json is JsonObject {
  return (
    isJsonObject(json) &&
    Object.keys(json).length > 0 &&
    Object.keys(json).every((key) => typeUrlOf(key) !== undefined && key === key.toLowerCase()) &&
    asAnswer(json) !== undefined
  );
}

function answersByName(json: JsonObject): ReadonlyMap<string, JsonObject> | undefined {
  const entries = Object.entries(json);
  const answers = entries.filter((entry): entry is [string, JsonObject] => isAnswer(entry[1]));
  return answers.length > 0 && answers.length === entries.length ? new Map(answers) : undefined;
}

function ownAnswer(json: JsonObject, source: string): Recorded {
  const notes = new UnknownNotes(source);
  const answer = Object.fromEntries(
    Object.entries(asAnswer(json) ?? {}).map(([type, resources]) => [
      type,
      resources.map((resource) => canonical(type, resource, notes)),
    ]),
  );
  return recorded('saved answer', answer, wholeAssignments, notes);
}

/** What tells the elements of istioctl's lists apart. */
const listShapes: readonly {
  readonly type: string;
  readonly description: string;
  readonly is: (item: JsonObject) => boolean;
  readonly endpoints: EndpointDetail;
  readonly convert?: (item: JsonObject) => JsonObject;
}[] = [
  {
    type: 'eds',
    description: 'list of hosts (istioctl proxy-config endpoints, /clusters)',
    is: isClusterStatus,
    endpoints: { level: 'hosts', mixed: true },
    convert: assignmentOf,
  },
  {
    type: 'eds',
    description: 'list of assignments (istioctl proxy-config eds)',
    is: (item) => textField(item, 'cluster_name') !== undefined,
    endpoints: { level: 'envoy', mixed: true },
  },
  {
    type: 'rds',
    description: 'list of route configurations (istioctl proxy-config routes)',
    is: (item) =>
      ['virtual_hosts', 'vhds', 'ignore_port_in_host_matching'].some(
        (name) => field(item, name) !== undefined,
      ),
    endpoints: wholeAssignments,
  },
  {
    type: 'lds',
    description: 'list of listeners (istioctl proxy-config listeners)',
    is: (item) =>
      ['address', 'filter_chains', 'api_listener'].some((name) => field(item, name) !== undefined),
    endpoints: wholeAssignments,
  },
  {
    type: 'cds',
    description: 'list of clusters (istioctl proxy-config clusters)',
    is: (item) =>
      ['type', 'cluster_type', 'connect_timeout', 'lb_policy', 'load_assignment', 'eds_cluster_config'].some(
        (name) => field(item, name) !== undefined,
      ),
    endpoints: wholeAssignments,
  },
];

function listed(items: readonly Json[], source: string): Recorded | undefined {
  const objects = items.filter(isJsonObject);
  if (objects.length === 0 || objects.length !== items.length) return undefined;
  // A static cluster without settings says too little of itself, so one element that does is enough.
  const shape = listShapes.find(({ is, convert }) =>
    convert === undefined ? objects.some(is) : objects.every(is),
  );
  if (shape === undefined) return undefined;
  const notes = new UnknownNotes(source);
  const { type, convert = (item: JsonObject) => item } = shape;
  const served = objects.filter((item) => !isOfIstiosBootstrap(type, item));
  const resources = served.map((item) => canonical(type, convert(item), notes));
  const made = recorded(shape.description, { [type]: resources }, shape.endpoints, notes);
  if (served.length === objects.length) return made;
  const left = objects.filter((item) => !served.includes(item)).map((item) => textField(item, 'name') ?? '');
  return {
    ...made,
    notes: [
      `${source}: ${left.join(', ')} are of the bootstrap of Istio's agent and are left out`,
      ...made.notes,
    ],
  };
}

/** istioctl lists what the agent's bootstrap holds beside what came over xDS (Istio reference 0.2). */
function isOfIstiosBootstrap(type: string, item: JsonObject): boolean {
  return (
    type === 'cds' &&
    ['xds-grpc', 'sds-grpc', 'prometheus_stats', 'agent'].includes(textField(item, 'name') ?? '')
  );
}

function canonical(type: string, resource: JsonObject, notes: UnknownNotes): JsonObject {
  const name = textField(resource, 'name') ?? textField(resource, 'cluster_name') ?? '';
  return canonicalJson(typeUrlOf(type) ?? '', resource, notes.in(`${type} ${name}`));
}

function recorded(
  description: string,
  answer: Recorded['answer'],
  endpoints: EndpointDetail,
  notes: UnknownNotes,
): Recorded {
  return {
    description,
    answer,
    endpoints,
    missingTypes: new Map(),
    node: undefined,
    istioVersion: undefined,
    notes: notes.sentences(),
  };
}

/** What a person is told of a file of no known shape. */
function shapeOf(json: Json): string {
  if (isJsonArray(json)) {
    const [first] = json;
    if (first === undefined) return 'an empty list, which does not say of what';
    return isJsonObject(first) ? `a list of objects with ${keysOf(first)}` : `a list of ${typeof first}`;
  }
  return isJsonObject(json)
    ? `an object with ${keysOf(json)}`
    : `no object and no list, but ${JSON.stringify(json).slice(0, 40)}`;
}

function keysOf(object: JsonObject): string {
  const keys = Object.keys(object);
  if (keys.length === 0) return 'nothing in it';
  return `${keys.slice(0, 8).join(', ')}${keys.length > 8 ? ', …' : ''}`;
}
