/** An address that cannot be listened on. */
import { errorMessage, PilotError, systemErrorCode } from './errors.js';
import { joinHostPort } from './host-port.js';

/** What a failure to listen on `host:port` is told as: PORT_IN_USE or LISTEN_FAILED. */
export function listenError(host: string, port: number, cause: unknown): PilotError {
  const target = joinHostPort(host, port);
  return systemErrorCode(cause) === 'EADDRINUSE'
    ? new PilotError('PORT_IN_USE', `${target} is in use`, { cause })
    : new PilotError('LISTEN_FAILED', `cannot listen on ${target}: ${errorMessage(cause)}`, { cause });
}
