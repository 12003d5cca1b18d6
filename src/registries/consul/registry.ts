/** The watch: what is asked of Consul, and when. Everything that is the same for all registries is done by the kit. */
import { map, merge, Observable, Subject } from 'rxjs';
import {
  type AdapterContext,
  heartbeat,
  inParts,
  longPolling,
  type LongPollingOptions,
  type LongPollingReader,
  parseDuration,
  pause,
  type PollPosition,
  type ReadEvent,
} from '../../adapter/index.js';
import { ConsulClient } from './client.js';
import { serviceRecord } from './convert.js';
import type { ConsulSettings } from './options.js';
import { keyOf, nameOf, type Scope, scopeName, scopesOf } from './scope.js';
import { troubledServices, Troubles } from './troubles.js';

/** The catalog as a whole is looked at no more often than this: each look makes Consul walk through all of it. */
const listPace = 500;
/** How often the services of a peer are asked for, as that cannot be waited for. */
const peerPace = 5_000;
/** How long a cluster may be without a leader, as in an election, before that counts as no answer. */
const leaderless = 10_000;

/** Reads Consul while it is subscribed to. */
export function watchConsul(settings: ConsulSettings, context: AdapterContext): Observable<ReadEvent> {
  return new Observable((subscriber) => {
    const client = new ConsulClient(settings, context);
    const wake$ = new Subject<void>();
    const scopes = scopesOf(settings);
    const options: LongPollingOptions = {
      wait: parseDuration(settings.wait),
      resync: parseDuration(settings.resync),
      listPace,
      own: Math.floor(settings.blockingQueries / scopes.length),
      epoch: () => client.epoch,
      wake: wake$,
    };
    const readers = new Map(
      scopes.map((scope) => {
        const reader = readerOf(client, scope, settings, options, context);
        return [scopeName(scope), longPolling(reader, options, context)];
      }),
    );
    const beats = heartbeat(
      leaderQuestion(client, settings, context),
      { every: parseDuration(settings.heartbeat) },
      context,
    );
    const beating = beats.subscribe({
      next: (beat) => {
        if (beat.alive) wake$.next();
        else client.drop(beat.reason);
      },
      error: (error: unknown) => subscriber.error(error),
    });
    const [only] = readers.values();
    const reading = (readers.size === 1 && only !== undefined ? only : inParts(readers)).subscribe(
      subscriber,
    );
    return () => {
      reading.unsubscribe();
      beating.unsubscribe();
      client.end();
    };
  });
}

function readerOf(
  client: ConsulClient,
  scope: Scope,
  settings: ConsulSettings,
  options: LongPollingOptions,
  context: AdapterContext,
): LongPollingReader {
  const troubles = new Troubles();
  const overtaken$ = new Subject<string>();
  const { peer } = scope;
  const names =
    peer === undefined
      ? (at: PollPosition) => client.services(scope, at)
      : peerNames(client, peer, scope, context);
  const hints = merge(
    troubledServices(troubles, client, scope, options, context),
    overtaken$.pipe(map((name) => [name])),
  ).pipe(map((services) => services.map((name) => keyOf(scope, name))));
  return {
    list: async (at) => {
      const { index, value } = await names(at);
      troubles.keepOnly(value);
      return { index, value: value.map((name) => keyOf(scope, name)) };
    },
    service: async (key, at) => {
      const name = nameOf(scope, key);
      const { index, value } = await client.instances(name, scope, at);
      if (troubles.read(name, value)) overtaken$.next(name);
      return { index, value: serviceRecord(name, scope, value, settings) };
    },
    ...(peer === undefined ? { hints } : {}),
  };
}

/**
 * Peers' services cannot be waited for: they are asked for now and then. Each answer counts as a new one, so that those
 * without a query of their own are read again: nothing hints at them.
 */
function peerNames(
  client: ConsulClient,
  peer: string,
  scope: Scope,
  { scheduler }: AdapterContext,
): LongPollingReader['list'] {
  let index = 0;
  return async (at) => {
    if (at.index > 0) await pause(peerPace, scheduler, at.signal);
    const value = await client.imported(peer, scope, at.signal);
    index += 1;
    return { index, value };
  };
}

/** Asks for the leader; with stale reads any answer will do. */
function leaderQuestion(
  client: ConsulClient,
  { consistency }: ConsulSettings,
  { scheduler }: AdapterContext,
): (signal: AbortSignal) => Promise<void> {
  let hadOne = scheduler.now();
  return async (signal) => {
    const leader = await client.leader(signal);
    if (leader !== '' || consistency === 'stale') hadOne = scheduler.now();
    else if (scheduler.now() - hadOne > leaderless) throw new Error('the cluster has no leader');
  };
}
