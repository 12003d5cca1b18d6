/** Gathers what is worth telling about an answer's resources, each thing once with how often it was met. */
import type { Unknown, UnknownReporter } from '../../envoy/json-canonical.js';

const says: Readonly<Record<Unknown['what'], string>> = {
  type: 'is a type that is not known here: compared by its bytes, or by its JSON where a dump has that',
  field: 'is a field that is not known here, of another version perhaps: compared by its bytes or JSON',
  value: 'has a value that is not understood here: compared as it stands',
};

/** What was not known in the answers of one side. */
export class UnknownNotes {
  readonly #source: string;
  readonly #met = new Map<string, { readonly unknown: Unknown; readonly first: string; count: number }>();

  constructor(source: string) {
    this.#source = source;
  }

  /** A reporter for what is met in one resource. */
  in(resource: string): UnknownReporter {
    return (unknown) => {
      const key = `${unknown.what} ${unknown.name}`;
      const known = this.#met.get(key);
      if (known === undefined) this.#met.set(key, { unknown, first: resource, count: 1 });
      else known.count += 1;
    };
  }

  /** A sentence for each thing. */
  sentences(): string[] {
    return [...this.#met.values()].map(
      ({ unknown: { what, name }, first, count }) =>
        `${this.#source}: ${name} ${says[what]} (${count === 1 ? first : `${count} times, first in ${first}`})`,
    );
  }
}
