/**
 * The composition root: the file to read first. Every subscription of a running Pilotlight is made here.
 *
 *     directory, registries ─→ MeshState ─→ debounce ─→ snapshot ─→ PilotSource ─→ AdsServer ─→ proxies
 *                                                          └─→ console
 *
 * A change on disk or in a registry is reduced into the `MeshState`, gathered with others by `mergeUntilQuiet`,
 * becomes one snapshot, and is pushed to every stream; translation makes only what the change concerns anew.
 */
import {
  NEVER,
  ReplaySubject,
  Subject,
  catchError,
  filter,
  share,
  type Observable,
  type Subscription,
} from 'rxjs';
import { Disposables } from './base/disposables.js';
import { errorMessage } from './base/errors.js';
import { silentLogger, type Logger } from './base/logger.js';
import { watchMeshDirectory } from './config/mesh-directory/watch.js';
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import { ConsoleServer } from './console/http-server.js';
import { PilotMetrics } from './console/metrics.js';
import { consolePages } from './console/pages.js';
import { DirectoryReporter } from './directory-reporter.js';
import { connectDirectory } from './mesh/connect-directory.js';
import { mergeUntilQuiet } from './mesh/debounce.js';
import { MeshState, type MeshChange } from './mesh/mesh-state.js';
import { defaultMeshConfig } from './config/decode/mesh-config.js';
import { noMeshNetworks } from './config/mesh-config.js';
import { PilotSource } from './pilot-source.js';
import { shardKey, type ServiceRegistry } from './registry/registry.js';
import type { Address } from './settings/setting.js';
import { settings } from './settings/settings.js';
import { LoggingObserver, observers } from './xds-log.js';
import { AdsServer } from './xds/server.js';

/** What a Pilotlight is made from. What is not given has the default of its setting (docs/settings.md). */
export interface PilotOptions {
  /** A mesh directory to read and watch. */
  readonly directory?: string;
  /** Further registries, for embedders. */
  readonly registries?: readonly ServiceRegistry[];
  readonly xdsAddress?: Address;
  readonly httpAddress?: Address;
  /** Milliseconds of quiet before a push, and the longest wait for it. */
  readonly debounceAfter?: number;
  readonly debounceMax?: number;
  /** Milliseconds between two looks through the directory without notice. */
  readonly rescanInterval?: number;
  /** Milliseconds that streams may take to end. */
  readonly shutdownGrace?: number;
  readonly domainSuffix?: string;
  readonly autoAllocate?: 'status' | 'memory';
  /** Says nothing when absent. */
  readonly logger?: Logger;
}

/** A running Pilotlight. */
export interface Pilot {
  /** The real addresses, also where port 0 was asked for. */
  readonly xdsAddress: Address;
  readonly httpAddress: Address;
  /** Resolves once everything has been read and is served. */
  readonly ready: Promise<void>;
  /** The newest state of the directory; undefined without one or before it was read. */
  directoryState(): MeshDirectoryState | undefined;
  close(): Promise<void>;
}

/**
 * Starts to listen and to read. Streams are refused until everything has been read.
 * @throws PilotError PORT_IN_USE, LISTEN_FAILED; DIRECTORY_UNREADABLE through `ready`.
 */
