/** ServiceEntries behind an API: listed, watched, and patched if the patch is for the newest version. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  sendEvents,
  sendJson,
  sendStatus,
  type Exchange,
  type ScriptedApi,
} from '../kubernetes/scripted-api.js';

/** An object as the API has it. */
export interface StoredEntry {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
  readonly status?: { readonly addresses?: readonly { readonly value: string; readonly host: string }[] };
}

interface Patch {
  readonly metadata: { readonly resourceVersion: string };
  readonly status: StoredEntry['status'];
}

const group = '/apis/networking.istio.io';

export class MemoryEntries {
  readonly #entries = new Map<string, StoredEntry>();
  readonly #watches = new Set<Exchange>();
  #version = 0;
  #defined = true;
  /** Every patch that came, as `namespace/name` and the version that it was for. */
  readonly patches: string[] = [];
  /** Answers a patch in another way, if it does. Whether it did. */
  onPatch: (exchange: Exchange, key: string) => boolean = () => false;
  /** Whether watches are told what changes. */
  telling = true;

  constructor(api: ScriptedApi) {
    api.answer = (exchange) => this.#answer(exchange);
  }

  /** Defines the kind, or takes it away. */
  define(defined: boolean): void {
    this.#defined = defined;
    if (!defined) for (const { response } of this.#watches) response.end();
  }

  /** Makes an entry, or changes it. */
  put(
    namespace: string,
    name: string,
    spec: Readonly<Record<string, unknown>> = {},
    status = this.#entries.get(`${namespace}/${name}`)?.status,
  ): StoredEntry {
    this.#version += 1;
    const key = `${namespace}/${name}`;
    const entry: StoredEntry = {
      metadata: {
        name,
        namespace,
        uid: key,
        resourceVersion: String(this.#version),
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: { hosts: [`${name}.example`], resolution: 'STATIC', ...spec },
      ...(status === undefined ? {} : { status }),
    };
    const type = this.#entries.has(key) ? 'MODIFIED' : 'ADDED';
    this.#entries.set(key, entry);
    if (this.telling) for (const watch of this.#watches) sendEvents(watch, [type, entry]);
    return entry;
  }

  delete(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const entry = this.#entries.get(key);
    this.#version += 1;
    this.#entries.delete(key);
    const metadata = { ...entry?.metadata, resourceVersion: String(this.#version) };
    for (const watch of this.#watches) sendEvents(watch, ['DELETED', { ...entry, metadata }]);
  }

  /** The IPv4 addresses that the status of an entry has; undefined while it has no list. */
  ipv4(namespace: string, name: string): readonly string[] | undefined {
    return this.#entries
      .get(`${namespace}/${name}`)
      ?.status?.addresses?.flatMap(({ value }) => (value.includes(':') ? [] : value));
  }

  #answer(exchange: Exchange): void {
    const { path, query, request } = exchange;
    if (request.method === 'PATCH') this.#take(exchange).catch(() => exchange.response.destroy());
    else if (path === '/readyz') exchange.response.end('ok');
    else if (!this.#defined) sendStatus(exchange, 404, 'NotFound');
    else if (path === group) sendJson(exchange, { versions: [{ version: 'v1' }] });
    else if (path === `${group}/v1`)
      sendJson(exchange, { resources: [{ name: 'serviceentries', verbs: ['list', 'watch'] }] });
    else if (query.has('watch')) {
      sendEvents(exchange);
      this.#watches.add(exchange);
      exchange.response.once('close', () => this.#watches.delete(exchange));
    } else
      sendJson(exchange, {
        metadata: { resourceVersion: String(this.#version) },
        items: [...this.#entries.values()],
      });
  }

  async #take(exchange: Exchange): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of exchange.request) chunks.push(chunk as Buffer);
    const { metadata, status } = JSON.parse(Buffer.concat(chunks).toString()) as Patch;
    const [, namespace = '', name = ''] =
      /\/namespaces\/([^/]+)\/serviceentries\/([^/]+)\/status$/.exec(exchange.path) ?? [];
    const key = `${namespace}/${name}`;
    this.patches.push(`${key}@${metadata.resourceVersion}`);
    if (this.onPatch(exchange, key)) return;
    const entry = this.#entries.get(key);
    if (entry === undefined) sendStatus(exchange, 404, 'NotFound');
    else if (entry.metadata.resourceVersion !== metadata.resourceVersion)
      sendStatus(exchange, 409, 'Conflict');
    else {
      sendJson(exchange, this.put(namespace, name, entry.spec as Readonly<Record<string, unknown>>, status));
      await nextTurn();
    }
  }
}
