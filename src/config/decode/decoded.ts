/** The outcome of decoding a document that stands for itself: mesh.yaml, networks.yaml, proxies.yaml. */
import { FindingList, type Finding, type FindingSink } from '../validation/finding.js';
import { Cursor } from './cursor.js';
import type { Decoder } from './decoder.js';

/** A value, absent when an error was found, and everything that was found. */
export interface Decoded<T> {
  readonly value?: T;
  readonly findings: readonly Finding[];
}

/** Decodes a whole document and checks what was decoded. An empty document holds the zero value. */
export function decodeWhole<T>(
  value: unknown,
  decoder: Decoder<T>,
  validate: (decoded: T, sink: FindingSink) => void,
): Decoded<T> {
  const at = Cursor.root();
  const decoded = value === undefined || value === null ? decoder.zero : decoder.decode(value, at);
  if (at.failed) return { findings: at.findings };
  const sink = new FindingList();
  validate(decoded, sink);
  const findings = [...at.findings, ...sink.findings];
  return findings.some(({ severity }) => severity === 'error') ? { findings } : { value: decoded, findings };
}
