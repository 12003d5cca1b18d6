/** Where a decoder is in a document, and what it found wrong there. */
import type { Finding } from '../validation/finding.js';
import { describeValue } from './describe.js';

/**
 * A place in a document. Places form a chain up to the document, so that the text of a path is only put together
 * for the few places where something is wrong.
 */
export class Cursor {
  readonly #parent: Cursor | undefined;
  readonly #segment: string;
  readonly #findings: Finding[];

  private constructor(parent: Cursor | undefined, segment: string, findings: Finding[]) {
    this.#parent = parent;
    this.#segment = segment;
    this.#findings = findings;
  }

  /** The document as a whole; `prefix` is the path of the document in what holds it, such as `items[3]`. */
  static root(prefix = ''): Cursor {
    return new Cursor(undefined, prefix, []);
  }

  /** A field of the message at this place. */
  field(name: string): Cursor {
    return new Cursor(this, name, this.#findings);
  }

  /** An item of the list at this place. */
  item(index: number): Cursor {
    return new Cursor(this, `[${index}]`, this.#findings);
  }

  /** A value of the map at this place. Keys that are not plain words are written in brackets. */
  key(key: string): Cursor {
    return new Cursor(this, /^[\w-]+$/.test(key) ? key : `[${key}]`, this.#findings);
  }

  /** Everything that was found in the document, in the order of the document's decoders. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Whether anything was found that refuses the document. */
  get failed(): boolean {
    return this.#findings.some(({ severity }) => severity === 'error');
  }

  /** The path as text, such as `spec.ports[0].number`. */
  get path(): string {
    const above = this.#parent?.path ?? '';
    if (above === '' || this.#segment === '') return above + this.#segment;
    return this.#segment.startsWith('[') ? above + this.#segment : `${above}.${this.#segment}`;
  }

  /** Says that the value here refuses the document. */
  error(message: string): void {
    this.#findings.push({ severity: 'error', path: this.path, message });
  }

  /** Says that something here is doubtful. */
  warn(message: string): void {
    this.#findings.push({ severity: 'warning', path: this.path, message });
  }

  /** Says that the value here is not what it has to be. */
  mismatch(expected: string, found: unknown): void {
    this.error(`expected ${expected}, found ${describeValue(found)}${quoteHint(expected, found)}`);
  }
}

/** Numbers and words such as `on` and `no` are not strings in YAML unless they are quoted. */
function quoteHint(expected: string, found: unknown): string {
  const scalar = typeof found === 'number' || typeof found === 'boolean';
  return scalar && expected.startsWith('a string') ? '; put it in quotes' : '';
}
