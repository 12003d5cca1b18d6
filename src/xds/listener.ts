/** The port of the ADS server: it accepts connections, hands them on to gRPC, and can end them all. */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { systemErrorCode } from '../base/errors.js';
import { listenError } from '../base/listen-error.js';

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
    try {
      return await this.#bindAll(await lookup(host, { all: true }), port);
    } catch (error) {
      await this.close();
      throw listenError(host, port, error);
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

  async #bindAll(addresses: readonly LookupAddress[], port: number): Promise<number> {
    let bound = port;
    let lack: unknown;
    for (const { address } of addresses) {
      try {
        bound = await this.#bind(address, bound);
      } catch (error) {
        if (!lacking.has(systemErrorCode(error) ?? '')) throw error;
        lack = error;
      }
    }
    if (this.#servers.size === 0) throw lack;
    return bound;
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
