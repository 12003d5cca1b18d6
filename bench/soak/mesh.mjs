/** The changes of the mesh during a soak. */
import { probeAddress } from '../load/mesh.mjs';

/** How many services come and go. */
const addableServices = 20;

/** Adds and removes services beyond those that the server started with, and knows addresses never used. */
export class Mesh {
  /** @type {import('../load/servers.mjs').MeasuredServer} */
  #server;
  /** @type {number} */
  #services;
  /** @type {Set<number>} */
  #added = new Set();
  #step = 0;
  #probe = 0;
  serviceChanges = 0;

  /** @param {import('../load/servers.mjs').MeasuredServer} server @param {number} services */
  constructor(server, services) {
    this.#server = server;
    this.#services = services;
  }

  /** One that is not there comes, or one that is there goes. */
  async changeOneService() {
    // Steps of 7 through 20, so that services stay for different times.
    this.#step = (this.#step + 7) % addableServices;
    await this.#toggle(this.#services + this.#step);
  }

  async removeAddedServices() {
    for (const index of [...this.#added]) await this.#toggle(index);
  }

  /** Moves an endpoint that churn leaves alone: the address to look for, and the request that moves it. */
  nextProbe() {
    this.#probe += 1;
    const address = probeAddress(this.#probe);
    const service = this.#probe % this.#services;
    const url = this.#server.controlUrl(`/endpoint?service=${service}&at=1&address=${address}`);
    return { label: `probe-${this.#probe}`, address, fire: `POST ${url}` };
  }

  /** @param {number} index */
  async #toggle(index) {
    const isThere = this.#added.delete(index);
    if (!isThere) this.#added.add(index);
    await this.#server.ask('POST', `/${isThere ? 'remove' : 'add'}?service=${index}`);
    this.serviceChanges += 1;
  }
}
