/**
 * The objects of one resource: what the API said of each, decoded and validated as every document is. An object that
 * is refused keeps its last valid version. Nothing of an object is kept but what Pilotlight reads.
 */
import { deepEqual } from '../../base/compare.js';
import { errorMessage } from '../../base/errors.js';
import type { RawObject } from '../../kubernetes/list-watch.js';
import { isOlderVersion } from '../../kubernetes/resource-version.js';
import { decodeDocument, objectLabel } from '../decode/document.js';
import { refOf, type AnyObject, type Kind, type ObjectEvent, type Origin, type Problem } from '../object.js';

/** What a client wrote last as a whole, kept by kubectl for itself: as long as the object, and never read. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** Kinds whose fields the API server knows better than Pilotlight does: nothing doubtful is said of them. */
const serversOwnKinds: ReadonlySet<Kind> = new Set<Kind>([
  'Namespace',
  'Node',
  'Service',
  'Pod',
  'EndpointSlice',
]);

interface Entry {
  /** Tells one state of an object from another. */
  readonly identity: string;
  /** The last valid version, if there ever was one. */
  readonly object: AnyObject | undefined;
  readonly problems: readonly Problem[];
}

/** Who hears of what changes. Must not throw. */
export interface ObjectTableListener {
  /** Objects that are new, say something else, or are gone. */
  tell(event: ObjectEvent): void;
  /** What is wrong or doubtful with one object is not what it was. */
  found(before: readonly Problem[], now: readonly Problem[]): void;
}

const noProblems: readonly Problem[] = [];

/** Takes in what a list and a watch say, and tells what that changes. */
export class ObjectTable {
  readonly #kind: Kind;
  readonly #origin: Origin;
  readonly #listener: ObjectTableListener;
  readonly #counts: (raw: RawObject) => boolean;
  #entries = new Map<string, Entry>();
  /** Of a list that is not complete yet. */
  #pending = new Map<string, Entry>();
  /** Keys of objects that do not count, and of those in a list that is not complete yet. */
  #leftOut = new Set<string>();
  #pendingLeftOut = new Set<string>();
  /** `uid` and `resourceVersion` of what is listed cannot be relied upon. */
  #distrusting = false;
  #listVersion = '';

  /** The apiVersion that the objects are asked for in. */
  apiVersion = '';

  /** @param counts whether there is an object at all, as far as anybody is told. */
  constructor(
    kind: Kind,
    origin: Origin,
    listener: ObjectTableListener,
    counts: (raw: RawObject) => boolean = () => true,
  ) {
    this.#counts = counts;
    this.#kind = kind;
    this.#origin = origin;
    this.#listener = listener;
  }

