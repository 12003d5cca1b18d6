/** The connection of a cluster: made when it is needed, shared where its protocol allows, replaced when it fails. */
import { errorMessage } from '../base/errors.js';
import type { ConnectionSettings } from './access.js';
import { AddressOrder, addressText, serverAddresses, type ServerAddress } from './addresses.js';
import type { Connection } from './connection.js';
import { dial } from './dial.js';
import { Http1Connection } from './http1-connection.js';
import { Http2Connection } from './http2-connection.js';
import type { Timing } from './timing.js';

interface Shared {
  /** Settings as text: with others another connection is needed. */
  readonly key: string;
  readonly connection: Promise<Connection>;
}

/** A connection may end between its making and its use, but not every time. */
const claimAttempts = 3;

/** Makes connections to whichever address of a cluster answers. */
export class Connector {
  readonly #timing: Timing;
  readonly #order = new AddressOrder();
  readonly #open = new Set<Connection>();
  #shared: Shared | undefined;
  #closed = false;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /**
   * A connection on which one request can be sent. Certificates that were renewed make another connection; the one
   * before ends with the requests that it carries.
   * @throws Error that says of each address why it does not answer.
   */
  async claim(settings: ConnectionSettings): Promise<Connection> {
    const key = JSON.stringify(settings);
    for (let attempt = 0; attempt < claimAttempts; attempt += 1) {
      const shared = this.#shared?.key === key ? this.#shared : this.#share(key, settings);
      const connection = await shared.connection;
      if (connection.claim()) return connection;
      if (this.#shared === shared) this.#shared = undefined;
      if (!connection.exclusive) continue;
      const own = await this.#dialAny(settings);
      if (own.claim()) return own;
    }
    throw new Error('the server closes every connection as soon as it is made');
  }

  /** Ends every connection; none is made any more. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
  }

  #share(key: string, settings: ConnectionSettings): Shared {
    const before = this.#shared;
    before?.connection.then(
      (connection) => connection.retire(),
      () => undefined,
    );
    const connection = this.#dialAny(settings);
    const shared: Shared = { key, connection };
    this.#shared = shared;
    connection.catch(() => {
      if (this.#shared === shared) this.#shared = undefined;
    });
    return shared;
  }

  async #dialAny(settings: ConnectionSettings): Promise<Connection> {
    const addresses = await serverAddresses(settings.servers, settings.proxy === undefined);
    const failures: string[] = [];
    for (const address of this.#order.sort(addresses)) {
      if (this.#closed) break;
      try {
        return await this.#dialOne(address, settings);
      } catch (error) {
        this.#order.fail(address);
        failures.push(errorMessage(error));
      }
    }
    throw new Error(this.#closed ? 'the client was closed' : failures.join('; '));
  }

  async #dialOne(address: ServerAddress, settings: ConnectionSettings): Promise<Connection> {
    const { socket, protocol } = await dial(address, settings, this.#timing.connect);
    const connection =
      protocol === 'h2'
        ? new Http2Connection(socket, address.server, {
            ping: this.#timing.ping,
            pong: this.#timing.pong,
            onHang: () => this.#order.fail(address),
          })
        : new Http1Connection(socket, address.server);
    this.#open.add(connection);
    socket.once('close', () => this.#open.delete(connection));
    if (this.#closed) {
      connection.destroy();
      throw new Error(`${addressText(address)}: the client was closed`);
    }
    return connection;
  }
}
