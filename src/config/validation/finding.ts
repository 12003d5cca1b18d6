/** What validation says of an object, and how rules say it. */
import type { Severity } from '../object.js';

/** Something wrong (an error refuses the object) or doubtful (a warning does not) in one object. */
export interface Finding {
  readonly severity: Severity;
  /** Field path such as `spec.ports[0].number`. */
  readonly path: string;
  /** What is wrong, with the value, and what would be right. */
  readonly message: string;
}

/**
 * Takes what the rules find. A check of one value answers with a message or undefined, so both methods take
 * undefined and then record nothing.
 */
export interface FindingSink {
  error(path: string, message: string | undefined): void;
  warn(path: string, message: string | undefined): void;
}

/** A sink that keeps what it is given, in the order in which it is given. */
export class FindingList implements FindingSink {
  readonly #findings: Finding[] = [];

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  error(path: string, message: string | undefined): void {
    this.#add('error', path, message);
  }

  warn(path: string, message: string | undefined): void {
    this.#add('warning', path, message);
  }

  #add(severity: Severity, path: string, message: string | undefined): void {
    if (message !== undefined) this.#findings.push({ severity, path, message });
  }
}

/** A sink that hands on errors and drops warnings, for the places where Istio does not warn (Istio reference 10.5). */
export function errorsOnly(sink: FindingSink): FindingSink {
  return { error: (path, message) => sink.error(path, message), warn: () => undefined };
}

/** A value in quotes, for messages. */
export function quote(value: string): string {
  return JSON.stringify(value);
}

/** The path of a map's value. Keys that are not plain words are written in brackets. */
export function keyPath(path: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${key}]`;
}