  /** The objects in force. */
  *objects(): Generator<AnyObject> {
    for (const { object } of this.#entries.values()) if (object !== undefined) yield object;
  }

  /** How many objects there are, those that are refused included. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many objects there are that do not count. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  /** What is wrong or doubtful at present. */
  *problems(): Generator<Problem> {
    for (const { problems } of this.#entries.values()) yield* problems;
  }

  /** A list begins that shows everything as of a version. */
  beginList(version: string): void {
    this.#pending = new Map();
    this.#pendingLeftOut = new Set();
    // Where the server's data was restored from a copy, versions are given a second time.
    this.#distrusting = isOlderVersion(version, this.#listVersion);
    this.#listVersion = version;
  }

  /** One object of the list. */
  addListed(raw: RawObject): void {
    const key = keyOf(raw);
    if (!this.#counts(raw)) {
      this.#pendingLeftOut.add(key);
      return;
    }
    const before = this.#entries.get(key);
    const unchanged = before !== undefined && !this.#distrusting && before.identity === identityOf(raw);
    this.#pending.set(key, unchanged ? before : this.#entryOf(raw, before));
  }

  /** The list is complete: tells what differs, what is new or changed first. */
  endList(): void {
    const before = this.#entries;
    this.#entries = this.#pending;
    this.#pending = new Map();
    this.#leftOut = this.#pendingLeftOut;
    this.#pendingLeftOut = new Set();
    for (const [key, entry] of this.#entries) this.#tellChange(before.get(key), entry);
    for (const [key, entry] of before) if (!this.#entries.has(key)) this.#tellRemoval(entry);
  }

  /** An object is new or changed. */
  set(raw: RawObject): void {
    const key = keyOf(raw);
    if (!this.#counts(raw)) {
      this.delete(raw);
      this.#leftOut.add(key);
      return;
    }
    this.#leftOut.delete(key);
    const before = this.#entries.get(key);
    const entry = this.#entryOf(raw, before);
    this.#entries.set(key, entry);
    this.#tellChange(before, entry);
  }

  /** An object is gone. */
  delete(raw: RawObject): void {
    const key = keyOf(raw);
    const before = this.#entries.get(key);
    this.#entries.delete(key);
    this.#leftOut.delete(key);
    if (before !== undefined) this.#tellRemoval(before);
  }

  /** All objects are gone. */
  clear(): void {
    const before = this.#entries;
    this.#entries = new Map();
    this.#leftOut = new Set();
    for (const entry of before.values()) this.#tellRemoval(entry);
  }

  #tellChange(before: Entry | undefined, { object, problems }: Entry): void {
    const problemsBefore = before?.problems ?? noProblems;
    if (problems !== problemsBefore) this.#listener.found(problemsBefore, problems);
    if (object === undefined || object === before?.object) return;
    if (before?.object !== undefined && sameMeaning(before.object, object)) return;
    this.#listener.tell({ type: 'upsert', object });
  }

  #tellRemoval({ object, problems }: Entry): void {
    if (problems.length > 0) this.#listener.found(problems, noProblems);
    if (object !== undefined) this.#listener.tell({ type: 'removed', ref: refOf(object) });
  }

  #entryOf(raw: RawObject, before: Entry | undefined): Entry {
    const identity = identityOf(raw);
    const { object, problems } = this.#decode(raw);
    return { identity, object: object ?? before?.object, problems };
  }

  #decode(raw: RawObject): { readonly object?: AnyObject; readonly problems: readonly Problem[] } {
    const { namespace = '', name } = raw.metadata;
    const label = objectLabel({ kind: this.#kind, namespace, name });
    try {
      // The items of a list do not say what they are.
      const document = {
        ...raw,
        kind: this.#kind,
        apiVersion: this.apiVersion,
        metadata: stripped(raw.metadata),
      };
      const [decoded] = decodeDocument(document, this.#origin);
      if (decoded === undefined) return { problems: noProblems };
      const problems = decoded.findings
        .filter(({ severity }) => severity === 'error' || !serversOwnKinds.has(this.#kind))
        .map((finding): Problem => ({ ...finding, file: this.#origin.source, object: label }));
      const found = problems.length === 0 ? noProblems : problems;
      return decoded.type === 'object' ? { object: decoded.object, problems: found } : { problems: found };
    } catch (error) {
      // A defect that one object brings to light must not take the other objects along.
      const message = `the object cannot be checked: ${errorMessage(error)}`;
      return {
        problems: [{ severity: 'error', file: this.#origin.source, object: label, path: '', message }],
      };
    }
  }
}

function keyOf({ metadata: { namespace = '', name } }: RawObject): string {
  return `${namespace}/${name}`;
}

function identityOf({ metadata: { uid = '', resourceVersion = '' } }: RawObject): string {
  return `${uid}/${resourceVersion}`;
}

/** Metadata without what is long and never read. */
function stripped(metadata: RawObject['metadata']): unknown {
  const { managedFields: _, annotations, ...rest } = metadata as Readonly<Record<string, unknown>>;
  if (typeof annotations !== 'object' || annotations === null || !(lastAppliedAnnotation in annotations))
    return { ...rest, annotations };
  const { [lastAppliedAnnotation]: __, ...kept } = annotations as Readonly<Record<string, unknown>>;
  return { ...rest, annotations: kept };
}

/** Whether two versions of an object say the same, whatever their number and the version of their kind. */
function sameMeaning(a: AnyObject, b: AnyObject): boolean {
  const { resourceVersion: _a, ...metadataOfA } = a.metadata;
  const { resourceVersion: _b, ...metadataOfB } = b.metadata;
  return deepEqual(metadataOfA, metadataOfB) && deepEqual(a.spec, b.spec);
}
