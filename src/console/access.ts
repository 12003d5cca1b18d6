/** Who may see debug pages, which show the whole mesh. */
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../base/loopback.js';

/** `loopback`: this machine alone. */
export type DebugAccess = 'loopback' | 'any';

/** What is looked at of a request. */
export type Requester = Pick<IncomingMessage, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/**
 * Why a request may not see debug pages, as one sentence; undefined when it may. Beside the peer's address the name
 * that was asked for counts: a browser on this machine that a web page has led here under a name of its own must not
 * show that page the mesh.
 */
export function debugRefusal(access: DebugAccess, { socket, headers }: Requester): string | undefined {
  if (access === 'any') return undefined;
  const peer = socket.remoteAddress ?? 'an unknown address';
  if (!isLoopback(peer))
    return `Debug pages are shown to this machine alone, and the request came from ${peer}; start the server with --debug-access any to show them to everyone.`;
  if (headers.host !== undefined && !isLoopback(hostName(headers.host)))
    return `Debug pages are shown to this machine alone, and the request asked for "${headers.host}"; ask for 127.0.0.1 or localhost, or start the server with --debug-access any to show them to everyone.`;
  return undefined;
}

/** The host of a Host header. */
function hostName(header: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header);
  return match?.[1] ?? match?.[2] ?? '';
}
