/** The pages of the console: health, metrics, and debug pages with Istiod's names and shapes (Istio reference 8.11). */
import type { AnyObject } from '../config/object.js';
import type { Snapshot } from '../mesh/snapshot.js';
import type { SotwStream } from '../xds/sotw-stream.js';
import type { Page, PageAnswer } from './http-server.js';
import type { PilotMetrics } from './metrics.js';
import { endpointzJson, serviceJson } from './service-json.js';
import { adszJson, synczJson } from './xds-json.js';

/** What the pages look at. */
export interface ConsoleSources {
  /** The snapshot that is served; undefined until there is one. */
  snapshot(): Snapshot | undefined;
  /** The configuration objects in force. */
  objects(): readonly AnyObject[];
  /** Why the server is not ready, one line each; empty when it is. */
  notReady(): readonly string[];
  streams(): Iterable<SotwStream>;
  readonly metrics: PilotMetrics;
}

/** All pages. */
export function consolePages(sources: ConsoleSources): Page[] {
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
      help: 'connected proxies and what they watch',
      answer: () => ({ body: { json: adszJson(sources.streams()) } }),
    },
    {
      path: '/debug/syncz',
      help: 'what each proxy was sent, acknowledged and refused (?namespace=)',
      answer: (query) => ({ body: { json: synczJson(sources.streams(), query.get('namespace')) } }),
    },
  ];
  return [
    { path: '/healthz', help: 'whether the process is alive', answer: () => ({ body: { text: 'ok\n' } }) },
    {
      path: '/readyz',
      help: 'whether every registry has been read',
      answer: () => readiness(sources.notReady()),
    },
    {
      path: '/metrics',
      help: 'metrics in Prometheus’ text form',
      answer: async () => ({ body: await sources.metrics.expose() }),
    },
    ...debug,
    {
      path: '/debug/list',
      help: 'the names of the debug pages',
      answer: () => ({ body: { json: [...debug.map(({ path }) => path), '/debug/list'].sort() } }),
    },
  ];
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
