/** A plain client of a test API server, for a test to change the cluster with: one request at a time, no watches. */
import { Agent } from 'node:https';
import { exchange } from '../exchange.mjs';

/**
 * An object as the API server takes and gives it.
 * @typedef {{ apiVersion: string, kind: string, metadata: { name: string, namespace?: string, [field: string]: any }, [field: string]: any }} KubernetesObject
 */

/** Kinds whose objects have no namespace. */
const clusterKinds = new Set([
  'Namespace',
  'Node',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
]);

/** The answer was an error. */
export class ApiFailure extends Error {
  /** @param {string} what @param {number} status @param {string} body */
  constructor(what, status, body) {
    super(`${what}: ${status} ${body.slice(0, 2000)}`);
    this.status = status;
  }
}

/** Asks one API server as one user. */
export class KubernetesApi {
  #server;
  #token;
  #agent;

  /** @param {{ server: string, ca: string, token: string }} options */
  constructor({ server, ca, token }) {
    this.#server = server;
    this.#token = token;
    this.#agent = new Agent({ ca, keepAlive: true, maxSockets: 16 });
  }

  /**
   * @param {string} method @param {string} path @param {unknown} [body]
   * @param {string} [contentType]
   * @returns {Promise<any>} the answer's JSON
   * @throws {ApiFailure}
   */
  async ask(method, path, body, contentType = 'application/json') {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': contentType };
    const sent = { method, agent: this.#agent, headers, body };
    const { status, text } = await exchange(new URL(path, this.#server), sent);
    if (status >= 300) throw new ApiFailure(`${method} ${path}`, status, text);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** Creates an object, or changes it into this one; its status too, if it has one. @param {KubernetesObject} object */
  async apply(object) {
    const path = objectPath(object);
    const manager = '?fieldManager=test&force=true';
    const applied = await this.ask('PATCH', `${path}${manager}`, object, 'application/apply-patch+yaml');
    if (object.status === undefined) return applied;
    const patch = { status: object.status };
    return this.ask('PATCH', `${path}/status`, patch, 'application/merge-patch+json');
  }

  /** @param {KubernetesObject} object */
  create(object) {
    return this.ask('POST', objectPath(object, true), object);
  }

  /** Changes fields of an object. @param {KubernetesObject} object @param {unknown} patch @param {string} [subresource] */
  patch(object, patch, subresource = '') {
    return this.ask('PATCH', `${objectPath(object)}${subresource}`, patch, 'application/merge-patch+json');
  }

  /** @param {KubernetesObject} object */
  get(object) {
    return this.ask('GET', objectPath(object));
  }

  /** Deletes an object at once. @param {KubernetesObject} object */
  delete(object) {
    return this.ask('DELETE', `${objectPath(object)}?gracePeriodSeconds=0`);
  }

  /** Deletes all objects of a kind in a namespace. @param {string} apiVersion @param {string} kind @param {string} namespace */
  deleteAll(apiVersion, kind, namespace) {
    const path = objectPath({ apiVersion, kind, metadata: { name: '', namespace } }, true);
    return this.ask('DELETE', `${path}?gracePeriodSeconds=0`);
  }

  close() {
    this.#agent.destroy();
  }
}

/** The path of an object, or of the collection that it is in. @param {KubernetesObject} object @param {boolean} [collection] */
export function objectPath({ apiVersion, kind, metadata }, collection = false) {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = clusterKinds.has(kind) ? '' : `/namespaces/${metadata.namespace ?? 'default'}`;
  return `${group}${namespace}/${pluralOf(kind)}${collection ? '' : `/${metadata.name}`}`;
}

/** The name of a kind in paths. @param {string} kind */
export function pluralOf(kind) {
  const word = kind.toLowerCase();
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return word.endsWith('s') ? `${word}es` : `${word}s`;
}
