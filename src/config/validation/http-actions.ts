/** What an HTTP route does: redirect, rewrite, answer, mirror (Istio reference 10.5). */
import type {
  HttpMatchRequest,
  HttpMirrorPolicy,
  HttpRedirect,
  HttpRewrite,
  HttpRoute,
} from '../kinds/virtual-service.js';
import { type FindingSink, quote } from './finding.js';
import { portNumberProblem } from './port.js';
import { regexProblem } from './regex.js';
import { validateDestination } from './route-destination.js';

const largeBody = 100 * 1024;
const maxBody = 1024 * 1024;

/** Checks a redirect of a route with matches: rewriting a prefix needs matches of prefixes (Istio reference 10.5). */
export function validateRedirect(
  redirect: HttpRedirect,
  matches: readonly HttpMatchRequest[],
  path: string,
  sink: FindingSink,
): void {
  const {
    uri = '',
    prefixRewrite = '',
    authority = '',
    scheme = '',
    port,
    derivePort,
    redirectCode = 0,
  } = redirect;
  if (uri !== '' && prefixRewrite !== '') {
    sink.error(path, 'uri and prefixRewrite exclude each other; keep one of them');
  }
  if (prefixRewrite !== '' && matches.some((match) => match.uri !== undefined && !('prefix' in match.uri))) {
    sink.error(
      `${path}.prefixRewrite`,
      'prefixRewrite needs matches of the uri by prefix, but there is one of another sort',
    );
  }
  if (
    uri === '' &&
    prefixRewrite === '' &&
    authority === '' &&
    scheme === '' &&
    (port ?? derivePort) === undefined
  ) {
    sink.error(path, 'redirect changes nothing; it needs uri, prefixRewrite, authority, scheme or a port');
  }
  if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    sink.error(`${path}.redirectCode`, `redirect code ${redirectCode} is not in 300..399`);
  }
  if (!['', 'http', 'https'].includes(scheme)) {
    sink.error(`${path}.scheme`, `scheme ${quote(scheme)} must be "http" or "https"`);
  }
  if (port !== undefined && port !== 0) sink.error(`${path}.port`, portNumberProblem(port));
}

/** Checks an answer that the proxy gives by itself (Istio reference 10.5). */
export function validateDirectResponse(
  response: NonNullable<HttpRoute['directResponse']>,
  path: string,
  sink: FindingSink,
): void {
  const { string = '', bytes } = response.body ?? {};
  const size = bytes === undefined ? Buffer.byteLength(string) : Buffer.byteLength(bytes, 'base64');
  if (size > maxBody) {
    sink.error(`${path}.body`, `body has ${size} bytes; at most ${maxBody} are allowed`);
  } else if (size > largeBody) {
    sink.warn(`${path}.body`, `body has ${size} bytes; more than ${largeBody} weigh on every proxy`);
  }
  sink.error(`${path}.status`, httpStatusProblem(response.status));
}

/** What keeps a number from being the status of an answer. Istio lets 600 pass, and so does this. */
export function httpStatusProblem(status: number): string | undefined {
  return status >= 200 && status <= 600 ? undefined : `HTTP status ${status} is not in 200..599`;
}

/** Checks a rewrite: a new path in one of two forms, a new authority, or both (Istio reference 10.5). */
export function validateRewrite(rewrite: HttpRewrite, path: string, sink: FindingSink): void {
  const { uri = '', authority = '', uriRegexRewrite } = rewrite;
  if (uri !== '' && uriRegexRewrite !== undefined) {
    sink.error(path, 'uri and uriRegexRewrite exclude each other; keep one of them');
  }
  if (uri === '' && authority === '' && uriRegexRewrite === undefined) {
    sink.error(path, 'rewrite changes nothing; it needs uri, uriRegexRewrite or authority');
  }
  if (uriRegexRewrite === undefined) return;
  if (uriRegexRewrite.match === '' || uriRegexRewrite.rewrite === '') {
    sink.error(`${path}.uriRegexRewrite`, 'uriRegexRewrite needs both match and rewrite');
  } else {
    sink.error(`${path}.uriRegexRewrite.match`, regexProblem(uriRegexRewrite.match));
  }
}

/** Checks the hosts that get copies of the requests (Istio reference 10.5). */
export function validateMirrors(mirrors: readonly HttpMirrorPolicy[], path: string, sink: FindingSink): void {
  for (const [index, { destination, percentage }] of mirrors.entries()) {
    const at = `${path}[${index}]`;
    if (destination === undefined) {
      sink.error(`${at}.destination`, 'destination is missing; a mirror needs one');
    } else {
      validateDestination(destination, `${at}.destination`, sink);
    }
    sink.error(`${at}.percentage`, mirrorPercentageProblem(percentage));
  }
}

/** What keeps a number from being the share of requests that are mirrored. */
export function mirrorPercentageProblem(percentage: number | undefined): string | undefined {
  if (percentage === undefined || (percentage >= 0 && percentage <= 100)) return undefined;
  return `mirror percentage ${percentage} is not in 0..100`;
}
