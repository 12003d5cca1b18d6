/** Errors that an API server answers with. */

/** What an API server says went wrong: the `Status` of its answer. */
export class ApiError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** One word of the API, such as `Expired` or `NotFound`; empty when it says none. */
  readonly reason: string;
  /** Milliseconds that the server asks to wait before the request is sent again. */
  readonly retryAfter: number;

  constructor(message: string, status: number, reason: string, retryAfter = 0) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/** Bytes of an answer that is no `Status`, for the message. */
const longestText = 300;

/**
 * The error of an answer.
 * @param what was asked for, for the message.
 * @param retryAfter the header of that name.
 */
export function apiError(what: string, status: number, text: string, retryAfter?: string): ApiError {
  const said = statusOf(text);
  const detail = said.message || text.trim().slice(0, longestText);
  const causes = (said.causes ?? []).map(({ reason }) => reason);
  return new ApiError(
    `${what}: ${status}${said.reason === '' ? '' : ` ${said.reason}`}${detail === '' ? '' : `: ${detail}`}`,
    status,
    causes.includes('ResourceVersionTooLarge') ? 'ResourceVersionTooLarge' : said.reason,
    (Number(retryAfter) || said.retryAfterSeconds) * 1000,
  );
}

/** Whether what was asked for is older than what the server still knows: a list has to be read anew. */
export function isExpired(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.status === 410 ||
      error.reason === 'Expired' ||
      error.reason === 'Gone' ||
      // The server knows less than it did: its data was restored from a copy.
      error.reason === 'ResourceVersionTooLarge')
  );
}

interface Status {
  readonly reason: string;
  readonly message: string;
  readonly retryAfterSeconds: number;
  readonly causes?: readonly { readonly reason?: string }[];
}

function statusOf(text: string): Status {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    if (value?.['kind'] !== 'Status') return noStatus;
    const details = value['details'] as
      { readonly retryAfterSeconds?: number; readonly causes?: Status['causes'] } | undefined;
    return {
      reason: typeof value['reason'] === 'string' ? value['reason'] : '',
      message: typeof value['message'] === 'string' ? value['message'] : '',
      retryAfterSeconds: details?.retryAfterSeconds ?? 0,
      ...(details?.causes === undefined ? {} : { causes: details.causes }),
    };
  } catch {
    // What answers is no API server, or something in front of it: its text is the message.
    return noStatus;
  }
}

const noStatus: Status = { reason: '', message: '', retryAfterSeconds: 0 };
