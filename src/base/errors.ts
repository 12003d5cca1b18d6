/**
 * Errors that reach a person. Everything that Pilotlight throws on purpose is a `PilotError`: it has a stable
 * code, says what failed and where, and what to do about it.
 */

/** The closed catalogue of error codes; docs/errors.md explains each. */
export const errorCodes = {
  USAGE: 'the command line or the settings cannot be used as they are',
  CONFIG_INVALID: 'a document of configuration was refused',
  DIRECTORY_UNREADABLE: 'the mesh directory cannot be read',
  PORT_IN_USE: 'an address to listen on is taken',
  LISTEN_FAILED: 'an address cannot be listened on',
  TLS_INVALID: 'a certificate, a key or a CA for TLS cannot be used',
  NODE_INVALID: 'an xDS node cannot be understood',
  REGISTRY_FAILED: 'a registry cannot be read',
  KUBECONFIG_INVALID: 'a kubeconfig, or the credentials that it names, cannot be used',
  CLUSTER_UNREADABLE: 'the API of a Kubernetes cluster cannot be read',
  COMPARE_FAILED: 'two control planes cannot be compared',
  STATUS_FAILED: 'a server cannot be asked for the status of its proxies',
  JWKS_UNREADABLE: 'the keys for tokens of an issuer cannot be fetched',
  JSON_INVALID: 'text is not the JSON form of the message that it should be',
  INTERNAL: 'a defect of Pilotlight itself',
} as const;

/** Stable identifier of a kind of failure. */
export type ErrorCode = keyof typeof errorCodes;

/** What a `PilotError` may carry beside its message. */
export interface PilotErrorOptions {
  /** What a person can do about it, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A failure with a stable code, a message that says what failed and where, and a hint what to do. */
export class PilotError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: PilotErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PilotError';
    this.code = code;
    this.hint = options.hint;
  }

  /**
   * Any thrown value as a `PilotError`: one that already is stays itself; everything else becomes INTERNAL with
   * the original as its cause.
   */
  static from(thrown: unknown, context?: string): PilotError {
    if (thrown instanceof PilotError) return thrown;
    const reason = errorMessage(thrown);
    return new PilotError('INTERNAL', context === undefined ? reason : `${context}: ${reason}`, {
      cause: thrown,
    });
  }
}

/** The message of any thrown value. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node.js system error such as ENOENT, or undefined. */
export function systemErrorCode(thrown: unknown): string | undefined {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return undefined;
}
