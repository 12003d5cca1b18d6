/**
 * Objects as Kubernetes writes them, checked and typed: what every source of objects (a mesh directory, an API
 * server, an MCP server) hands on. An object that does not parse or validate never becomes one of these.
 */
import type { Observable } from 'rxjs';
import type { Labels } from '../model/labels.js';
import type { KindSpecs } from './kinds/index.js';

/** Where an object was read from. */
export interface Origin {
  /** The source: a directory's path, `kubernetes/<context>`. */
  readonly source: string;
  /** Path relative to the directory, for files. */
  readonly file?: string;
  /** 1-based line of the document's first line when the object last changed, for files. */
  readonly line?: number;
}

export interface ObjectMeta {
  readonly name: string;
  /** `default` when the document names none; empty for kinds without a namespace (Node, Namespace). */
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Seconds since the epoch, with the default of its source when the document has none. */
  readonly creationTime: number;
  readonly resourceVersion: string;
  readonly generateName?: string;
  readonly deletionTime?: number;
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly controller: boolean;
  }[];
}

/** A kind that Pilotlight reads. */
export type Kind = keyof KindSpecs;

/** One object. `spec` is everything of the document but metadata, decoded by the kind's schema. */
export interface ConfigObject<K extends Kind = Kind> {
  readonly kind: K;
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
  readonly spec: KindSpecs[K];
  readonly origin: Origin;
}

/** Every kind of object, told apart by `kind`. */
export type AnyObject = { [K in Kind]: ConfigObject<K> }[Kind];

/** Identity of an object in one source. */
export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** `Kind/namespace/name`. */
export function objectKey(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** The reference of an object. */
export function refOf(object: AnyObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name };
}

/** How bad a finding is: an error refuses the object, a warning does not. */
export type Severity = 'error' | 'warning';

/** Something that is wrong with a document, for a person to find and mend. */
export interface Problem {
  readonly severity: Severity;
  /** Path relative to the mesh directory, or the source's name. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** `Kind namespace/name`, when that much could be read. */
  readonly object?: string;
  /** Field path such as `spec.ports[0].number`; empty for the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** What a source says, as values over time. */
export type ObjectEvent =
  | { readonly type: 'upsert'; readonly object: AnyObject }
  | { readonly type: 'removed'; readonly ref: ObjectRef }
  /**
   * Everything that the source holds has been said; what it did not say since `watch` is gone. Said again when the
   * source can be read again after it had failed.
   */
  | { readonly type: 'synced' }
  /** The source, or a part of it, cannot be read at present; what it said keeps its force. */
  | { readonly type: 'failed'; readonly error: Error };

/**
 * A source of the objects of one Kubernetes cluster. `watch` is cold: each subscription gets everything that
 * there is, `synced`, and then what changes. It never errors and never completes by itself.
 */
export interface ObjectSource {
  /** Cluster id, `Kubernetes` for the primary one. */
  readonly cluster: string;
  /** For people: a path or a context's name. */
  readonly name: string;
  watch(): Observable<ObjectEvent>;
}
