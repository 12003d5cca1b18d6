/** Fetches the keys by which tokens are checked, as Istiod's JwksResolver does. */
import { errorMessage, PilotError } from '../base/errors.js';
import { isRecord } from '../base/is-record.js';
import { shortened } from '../base/shortened.js';

/** Where the keys of a rule are: at an address, or where the issuer says. */
export interface KeySetAddress {
  /** Empty: found by the issuer's OpenID configuration. */
  readonly jwksUri: string;
  readonly issuer: string;
  /** Milliseconds for each of the two requests. */
  readonly timeout: number;
}

const discoveryPath = '/.well-known/openid-configuration';
/** Bytes of an answer. Sets of keys have some thousands. */
const mostBytes = 1024 * 1024;
/** Characters of an answer that is an error. */
const longestAnswer = 100;

/**
 * The set of keys as it was answered.
 * @throws PilotError JWKS_UNREADABLE, whose message names the address.
 */
export async function fetchKeys(address: KeySetAddress, signal: AbortSignal): Promise<string> {
  const { issuer, timeout } = address;
  const uri = address.jwksUri === '' ? await discover(issuer, timeout, signal) : address.jwksUri;
  const text = await get(uri, timeout, signal);
  const set = parsed(text, uri);
  // A proxy would refuse its whole listener for keys that are none.
  if (!Array.isArray(set['keys']))
    throw unreadable(uri, 'the answer is no set of keys: it has no list "keys"');
  return text;
}

async function discover(issuer: string, timeout: number, signal: AbortSignal): Promise<string> {
  const uri = `${issuer.replace(/\/$/, '')}${discoveryPath}`;
  const { jwks_uri: found } = parsed(await get(uri, timeout, signal), uri);
  if (typeof found !== 'string') throw unreadable(uri, 'the answer names no "jwks_uri"');
  return found;
}

function parsed(text: string, uri: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable(uri, 'the answer is not JSON');
  }
  if (!isRecord(value)) throw unreadable(uri, 'the answer is no JSON object');
  return value;
}

async function get(uri: string, timeout: number, signal: AbortSignal): Promise<string> {
  if (!/^https?:\/\//i.test(uri)) throw unreadable(uri, 'is not an address of http or https');
  const request = new AbortController();
  const cancel = (): void => request.abort();
  const late = new Error(`no answer within ${timeout} ms`);
  const timer = setTimeout(() => request.abort(late), timeout);
  signal.addEventListener('abort', cancel);
  try {
    const response = await fetch(uri, { signal: request.signal });
    const text = await bodyOf(response);
    if (response.ok) return text;
    throw new Error(`status ${response.status}, ${JSON.stringify(shortened(text, longestAnswer))}`);
  } catch (error) {
    throw unreadable(uri, reasonOf(error), error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

async function bodyOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`the answer has more than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch` hides what failed in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : '';
  return `${errorMessage(error)}${cause}`;
}

function unreadable(uri: string, what: string, cause?: unknown): PilotError {
  return new PilotError('JWKS_UNREADABLE', `${uri}: ${what}`, { cause });
}
