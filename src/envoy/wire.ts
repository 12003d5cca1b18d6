/** Protobuf's wire format, as far as messages are put together from parts that are encoded already. */

/** A field of bytes or text: tag, length, content. The tag is a single byte, so field numbers are below 16. */
export function bytesField(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), varint(content.length), content]);
}

/** A field of text. */
export function stringField(tag: number, value: string): Buffer {
  return bytesField(tag, Buffer.from(value, 'utf8'));
}

/** An unsigned integer below 2^53 in protobuf's variable-length form. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Bytes that a field takes whose content has this length: tag, length, content. */
export function fieldLength(contentLength: number): number {
  let bytes = 2;
  for (let rest = contentLength; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes + contentLength;
}

/** Writes fields one after the other into memory that is there already. */
export class FieldWriter {
  /** Where the next byte is written. */
  at = 0;
  readonly #target: Buffer;

  constructor(target: Buffer) {
    this.#target = target;
  }

  /** Tag and length; the content is for the caller to write. */
  head(tag: number, contentLength: number): void {
    this.#target[this.at++] = tag;
    let rest = contentLength;
    while (rest > 0x7f) {
      this.#target[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#target[this.at++] = rest;
  }

  /** A field of text. */
  text(tag: number, value: string): void {
    this.head(tag, Buffer.byteLength(value));
    this.at += this.#target.write(value, this.at);
  }
}
