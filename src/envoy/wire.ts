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
