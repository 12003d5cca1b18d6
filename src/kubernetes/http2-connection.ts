/**
 * HTTP/2: all requests and watches of a cluster share one connection. When nothing is heard on it for a while it is
 * asked for a sign of life, so that one that hangs silently is noticed, whatever hangs: a server, or what is between.
 */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Socket } from 'node:net';
import { NotProcessed, type Answer, type Call, type Connection } from './connection.js';

/** What is to be done when a connection has hung or ended. */
export interface Http2Options {
  /** Milliseconds, see `Timing`. */
  readonly ping: number;
  readonly pong: number;
  /** Nothing was heard in time. */
  readonly onHang: () => void;
}

/** How much may be under way without having been read: for each stream, and for all. */
const streamWindow = 4 * 1024 * 1024;
const connectionWindow = 32 * 1024 * 1024;
/** Megabytes; what is received is limited by the windows already. */
const sessionMemory = 1000;

export class Http2Connection implements Connection {
  readonly exclusive = false;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #options: Http2Options;
  readonly #authority: string;
  readonly #pinger: NodeJS.Timeout;
  #pongTimer: NodeJS.Timeout | undefined;
  #bytesHeard = 0;
  #goingAway = false;
  #failure: Error | undefined;

  /** @param socket on which HTTP/2 was agreed upon. */
  constructor(socket: Socket, server: URL, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#authority = server.host;
    this.#session = connect(server.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindow },
      maxSessionMemory: sessionMemory,
    });
    // A session may have been ended before it hears that it is connected; a call on one that is ended throws.
    this.#session.once('connect', () => {
      if (!this.#session.destroyed) this.#session.setLocalWindowSize(connectionWindow);
    });
    this.#session.on('goaway', () => {
      this.#goingAway = true;
    });
    // Each request that is under way is told by its own stream.
    this.#session.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#session.once('close', () => this.#stopTimers());
    this.#pinger = setInterval(() => this.#checkLife(), options.ping);
    this.#pinger.unref();
  }

  claim(): boolean {
    return !this.#goingAway && !this.#session.closed && !this.#session.destroyed;
  }

  send(call: Call, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      if (this.#session.closed || this.#session.destroyed) {
        reject(this.#failure ?? new NotProcessed('the connection was closed'));
        return;
      }
      const stream = this.#session.request(
        {
          ...(call.headers as Record<string, string | string[]>),
          ':method': call.method,
          ':path': call.path,
          ':authority': this.#authority,
        },
        { endStream: call.body === undefined },
      );
      // A request that is taken back before it was written, at the end of the turn, can crash Node 20 (heap
      // corruption, SIGABRT).
      let isWritten = false;
      const abort = (): void => {
        if (isWritten) stream.destroy(abortReason(signal));
        else reject(abortReason(signal));
      };
      setImmediate(() => {
        isWritten = true;
        if (signal.aborted) abort();
      });
      stream.once('close', () => signal.removeEventListener('abort', abort));
      stream.once('response', (headers) => resolve({ ...head(headers), body: stream }));
      stream.on('error', (error) => {
        const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
        if (refused) this.#goingAway = true;
        reject(refused ? new NotProcessed(error.message) : (this.#failure ?? error));
      });
      stream.once('close', () => reject(this.#failure ?? new Error('the connection was closed')));
      // A stream that is cut off ends like one that is complete, unless this is looked at.
      stream.once('aborted', () => this.#cutOff(stream));
      signal.addEventListener('abort', abort, { once: true });
      if (call.body !== undefined) stream.end(call.body);
    });
  }

  retire(): void {
    this.#goingAway = true;
    this.#session.close();
  }

  destroy(): void {
    this.#session.destroy(new Error('the connection was ended'), constants.NGHTTP2_CANCEL);
    this.#socket.destroy();
  }

  #cutOff(stream: ClientHttp2Stream): void {
    stream.destroy(this.#failure ?? new Error('the connection was cut off'));
  }

  #checkLife(): void {
    if (this.#pongTimer !== undefined || this.#session.destroyed) return;
    if (this.#heard()) return;
    const lost = (): void => {
      // What has arrived while this process was busy is read before this is called.
      setImmediate(() => {
        this.#pongTimer = undefined;
        if (!this.#heard() && !this.#session.destroyed) this.#hang();
      });
    };
    this.#pongTimer = setTimeout(lost, this.#options.pong);
    this.#pongTimer.unref();
    this.#session.ping((error) => {
      // A connection that ended has been noticed.
      clearTimeout(this.#pongTimer);
      this.#pongTimer = undefined;
      if (error === null) this.#heard();
    });
  }

  /** Whether anything was heard since this was asked last. */
  #heard(): boolean {
    const before = this.#bytesHeard;
    this.#bytesHeard = this.#socket.bytesRead;
    return this.#bytesHeard !== before;
  }

  #hang(): void {
    const seconds = (this.#options.ping + this.#options.pong) / 1000;
    this.#failure = new Error(`the connection hung: nothing was heard for ${seconds} s`);
    this.#options.onHang();
    this.#session.destroy(this.#failure);
    this.#socket.destroy();
  }

  #stopTimers(): void {
    clearInterval(this.#pinger);
    clearTimeout(this.#pongTimer);
  }
}

function head(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): Omit<Answer, 'body'> {
  return { status: headers[':status'] ?? 0, headers };
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('the request was ended');
}
