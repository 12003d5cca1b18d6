/** What an adapter is: one value, exported as `adapter` by its module. */
import type { Observable, SchedulerLike } from 'rxjs';
import type { Logger } from '../base/logger.js';
import type { MappingRules } from './mapping.js';
import type { ReadEvent } from './read-event.js';

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What an adapter is given beside its settings. Nothing of it is global, so that tests can have clocks of their own. */
export interface AdapterContext {
  /** The registry's name: two registries of one type differ by it. */
  readonly name: string;
  readonly logger: Logger;
  /** What all waiting is done by. */
  readonly scheduler: SchedulerLike;
  /** A number from 0 to below 1, evenly spread. */
  readonly random: () => number;
  /** The environment, for credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths in settings are relative to. */
  readonly folder: string;
}

/** An adapter for one type of registry. */
export interface Adapter<Settings = unknown> {
  /** What settings files and `--registry` call it, and the provider of its services: lower case, `consul`. */
  readonly type: string;
  /** One line for people. */
  readonly summary: string;
  /**
   * The schema of its settings, an object; defaults in it are filled in. It is checked before `open`, and what is wrong
   * is told with the field's name. `connectionProperties` are the fields that every client of a server wants.
   */
  readonly settings: JsonSchema;
  /** Settings from the text of `--registry TYPE=TEXT`. @throws Error that says what would be right. */
  readonly fromText?: (text: string) => unknown;
  /** The mapping rules of its registry; what a registry's own settings say goes before them. */
  readonly mapping?: MappingRules | ((settings: Settings) => MappingRules);
  /**
   * Reads a registry. Nothing is to happen before the Observable is subscribed to, and everything is to end with the
   * subscription. It may be subscribed to again. An error or an end of it is a failed read: what was said stays.
   *
   * @throws Error for settings that fit the schema and cannot be used all the same; the registry is then not added.
   */
  readonly open: (settings: Settings, context: AdapterContext) => Observable<ReadEvent>;
}

/** Types an adapter; returns it as it is. */
export function defineAdapter<Settings>(adapter: Adapter<Settings>): Adapter<Settings> {
  return adapter;
}
