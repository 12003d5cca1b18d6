/** The port of the ADS server: it accepts connections, hands them on to gRPC, and can end them all. */
import { lookup } from 'node:dns/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { errorMessage, PilotError, systemErrorCode } from '../base/errors.js';
import { joinHostPort } from '../base/host-port.js';

/** Addresses of a name that a machine may lack, such as `::1` for `localhost`. */
const lacking = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

export interface ListenerEvents {
  /** A connection begins. */
  onConnection(socket: Socket): void;
  /** A connection could not be accepted. */
  onError(error: Error): void;
}

export class Listener {
  readonly #events: ListenerEvents;
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Socket>();
  /** Told when the last connection has ended. */
  readonly #waiting: (() => void)[] = [];

  constructor(events: ListenerEvents) {
    this.#events = events;
  }

  /**
   * Listens on every address that a host has; port 0 asks for a free one.
   * @returns the port
   * @throws PilotError PORT_IN_USE or LISTEN_FAILED
   */
  async listen(host: string, port: number): Promise<number> {
    const target = joinHostPort(host, port);
    try {
      const addresses = await lookup(host, { all: true });
      let bound = port;
      for (const [index, { address }] of addresses.entries()) {
        const isLast = index === addresses.length - 1;
        try {
          bound = await this.#bind(address, bound);
        } catch (error) {
          const canDoWithout = this.#servers.size > 0 || !isLast;
          if (!canDoWithout || !lacking.has(systemErrorCode(error) ?? '')) throw error;
        }
      }
      return bound;
    } catch (error) {
      await this.close();
      throw systemErrorCode(error) === 'EADDRINUSE'
        ? new PilotError('PORT_IN_USE', `${target} is in use`, { cause: error })
        : new PilotError('LISTEN_FAILED', `cannot listen on ${target}: ${errorMessage(error)}`, {
            cause: error,
          });
    }
  }

  /** Accepts no more connections. Those that there are go on; resolves when they have ended. */
  close(): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#servers.clear();
    return new Promise((resolve) => {
      if (this.#sockets.size === 0) resolve();
      else this.#waiting.push(resolve);
    });
  }

  /** Ends what connections there are, whatever their clients do. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #bind(address: string, port: number): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
      });
      this.#events.onConnection(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#events.onError(error));
        this.#servers.add(server);
        resolve((server.address() as AddressInfo).port);
      });
    });
  }
}
