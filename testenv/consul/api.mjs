/** A plain client of a test Consul, for a test to change the catalog with. */
import { Agent } from 'node:http';
import { exchange } from '../exchange.mjs';

/**
 * An instance to register. `checks` are states by the ID of a check.
 * @typedef {{ node?: string, service: string, id: string, address: string, port: number, tags?: readonly string[],
 *   meta?: Readonly<Record<string, string>>, weights?: { Passing: number, Warning: number },
 *   checks?: Readonly<Record<string, string>>, more?: Readonly<Record<string, unknown>> }} Registration
 */

/** How many operations Consul takes in one transaction. */
const transactionSize = 64;

/** The node that instances are registered at unless they name one; no agent runs there. */
export const outsideNode = 'outside';

/** Asks one agent as one token, with few connections: an agent takes 200 of all programs together. */
export class ConsulApi {
  #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  #url;
  #token;

  /** @param {{ url: string, token?: string | undefined }} options */
  constructor({ url, token }) {
    this.#url = url;
    this.#token = token;
  }

  /**
   * @param {string} method @param {string} path after /v1 @param {unknown} [body]
   * @returns {Promise<any>} the answer's JSON
   */
  async ask(method, path, body) {
    const headers = this.#token === undefined ? {} : { 'x-consul-token': this.#token };
    const sent = { method, agent: this.#agent, headers, body };
    const { status, text } = await exchange(new URL(`${this.#url}/v1${path}`), sent);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Registers instances as nodes outside of any agent have them. @param {readonly Registration[]} instances */
  async register(instances) {
    // Each of them once: Consul looks at all services of a node that is set.
    const nodes = [...new Set(instances.map(({ node = outsideNode }) => node))];
    await this.#transactInPieces(nodes.map((node) => [nodeOperation(node)]));
    await this.#transactInPieces(instances.map(registerOperations));
  }

  /** Takes instances away. @param {readonly Pick<Registration, 'node' | 'service' | 'id'>[]} instances */
  async deregister(instances) {
    await this.#transactInPieces(
      instances.map(({ node = outsideNode, service, id }) => [
        { Service: { Verb: 'delete', Node: node, Service: { ID: id, Service: service } } },
      ]),
    );
  }

  /** Sets the state of one check of an instance. @param {Registration} instance @param {string} id @param {string} state */
  async setCheck(instance, id, state) {
    await this.#transact([checkOperation(instance, id, state)]);
  }

  /** Takes a check away. @param {Pick<Registration, 'node'>} instance @param {string} id */
  async deleteCheck({ node = outsideNode }, id) {
    await this.#transact([{ Check: { Verb: 'delete', Check: { Node: node, CheckID: id } } }]);
  }

  /** Operations of one instance stay in one transaction. @param {readonly (readonly unknown[])[]} groups */
  async #transactInPieces(groups) {
    /** @type {unknown[][]} */
    const pieces = [];
    for (const group of groups) {
      const last = pieces.at(-1);
      if (last !== undefined && last.length + group.length <= transactionSize) last.push(...group);
      else pieces.push([...group]);
    }
    const waiting = pieces.values();
    const worker = async () => {
      for (const piece of waiting) await this.#transact(piece);
    };
    await Promise.all(Array.from({ length: 4 }, worker));
  }

  /** @param {readonly unknown[]} operations */
  async #transact(operations) {
    await this.ask('PUT', '/txn', operations);
  }
}

/** @param {string} node */
function nodeOperation(node) {
  const set = { Node: node, Address: '10.255.0.1', Meta: { 'external-node': 'true' } };
  return { Node: { Verb: 'set', Node: set } };
}

/** @param {Registration} instance */
function registerOperations(instance) {
  const { node = outsideNode, service, id, address, port, tags, meta, weights, checks = {}, more } = instance;
  return [
    {
      Service: {
        Verb: 'set',
        Node: node,
        Service: {
          ID: id,
          Service: service,
          Address: address,
          Port: port,
          Tags: tags ?? [],
          Meta: meta ?? {},
          Weights: weights ?? { Passing: 1, Warning: 1 },
          ...more,
        },
      },
    },
    ...Object.entries(checks).map(([check, state]) => checkOperation(instance, check, state)),
  ];
}

/** @param {Registration} instance @param {string} check @param {string} state */
function checkOperation({ node = outsideNode, service, id }, check, state) {
  return {
    Check: {
      Verb: 'set',
      Check: { Node: node, CheckID: check, Name: check, Status: state, ServiceID: id, ServiceName: service },
    },
  };
}
