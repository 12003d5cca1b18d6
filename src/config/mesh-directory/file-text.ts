/** Reading the text of files. */
import { readFile } from 'node:fs/promises';
import { errorMessage, systemErrorCode } from '../../base/errors.js';
import type { ScannedFile } from './scan.js';

/** Files above this size are refused, in bytes. */
const maxFileSize = 32 * 1024 * 1024;

/** How many files are read at a time. */
const batchSize = 32;

/** The text of a file, or why there is none. */
export type FileText =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'unreadable'; readonly reason: string }
  /** The file is not there any more. */
  | { readonly type: 'gone' };

/** Reads files in their order, a few at a time. */
export async function* readTexts(
  files: readonly ScannedFile[],
): AsyncGenerator<readonly [ScannedFile, FileText]> {
  for (let at = 0; at < files.length; at += batchSize) {
    const batch = files.slice(at, at + batchSize);
    const texts = await Promise.all(batch.map(readText));
    for (const [index, file] of batch.entries()) yield [file, texts[index] ?? { type: 'gone' }];
  }
}

async function readText({ location, size }: ScannedFile): Promise<FileText> {
  if (size > maxFileSize) {
    return {
      type: 'unreadable',
      reason: `the file has ${size} bytes and the limit is ${maxFileSize}; split it`,
    };
  }
  let bytes: Buffer;
  try {
    bytes = await readFile(location);
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT'
      ? { type: 'gone' }
      : { type: 'unreadable', reason: errorMessage(error) };
  }
  try {
    return { type: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { type: 'unreadable', reason: 'the file is not UTF-8 text' };
  }
}
