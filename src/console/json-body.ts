/**
 * JSON for a page, a piece at a time, so that a page over thousands of services neither holds the event loop nor
 * stands in memory a second time as text; what must not be shown is taken out on the way.
 */
import { isPlainField, isSecretPair, redacted, redactedField } from './redact.js';

type Pieces = Generator<string, void, undefined>;

/** Lists and objects are parted down to this depth; what is below is one piece. */
const partedDepth = 2;

/** The text of a redacted value as JSON.stringify writes it, indented by two where it is to be pretty. */
export function* jsonPieces(value: unknown, pretty: boolean): Pieces {
  yield* pieces(value, 0, pretty);
}

function* pieces(value: unknown, depth: number, pretty: boolean): Pieces {
  if (depth < partedDepth && Array.isArray(value) && value.length > 0) yield* list(value, depth, pretty);
  else if (depth < partedDepth && isParted(value)) yield* record(value, depth, pretty);
  else yield whole(redacted(value), depth, pretty);
}

function* list(values: readonly unknown[], depth: number, pretty: boolean): Pieces {
  yield '[';
  for (const [index, value] of values.entries()) {
    yield `${index === 0 ? '' : ','}${lineBreak(depth + 1, pretty)}`;
    yield* pieces(value, depth + 1, pretty);
  }
  yield `${lineBreak(depth, pretty)}]`;
}

function* record(fields: Readonly<Record<string, unknown>>, depth: number, pretty: boolean): Pieces {
  const present = Object.keys(fields).filter((key) => fields[key] !== undefined);
  yield '{';
  for (const [index, key] of present.entries()) {
    yield `${index === 0 ? '' : ','}${lineBreak(depth + 1, pretty)}${JSON.stringify(key)}:${pretty ? ' ' : ''}`;
    if (isPlainField(key)) yield* pieces(fields[key], depth + 1, pretty);
    else yield whole(redactedField(key, fields[key]), depth + 1, pretty);
  }
  yield present.length === 0 ? '}' : `${lineBreak(depth, pretty)}}`;
}

/** Plain objects; whatever says itself how it becomes JSON is left in one piece, as is a pair with a secret in it. */
function isParted(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return false;
  return !('toJSON' in value) && !isSecretPair(value as Readonly<Record<string, unknown>>);
}

function whole(value: unknown, depth: number, pretty: boolean): string {
  const text: string | undefined = JSON.stringify(value, undefined, pretty ? 2 : undefined);
  if (text === undefined) return 'null';
  return pretty ? text.replaceAll('\n', lineBreak(depth, true)) : text;
}

function lineBreak(depth: number, pretty: boolean): string {
  return pretty ? `\n${'  '.repeat(depth)}` : '';
}
