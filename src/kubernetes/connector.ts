/**
 * The connections of a cluster, over HTTP/1.1: each watch has its own, other requests use those that are there again.
 * HTTP/2, on which all could share one, is not used: the client for it in Node 20 ends the process now and then, by
 * damage to its memory, while much is read.
 */
import { Agent, request, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { errorMessage, systemErrorCode } from '../base/errors.js';
import type { ConnectionSettings } from './access.js';
import { AddressOrder, addressText, serverAddresses, type ServerAddress } from './addresses.js';
import { dial, keepAliveMs } from './dial.js';
import type { Timing } from './timing.js';

/** One request. */
export interface Call {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** The head of an answer, and its body as it comes. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Has to be read or destroyed. */
  readonly body: Readable;
}

/** No server of a cluster can be reached. The message says of each address why. */
export class Unreachable extends Error {}

/** The server closed a connection just when it was used again: it has not looked at the request. */
class Unanswered extends Error {}

/** How often a request is sent that meets such connections. */
const attempts = 3;

/** Connections that wait for the next request. */
const idleConnections = 4;

/** Sends requests to whichever address of a cluster answers. */
export class Connector {
  readonly #timing: Timing;
  readonly #order = new AddressOrder();
  readonly #sockets = new Map<Socket, ServerAddress>();
  #pool: { readonly key: string; readonly agent: PoolAgent } | undefined;
  #closed = false;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /**
   * Sends a request, and waits for the head of the answer. With other settings than before, such as certificates that
   * were renewed, connections are made anew; those before end with the requests that they carry.
   * @param signal ends the request, also while its answer is read.
   * @throws Unreachable; Error when the answer does not come, or not in time.
   */
  async send(call: Call, settings: ConnectionSettings, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#sendOnce(call, this.#agentOf(settings), signal);
      } catch (error) {
        const again = error instanceof Unanswered && call.method === 'GET' && !signal.aborted;
        if (!again || attempt === attempts) throw error;
      }
    }
  }

  /** Ends every connection; none is made any more. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #sendOnce({ method, path, headers, body }: Call, agent: Agent, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        agent,
        method,
        path,
        headers: headers as Record<string, string | string[]>,
        signal,
      });
      let address: ServerAddress | undefined;
      const limit = this.#timing.answer;
      let timer: NodeJS.Timeout | undefined;
      // An address that says nothing, or breaks off, comes last when there are others.
      const failed = (): void => {
        if (address !== undefined && !signal.aborted) this.#order.fail(address);
      };
      sent.once('socket', (socket) => {
        address = this.#sockets.get(socket);
        if (address !== undefined) sent.setHeader('host', address.server.host);
        const late = new Error(`no answer within ${limit / 1000} s`);
        timer = setTimeout(() => sent.destroy(late), limit);
        sent.end(body);
      });
      sent.once('response', (response) => {
        clearTimeout(timer);
        response.once('error', failed);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
      });
      sent.on('error', (error) => {
        clearTimeout(timer);
        if (sent.reusedSocket && systemErrorCode(error) === 'ECONNRESET') {
          reject(new Unanswered(error.message, { cause: error }));
          return;
        }
        failed();
        reject(error);
      });
    });
  }

  #agentOf(settings: ConnectionSettings): Agent {
    const key = JSON.stringify(settings);
    if (this.#pool?.key === key) return this.#pool.agent;
    this.#pool?.agent.retire();
    const agent = new PoolAgent(() => this.#dialAny(settings));
    this.#pool = { key, agent };
    return agent;
  }

  async #dialAny(settings: ConnectionSettings): Promise<Socket> {
    const failures: string[] = [];
    try {
      const addresses = await serverAddresses(settings.servers, settings.proxy === undefined);
      for (const address of this.#order.sort(addresses)) {
        if (this.#closed) break;
        try {
          return await this.#dialOne(address, settings);
        } catch (error) {
          this.#order.fail(address);
          failures.push(errorMessage(error));
        }
      }
    } catch (error) {
      failures.push(errorMessage(error));
    }
    throw new Unreachable(this.#closed ? 'the client was closed' : failures.join('; '));
  }

  async #dialOne(address: ServerAddress, settings: ConnectionSettings): Promise<Socket> {
    const socket = await dial(address, settings, this.#timing.connect);
    if (this.#closed) {
      socket.destroy();
      throw new Error(`${addressText(address)}: the client was closed`);
    }
    this.#sockets.set(socket, address);
    socket.once('close', () => this.#sockets.delete(socket));
    // Requests report what goes wrong; before and after them nobody has to know.
    socket.on('error', () => undefined);
    return socket;
  }
}

/** Connections that are equally good. */
class PoolAgent extends Agent {
  readonly #dial: () => Promise<Socket>;
  #retired = false;

  constructor(dialAny: () => Promise<Socket>) {
    super({ keepAlive: true, keepAliveMsecs: keepAliveMs, maxFreeSockets: idleConnections });
    this.#dial = dialAny;
  }

  /** Keeps no connection for further requests. */
  retire(): void {
    this.#retired = true;
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    if (callback !== undefined) callbackify(this.#dial)(callback);
  }

  override keepSocketAlive(socket: Socket): boolean {
    if (this.#retired) return false;
    super.keepSocketAlive(socket);
    return true;
  }
}
