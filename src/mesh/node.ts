/** Reads the node of an xDS client: who it is and what it can do (Istio reference 8.2). */
import { isRecord } from '../base/is-record.js';
import { PilotError } from '../base/errors.js';
import { parseIp } from '../base/ip.js';
import type { Labels } from '../model/labels.js';
import type { Locality } from '../model/locality.js';
import type { Dialect, InterceptionMode, NodeMetadata, Proxy, ProxyType } from '../model/proxy.js';
import { dialectOf } from './dialect.js';

/** An xDS node as plain JSON values, with the field names of the proto; a locality's `subZone` may be written so too. */
export interface NodeDescription {
  readonly id: string;
  readonly cluster?: string;
  readonly metadata?: NodeMetadata;
  readonly locality?: {
    readonly region?: string;
    readonly zone?: string;
    readonly sub_zone?: string;
    readonly subZone?: string;
  };
  readonly user_agent_name?: string;
}

const proxyTypes: readonly ProxyType[] = ['sidecar', 'router', 'waypoint'];

const expectedForm =
  'The id must be <type>~<ip>~<name>~<domain>, for example sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local; ' +
  `the type is one of ${proxyTypes.join(', ')}.`;

/**
 * The proxy that a node describes. Metadata of a type that its key cannot have counts as absent.
 * @throws PilotError NODE_INVALID when the id has another form, or names no IP address and the metadata neither.
 */
export function proxyFromNode(node: NodeDescription): Proxy {
  const nodeId = textOf(node.id);
  const [type = '', address = '', name = '', dnsDomain = '', ...rest] = nodeId.split('~');
  if (nodeId.split('~').length < 4 || rest.length > 0) throw invalid(nodeId, 'does not have four parts');
  if (!isProxyType(type)) throw invalid(nodeId, `is of the type "${type}", which is not served`);
  const metadata = recordOf(node.metadata);
  const userAgent = textOf(node.user_agent_name);
  const dialect = dialectOf({ metadata, userAgent });
  return {
    nodeId,
    type,
    dialect,
    ipAddresses: ipAddresses(metadata, address, nodeId),
    name,
    dnsDomain,
    namespace: namespaceOf(metadata, dnsDomain),
    clusterId: textOf(metadata['CLUSTER_ID']),
    network: textOf(metadata['NETWORK']),
    nodeName: textOf(metadata['NODE_NAME']),
    serviceCluster: textOf(node.cluster),
    labels: labelsOf(metadata['LABELS']),
    staticLabels: labelsOf(metadata['STATIC_LABELS']),
    locality: localityOf(node.locality),
    interceptionMode: interceptionMode(metadata['INTERCEPTION_MODE'], dialect),
    istioVersion: textOf(metadata['ISTIO_VERSION']),
    requestedNetworkView: listOf(metadata['REQUESTED_NETWORK_VIEW']),
    dnsCapture: booleanOf(metadata['DNS_CAPTURE']),
    dnsAutoAllocate: booleanOf(metadata['DNS_AUTO_ALLOCATE']),
    sds: booleanOf(metadata['PILOTLIGHT_SDS']),
    userAgent,
    metadata,
  };
}

function invalid(nodeId: string, what: string): PilotError {
  return new PilotError('NODE_INVALID', `the node id "${nodeId}" ${what}`, { hint: expectedForm });
}

function isProxyType(text: string): text is ProxyType {
  return proxyTypes.some((type) => type === text);
}

/** Those of the metadata if all of them are addresses, else that of the id. */
function ipAddresses(metadata: NodeMetadata, fromId: string, nodeId: string): readonly string[] {
  const listed = listOf(metadata['INSTANCE_IPS']);
  if (listed.length > 0 && listed.every((address) => parseIp(address) !== undefined)) return listed;
  if (parseIp(fromId) === undefined) {
    throw invalid(
      nodeId,
      'has no IP address as its second part, and the metadata INSTANCE_IPS names none either',
    );
  }
  return [fromId];
}

/** That of the metadata, else the first part of a domain that has several. */
function namespaceOf(metadata: NodeMetadata, dnsDomain: string): string {
  const named = textOf(metadata['NAMESPACE']);
  if (named !== '') return named;
  const [first = '', ...others] = dnsDomain.split('.');
  return others.length > 0 ? first : '';
}

/** A plain Envoy has nothing beside it that would redirect connections, unless it says so. */
function interceptionMode(value: unknown, dialect: Dialect): InterceptionMode {
  if (value === 'REDIRECT' || value === 'TPROXY' || value === 'NONE') return value;
  return dialect === 'plain' ? 'NONE' : 'REDIRECT';
}

function localityOf(value: unknown): Locality {
  const locality = recordOf(value);
  return {
    region: textOf(locality['region']),
    zone: textOf(locality['zone']),
    subZone: textOf(locality['sub_zone']) || textOf(locality['subZone']),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function labelsOf(value: unknown): Labels {
  const entries = Object.entries(recordOf(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** A list as text with commas, which is how Istio's agent writes lists, or as a list. */
function listOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : textOf(value).split(',');
  return items.map((item) => textOf(item).trim()).filter((item) => item !== '');
}

const trueTexts: ReadonlySet<unknown> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/** A truth value as text, which is how Istio's agent writes it, or as itself. */
function booleanOf(value: unknown): boolean {
  return value === true || trueTexts.has(value);
}
