/**
 * The way to an API server: where it is, whom to trust, and who to be. Everything that may be renewed (a token's
 * file, certificates, what a plugin prints, the kubeconfig itself) is looked at again when it is needed.
 */
import { readFile } from 'node:fs/promises';
import { errorMessage } from '../base/errors.js';
import { silentLogger, type Logger } from '../base/logger.js';
import { environmentProxy } from './environment-proxy.js';
import type { KubeconfigContext, Material } from './kubeconfig.js';
import type { ReadContext } from './kubeconfig-files.js';
import { ExecCredentials } from './exec-credentials.js';

/** What a connection is made of; connections of equal ones are interchangeable. */
export interface ConnectionSettings {
  /** API servers, each as good as the other. */
  readonly servers: readonly URL[];
  /** PEM; the system's authorities when absent. */
  readonly ca?: string;
  readonly serverName?: string;
  readonly insecure: boolean;
  readonly proxy?: URL;
  /** Client certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** How to ask the API at one moment. */
export interface Endpoint {
  readonly connection: ConnectionSettings;
  /** Say who asks. Secret. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** A way to an API that stays valid while credentials and addresses are renewed. */
export interface ClusterAccess {
  /** How to ask the API now. @throws PilotError KUBECONFIG_INVALID, and errors of files that cannot be read. */
  endpoint(): Promise<Endpoint>;
  /** What `endpoint` gave was refused by the server: it is worked out anew from what is there now. */
  refused(endpoint: Endpoint): void;
  /** No server can be reached: they may have moved. */
  unreachable(): void;
}

/** A cluster's access by a context, which is read again when it does not work any more. */
export class ContextAccess implements ClusterAccess {
  readonly #read: ReadContext;
  readonly #servers: readonly URL[];
  readonly #logger: Logger;
  readonly #exec = new ExecCredentials();
  #context: Promise<KubeconfigContext> | undefined;
  /** Why the context could not be read the last time; empty when it could. */
  #complaint = '';
  /** The context of the last time that it could be read. */
  #lastContext: KubeconfigContext | undefined;
  #newest: Endpoint | undefined;

  /** @param servers API servers in place of the one that the context names. */
  constructor(read: ReadContext, servers: readonly URL[] = [], logger: Logger = silentLogger) {
    this.#read = read;
    this.#servers = servers;
    this.#logger = logger;
  }

  async endpoint(): Promise<Endpoint> {
    const { cluster, user } = await this.#currentContext();
    const ca = await contentOf(cluster.ca);
    const serverName = cluster.serverName === undefined ? {} : { serverName: cluster.serverName };
    const trust = { insecure: cluster.insecure, ...serverName, ...(ca === undefined ? {} : { ca }) };
    const exec =
      user.exec === undefined
        ? {}
        : await this.#exec.get(user.exec, { server: cluster.server.href, ...trust });
    const token = exec.token ?? (await contentOf(user.token))?.trim();
    const cert = exec.cert ?? (await contentOf(user.cert));
    const key = exec.key ?? (await contentOf(user.key));
    const authorization =
      token !== undefined
        ? { authorization: `Bearer ${token}` }
        : user.basic !== undefined && { authorization: basicAuthorization(user.basic) };
    const servers = this.#servers.length > 0 ? this.#servers : [cluster.server];
    const proxy = cluster.proxy ?? environmentProxy(servers[0] ?? cluster.server, process.env);
    this.#newest = {
      connection: {
        servers,
        ...trust,
        ...(proxy === undefined ? {} : { proxy }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
      },
      headers: {
        ...authorization,
        ...(user.actAs !== undefined && { 'impersonate-user': user.actAs.user }),
        ...(user.actAs !== undefined &&
          user.actAs.groups.length > 0 && { 'impersonate-group': user.actAs.groups }),
      },
    };
    return this.#newest;
  }

  refused(endpoint: Endpoint): void {
    // Several requests may have been refused for the same reason; what was renewed since is not to blame.
    if (endpoint !== this.#newest && !sameHeaders(endpoint, this.#newest)) return;
    this.#exec.forget();
    this.#context = undefined;
  }

  unreachable(): void {
    this.#context = undefined;
  }

  async #currentContext(): Promise<KubeconfigContext> {
    this.#context ??= this.#readContext();
    return this.#context;
  }

  /** A kubeconfig that is just being written must not take away what worked. */
  async #readContext(): Promise<KubeconfigContext> {
    try {
      const context = await this.#read();
      this.#lastContext = context;
      this.#complaint = '';
      return context;
    } catch (error) {
      this.#context = undefined;
      if (this.#lastContext === undefined) throw error;
      const complaint = `the kubeconfig is used as it was before: ${errorMessage(error)}`;
      if (complaint !== this.#complaint) this.#logger.warn(complaint);
      this.#complaint = complaint;
      return this.#lastContext;
    }
  }
}

function sameHeaders(a: Endpoint, b: Endpoint | undefined): boolean {
  return JSON.stringify(a.headers) === JSON.stringify(b?.headers);
}

function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function contentOf(material: Material | undefined): Promise<string | undefined> {
  if (material === undefined) return undefined;
  return 'text' in material ? material.text : readFile(material.file, 'utf8');
}