export async function startPilot(given: PilotOptions): Promise<Pilot> {
  const options = { ...defaults, ...given };
  const { logger } = options;
  const owned = new Disposables();
  const metrics = new PilotMetrics();
  const directoryReporter = new DirectoryReporter(logger);

  const changes$ = new Subject<MeshChange>();
  const mesh = new MeshState((change) => changes$.next(change));
  owned.add(() => mesh.dispose());

  const source = new PilotSource(({ subject, message }) => logger.warn(message, { subject }));
  const ads = new AdsServer({ source, observer: observers(metrics, new LoggingObserver(logger)) });
  const web = new ConsoleServer(
    consolePages({
      snapshot: () => source.snapshot,
      objects: () => mesh.objects(),
      notReady: () => (source.ready() ? [] : notReadyReasons(mesh)),
      streams: () => ads.streams,
      metrics,
    }),
    logger,
  );

  try {
    const xdsAddress = {
      host: options.xdsAddress.host,
      port: await ads.listen(options.xdsAddress.host, options.xdsAddress.port),
    };
    owned.add(() => ads.close(options.shutdownGrace));
    const httpAddress = {
      host: options.httpAddress.host,
      port: await web.listen(options.httpAddress.host, options.httpAddress.port),
    };
    owned.add(() => web.close());

    let directoryState: MeshDirectoryState | undefined;
    const ready = new Promise<void>((resolve, reject) => {
      const update = (batch: readonly MeshChange[]): void => {
        const first = !source.ready();
        // Only the first snapshot waits for everyone: a registry that comes later must not hold up the others.
        if (first && !mesh.synced) return;
        const changed = rebuild(mesh, source, metrics, batch);
        if (first) resolve();
        else if (changed) {
          const reason = reasonOf(batch);
          logger.info('pushing a change', { reason, changes: batch.length, streams: ads.streams.size });
          ads.push({ reason, version: mesh.snapshot().version });
        }
      };
      const debounced = changes$
        .pipe(mergeUntilQuiet({ quietMs: options.debounceAfter, maxMs: options.debounceMax }))
        .subscribe(guarded(logger, update));
      owned.add(() => debounced.unsubscribe());

      if (options.directory !== undefined) {
        const states$ = shared(
          watchMeshDirectory(options.directory, {
            rescanInterval: options.rescanInterval,
            domainSuffix: options.domainSuffix,
          }),
        );
        // A directory that cannot be read at first ends `ready`; nobody else has to hear of it.
        const readable$ = states$.pipe(catchError(() => NEVER));
        const subscriptions: Subscription[] = [
          states$.subscribe({
            next: (state) => {
              directoryState = state;
              directoryReporter.report(state);
              metrics.documentsRefused(state.problems.filter(({ severity }) => severity === 'error').length);
            },
            error: reject,
          }),
          connectDirectory(mesh, readable$, { autoAllocate: options.autoAllocate }),
          // The first state is served at once; it need not become quiet first.
          readable$.pipe(filter(() => !source.ready())).subscribe(() => guarded(logger, update)([])),
        ];
        for (const subscription of subscriptions) owned.add(() => subscription.unsubscribe());
      } else {
        mesh.setMesh(defaultMeshConfig({ domainSuffix: options.domainSuffix }), noMeshNetworks);
      }
      for (const registry of options.registries ?? []) mesh.setRegistry(registry);
    });
    return {
      xdsAddress,
      httpAddress,
      ready,
      directoryState: () => directoryState,
      close: () => owned.dispose(),
    };
  } catch (error) {
    await owned.dispose();
    throw error;
  }
}

const defaults = {
  xdsAddress: settings.xdsAddress.default,
  httpAddress: settings.httpAddress.default,
  debounceAfter: settings.debounceAfter.default,
  debounceMax: settings.debounceMax.default,
  rescanInterval: settings.rescanInterval.default,
  shutdownGrace: settings.shutdownGrace.default,
  domainSuffix: settings.domainSuffix.default,
  autoAllocate: settings.autoAllocate.default,
  logger: silentLogger,
};

/** Puts the newest state together and lets the source serve it. Whether that is another one than before. */
function rebuild(
  mesh: MeshState,
  source: PilotSource,
  metrics: PilotMetrics,
  batch: readonly MeshChange[],
): boolean {
  const started = performance.now();
  const snapshot = mesh.snapshot();
  if (snapshot === source.snapshot) return false;
  metrics.snapshotBuilt(snapshot, (performance.now() - started) / 1000, reasonOf(batch));
  source.update(snapshot);
  return true;
}

function notReadyReasons(mesh: MeshState): string[] {
  const waiting = mesh.views().filter(({ synced }) => !synced);
  if (waiting.length === 0) return ['the configuration has not been read yet'];
  return waiting.map(
    (view) =>
      `${shardKey(view)}: ${view.status.state}${view.status.message === undefined ? '' : ` (${view.status.message})`}`,
  );
}

/** One word or a few for why a push is made: what changed, most frequent first. */
function reasonOf(batch: readonly MeshChange[]): string {
  const counts = new Map<string, number>();
  for (const { what } of batch) counts.set(what, (counts.get(what) ?? 0) + 1);
  const words = [...counts].sort((a, b) => b[1] - a[1]).map(([what]) => what);
  return words.length === 0 ? 'start' : words.join('+');
}

/** A subscriber whose failure is logged and ends nothing. */
function guarded<T>(logger: Logger, work: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      work(value);
    } catch (error) {
      logger.error('a change could not be put into force; what was served goes on being served', {
        error: errorMessage(error),
      });
    }
  };
}

/** One watch for all subscribers; each gets the newest value at once. */
function shared<T>(values$: Observable<T>): Observable<T> {
  return values$.pipe(share({ connector: () => new ReplaySubject<T>(1), resetOnRefCountZero: true }));
}
