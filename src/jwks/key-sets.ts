/**
 * The keys of RequestAuthentications that name where their keys are: fetched, kept, and fetched again from time to time,
 * as Istiod's JwksResolver does. A source of objects is extended so that its rules hold the keys; until they have been
 * fetched a rule stays as it was written, and no token of its issuer is accepted.
 */
import { Observable, Subscription } from 'rxjs';
import { Backoff } from '../base/backoff.js';
import { errorMessage } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { JwtRule } from '../config/kinds/security.js';
import {
  objectKey,
  refOf,
  type ConfigObject,
  type ObjectEvent,
  type ObjectSource,
} from '../config/object.js';
import { fetchKeys } from './fetch-keys.js';

export interface KeySetsOptions {
  /** Milliseconds after which keys are fetched again. */
  readonly refreshInterval: number;
  readonly logger: Logger;
  /** Milliseconds before the first new try after a failure, at the most; each further one waits twice as long. */
  readonly firstRetry?: number;
}

/** Milliseconds for a request where the rule has no `timeout`, as in Istiod. */
const defaultTimeout = 5000;
/** Milliseconds between two tries at the most. */
const longestRetry = 60_000;

/** One set of keys that rules need. */
interface KeySet {
  readonly rule: JwtRule;
  readonly abort: AbortController;
  /** As it was fetched last. */
  text: string | undefined;
  readonly backoff: Backoff;
  timer: NodeJS.Timeout | undefined;
}

/** How often keys were fetched, or could not be, since the start. */
export type FetchCounts = Readonly<Record<'fetched' | 'failed', number>>;

type Authentication = ConfigObject<'RequestAuthentication'>;

const noSets: ReadonlySet<string> = new Set();

export class KeySets {
  readonly #options: KeySetsOptions;
  readonly #sets = new Map<string, KeySet>();
  /** The names of the sets that each object needs, by the object's key. */
  readonly #needed = new Map<string, ReadonlySet<string>>();
  readonly #watchers = new Set<(name: string) => void>();
  readonly #subscription = new Subscription();
  readonly #counts = { fetched: 0, failed: 0 };

  constructor(options: KeySetsOptions) {
    this.#options = options;
  }

  /** What became of the fetches so far; those that nobody needed any more do not count. */
  get counts(): FetchCounts {
    return this.#counts;
  }

  /** The objects of a source, with keys in those that need them. */
  extend(source: ObjectSource): ObjectSource {
    this.#subscription.add(source.watch().subscribe((event) => this.#need(event)));
    return {
      cluster: source.cluster,
      name: source.name,
      watch: () =>
        new Observable((subscriber) => {
          const written = new Map<string, Authentication>();
          const onKeys = (name: string): void => {
            for (const object of written.values())
              if (setsOf(object).has(name))
                subscriber.next({ type: 'upsert', object: this.#withKeys(object) });
          };
          this.#watchers.add(onKeys);
          subscriber.add(() => this.#watchers.delete(onKeys));
          subscriber.add(
            source.watch().subscribe((event) => {
              if (event.type === 'removed') written.delete(objectKey(event.ref));
              if (event.type !== 'upsert' || event.object.kind !== 'RequestAuthentication') {
                subscriber.next(event);
                return;
              }
              written.set(objectKey(refOf(event.object)), event.object);
              subscriber.next({ type: 'upsert', object: this.#withKeys(event.object) });
            }),
          );
        }),
    };
  }

  /** Nothing is fetched any more. */
  dispose(): void {
    this.#subscription.unsubscribe();
    for (const name of [...this.#sets.keys()]) this.#forget(name);
  }

  #need(event: ObjectEvent): void {
    if (event.type === 'upsert' && event.object.kind === 'RequestAuthentication') {
      for (const rule of event.object.spec.jwtRules) this.#begin(rule);
      this.#needs(objectKey(refOf(event.object)), setsOf(event.object));
    } else if (event.type === 'removed' && event.ref.kind === 'RequestAuthentication') {
      this.#needs(objectKey(event.ref), noSets);
    }
  }

  /** Sets what an object needs; what nobody needs any more is forgotten. */
  #needs(key: string, names: ReadonlySet<string>): void {
    const before = this.#needed.get(key) ?? noSets;
    if (names.size === 0) this.#needed.delete(key);
    else this.#needed.set(key, names);
    const given = [...before].filter((name) => !names.has(name));
    if (given.length === 0) return;
    const needed = [...this.#needed.values()];
    for (const name of given) if (!needed.some((each) => each.has(name))) this.#forget(name);
  }

  #begin(rule: JwtRule): void {
    const name = setName(rule);
    if (name === undefined || this.#sets.has(name)) return;
    const { refreshInterval, firstRetry = 1000 } = this.#options;
    const set: KeySet = {
      rule,
      abort: new AbortController(),
      text: undefined,
      backoff: new Backoff({ first: firstRetry, most: Math.min(longestRetry, refreshInterval) }),
      timer: undefined,
    };
    this.#sets.set(name, set);
    void this.#fetch(name, set);
  }

  #forget(name: string): void {
    const set = this.#sets.get(name);
    if (set === undefined) return;
    this.#sets.delete(name);
    clearTimeout(set.timer);
    set.abort.abort();
  }

  /** Fetches a set, and again later. Keys that were fetched before stay when that fails. Never rejects. */
  async #fetch(name: string, set: KeySet): Promise<void> {
    const { logger, refreshInterval } = this.#options;
    const { jwksUri, issuer, timeout = defaultTimeout } = set.rule;
    let wait = refreshInterval;
    try {
      const text = await fetchKeys({ jwksUri, issuer, timeout }, set.abort.signal);
      if (set.abort.signal.aborted) return;
      this.#counts.fetched += 1;
      if (set.backoff.failures > 0) logger.info('keys for tokens can be fetched again', { issuer });
      set.backoff.reset();
      if (text !== set.text) {
        set.text = text;
        for (const watcher of [...this.#watchers]) watcher(name);
      }
    } catch (error) {
      if (set.abort.signal.aborted) return;
      this.#counts.failed += 1;
      if (set.backoff.failures === 0) {
        const consequence =
          set.text === undefined
            ? 'every token of the issuer is refused'
            : 'those fetched before stay in force';
        logger.warn(`keys for tokens cannot be fetched; ${consequence}`, {
          issuer,
          error: errorMessage(error),
        });
      }
      wait = set.backoff.next();
    }
    set.timer = setTimeout(() => void this.#fetch(name, set), wait);
    set.timer.unref();
  }

  /** The object with the keys that there are; itself when there are none for it. */
  #withKeys(object: Authentication): Authentication {
    const jwtRules = object.spec.jwtRules.map((rule) => {
      const name = setName(rule);
      const jwks = name === undefined ? undefined : this.#sets.get(name)?.text;
      return jwks === undefined ? rule : { ...rule, jwks };
    });
    const isSame = jwtRules.every((rule, index) => rule === object.spec.jwtRules[index]);
    return isSame ? object : { ...object, spec: { ...object.spec, jwtRules } };
  }
}

/** The name of the set that a rule needs fetched; undefined for one that holds its keys or says nothing of them. */
function setName({ jwks, jwksUri, issuer }: JwtRule): string | undefined {
  return jwks !== '' || (jwksUri === '' && issuer === '') ? undefined : `${jwksUri} ${issuer}`;
}

function setsOf({ spec }: Authentication): ReadonlySet<string> {
  return new Set(spec.jwtRules.flatMap((rule) => setName(rule) ?? []));
}
