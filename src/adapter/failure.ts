/** Failures of requests to a registry, and what is done about each kind. */
import { errorMessage, systemErrorCode } from '../base/errors.js';

/** How a failed request is to be taken. */
export type FailureKind =
  /** The server could not be reached, or failed itself: the next one is tried. */
  | 'unreachable'
  /** The credential was refused: it is read again, and the request is made once more if it is another one. */
  | 'unauthorized'
  /** Too many requests. */
  | 'limited'
  /** The request itself is wrong, or the answer is: no other server would do better. */
  | 'refused';

/** A request to a registry that failed. */
export class RequestFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestFailure';
    this.kind = kind;
  }

  /** Any thrown value as such a failure, with the server in its message. */
  static from(thrown: unknown, kind: FailureKind, server: URL): RequestFailure {
    return new RequestFailure(kind, `${server.host}: ${reasonOf(thrown)}`, { cause: thrown });
  }
}

/** The kind of a failure: as it says itself, by its HTTP status, else by Node's error code. */
export function failureKindOf(error: unknown): FailureKind {
  if (error instanceof RequestFailure) return error.kind;
  const status = statusOf(error);
  if (status !== undefined) return kindOfStatus(status);
  const code = systemErrorCode(error) ?? systemErrorCode(error instanceof Error ? error.cause : undefined);
  return code === undefined && !(error instanceof Error && error.name === 'AbortError')
    ? 'refused'
    : 'unreachable';
}

/** The kind of failure that an HTTP status is. */
export function kindOfStatus(status: number): FailureKind {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'limited';
  return status >= 500 || status === 408 ? 'unreachable' : 'refused';
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode, status } = error as { readonly statusCode?: unknown; readonly status?: unknown };
  return [statusCode, status].find((value): value is number => typeof value === 'number');
}

/** Errors of connections to several addresses have no message of their own. */
function reasonOf(thrown: unknown): string {
  const message = errorMessage(thrown);
  return message === '' ? (systemErrorCode(thrown) ?? 'it failed') : message;
}
