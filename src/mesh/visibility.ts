/** To whom `exportTo` shows something (Istio reference 0.1, 4.2). */

/** Entries of `exportTo`: `*` everybody, `.` the own namespace, `~` nobody, or the name of a namespace. */
export type ExportTo = ReadonlySet<string>;

/** Everybody. */
export const toEveryone = '*';
/** The namespace of the object itself. */
export const toOwnNamespace = '.';
/** Nobody. */
export const toNobody = '~';

/** What an object declares, or the mesh's default if it declares nothing. */
export function effectiveExportTo(declared: readonly string[], byDefault: ExportTo): ExportTo {
  return declared.length === 0 ? byDefault : new Set(declared);
}

/** The same with the own namespace by its name. */
export function withNamespaceNamed(exportTo: ExportTo, namespace: string): ExportTo {
  if (!exportTo.has(toOwnNamespace)) return exportTo;
  return new Set([...exportTo].map((entry) => (entry === toOwnNamespace ? namespace : entry)));
}

/** Whether something of a namespace is exported to another (or to itself), were it not for `~`. */
export function isExportedTo(exportTo: ExportTo, ownNamespace: string, namespace: string): boolean {
  return (
    exportTo.has(toEveryone) ||
    (namespace === ownNamespace && exportTo.has(toOwnNamespace)) ||
    exportTo.has(namespace)
  );
}

/** The namespaces that something is shown to: `*` outweighs everything else, and `~` everything but that. */
export function shownTo(exportTo: ExportTo, ownNamespace: string): 'everyone' | ExportTo {
  if (exportTo.has(toEveryone)) return 'everyone';
  return exportTo.has(toNobody) ? noNamespace : withNamespaceNamed(exportTo, ownNamespace);
}

const noNamespace: ExportTo = new Set();

/** Something by the namespaces that see it. Lists keep the order in which things are added. */
export class ExportTable<T> {
  readonly #public: T[] = [];
  readonly #exported = new Map<string, T[]>();

  /** Adds something. */
  add(value: T, exportTo: ExportTo, ownNamespace: string): void {
    const namespaces = shownTo(exportTo, ownNamespace);
    if (namespaces === 'everyone') {
      this.#public.push(value);
      return;
    }
    for (const namespace of namespaces) {
      const list = this.#exported.get(namespace);
      if (list === undefined) this.#exported.set(namespace, [value]);
      else list.push(value);
    }
  }

  /** What everybody sees. */
  get public(): readonly T[] {
    return this.#public;
  }

  /** What is shown to a namespace by its name, its own private things among it. */
  exportedTo(namespace: string): readonly T[] {
    return this.#exported.get(namespace) ?? [];
  }
}
