/** Regular expressions, which Envoy evaluates with RE2 (Istio reference 10.5). */
import { RE2JS } from 're2js';
import { errorMessage } from '../../base/errors.js';
import { quote } from './finding.js';

const maxBytes = 1024;

/** What keeps a text from being a regular expression that Envoy takes: RE2 syntax, at most 1024 bytes. */
export function regexProblem(regex: string): string | undefined {
  const bytes = Buffer.byteLength(regex);
  if (bytes > maxBytes) return `regex has ${bytes} bytes; at most ${maxBytes} are allowed`;
  try {
    RE2JS.compile(regex);
    return undefined;
  } catch (thrown) {
    return `regex ${quote(regex)} is not RE2 syntax: ${errorMessage(thrown)}`;
  }
}
