/** Reading the body of an answer. */
import type { Readable } from 'node:stream';

/**
 * The chunks of a body. When nothing has come for a while the body is destroyed and reading fails.
 * @param limit milliseconds of silence.
 */
async function* chunks(body: Readable, limit: number): AsyncGenerator<Buffer, void, undefined> {
  const silent = (): void => {
    body.destroy(new Error(`nothing was heard for ${limit / 1000} s`));
  };
  let timer = setTimeout(silent, limit);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(silent, limit);
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** The whole body as text. @param limit milliseconds of silence until reading fails. */
export async function text(body: Readable, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks(body, limit)) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

const lineFeed = 0x0a;

/** The lines of a body as they come, each chunk's together, without those that are empty. @param limit as of `chunks`. */
export async function* lines(
  body: Readable,
  limit: number,
): AsyncGenerator<readonly string[], void, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks(body, limit)) {
    const found: string[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, begin)) {
      rest.push(chunk.subarray(begin, end));
      const line = (rest.length === 1 ? (rest[0] ?? Buffer.alloc(0)) : Buffer.concat(rest)).toString('utf8');
      if (line !== '') found.push(line);
      rest = [];
      begin = end + 1;
    }
    if (begin < chunk.length) rest.push(chunk.subarray(begin));
    if (found.length > 0) yield found;
  }
}
