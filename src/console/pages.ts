/** The pages of the console: health, metrics, and debug pages with Istiod's names and shapes (Istio reference 8.11). */
import type { AnyObject } from '../config/object.js';
import type { Snapshot } from '../mesh/snapshot.js';
import { istioVersion, packageVersion } from '../base/version.js';
import type { ConnectedStream } from '../xds/status.js';
import type { Page, PageAnswer } from './http-server.js';
import type { PilotMetrics } from './metrics.js';
import { endpointzJson, serviceJson } from './service-json.js';
import { adszJson, connectionsJson, readStreamQuery, synczJson, type StreamQuery } from './xds-json.js';

/** What the pages look at. */
export interface ConsoleSources {
  /** The snapshot that is served; undefined until there is one. */
  snapshot(): Snapshot | undefined;
  /** The configuration objects in force. */
  objects(): readonly AnyObject[];
  /** Why the server is not ready, one line each; empty when it is. */
  notReady(): readonly string[];
  streams(): Iterable<ConnectedStream>;
  /** Brings every stream to the newest state, as after a change. */
  push(reason: string): void;
  readonly metrics: PilotMetrics;
  /** When the server was started, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** All pages, with further debug pages among them. */
export function consolePages(sources: ConsoleSources, more: readonly Page[] = []): Page[] {
  const debug: Page[] = [
    {
      path: '/debug/registryz',
      help: 'every service of every registry',
      answer: () => ofSnapshot(sources, ({ services }) => services.all.map(serviceJson)),
    },
    {
      path: '/debug/endpointz',
      help: 'every endpoint, by host, namespace and registry',
      answer: () => ofSnapshot(sources, endpointzJson),
    },
    {
      path: '/debug/configz',
      help: 'every configuration object in force',
      answer: () => ({ body: { json: sources.objects().map(configJson) } }),
    },
    {
      path: '/debug/adsz',
      help: 'connected clients and what they watch (?proxyID=, ?namespace=, ?all for all names); ?push=true pushes to all',
      answer: (query) => (asksForPush(query) ? push(sources) : ofStreams(sources, query, adszJson)),
    },
    {
      path: '/debug/connections',
      help: 'connected clients (?proxyID=, ?namespace=)',
      answer: (query) => ofStreams(sources, query, connectionsJson),
    },
    {
      path: '/debug/syncz',
      help: 'what each proxy was sent, accepted and refused, and how long ago (?proxyID=, ?namespace=)',
      answer: (query) => ofStreams(sources, query, synczJson),
    },
    ...more,
  ];
  return [
    {
      path: '/healthz',
      help: 'whether the process is alive',
      access: 'everyone',
      answer: () => ({ body: { text: 'ok\n' } }),
    },
    {
      path: '/readyz',
      access: 'everyone',
      help: 'whether every registry has been read',
      answer: () => readiness(sources.notReady()),
    },
    {
      path: '/metrics',
      access: 'everyone',
      help: 'metrics in Prometheus’ text form',
      answer: async () => ({ body: await sources.metrics.expose() }),
    },
    {
      path: '/version',
      help: 'which Pilotlight this is, and since when it runs',
      answer: () => ({ body: { json: versionJson(sources.startedAt) } }),
    },
    ...debug,
    {
      path: '/debug/list',
      help: 'the names of the debug pages',
      answer: () => ({ body: { json: debug.map(({ path }) => path.replace('/debug/', '')).sort() } }),
    },
  ];
}

/** Istio takes any value but an empty one for yes. */
function asksForPush(query: URLSearchParams): boolean {
  return (query.get('push') ?? '') !== '';
}

function push(sources: ConsoleSources): PageAnswer {
  const count = [...sources.streams()].length;
  sources.push('debug');
  return { body: { text: `Pushed to ${count} servers\n` } };
}

/** A page over the streams, or Istiod's answer when the one that is asked for is not connected. */
function ofStreams(
  sources: ConsoleSources,
  query: URLSearchParams,
  json: (streams: Iterable<ConnectedStream>, query: StreamQuery) => unknown,
): PageAnswer {
  const asked = readStreamQuery(query);
  if (asked.proxyId !== undefined && !isConnected(sources.streams(), asked.proxyId)) {
    const text = 'Proxy not connected to this Pilot instance. It may be connected to another instance.\n';
    return { status: 404, body: { text } };
  }
  return { body: { json: json(sources.streams(), asked) } };
}

function isConnected(streams: Iterable<ConnectedStream>, proxyId: string): boolean {
  for (const { identity } of streams) if (identity?.connectionId.includes(proxyId) === true) return true;
  return false;
}

function versionJson(startedAt: number): unknown {
  return {
    version: packageVersion(),
    istio: istioVersion,
    node: process.version,
    startedAt: new Date(startedAt).toISOString(),
  };
}

function readiness(reasons: readonly string[]): PageAnswer {
  return reasons.length === 0
    ? { body: { text: 'ok\n' } }
    : { status: 503, body: { text: `not ready:\n${reasons.join('\n')}\n` } };
}

function ofSnapshot(sources: ConsoleSources, json: (snapshot: Snapshot) => unknown): PageAnswer {
  const snapshot = sources.snapshot();
  return snapshot === undefined
    ? { status: 503, body: { text: 'nothing has been read yet\n' } }
    : { body: { json: json(snapshot) } };
}

function configJson({ kind, apiVersion, metadata, spec, origin }: AnyObject): unknown {
  const { name, namespace, labels, annotations, creationTime, resourceVersion } = metadata;
  const creationTimestamp = new Date(creationTime * 1000).toISOString();
  return {
    kind,
    apiVersion,
    metadata: { name, namespace, labels, annotations, creationTimestamp, resourceVersion },
    spec,
    origin,
  };
}
