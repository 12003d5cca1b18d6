/** Real Consul on free loopback ports: one agent, or a cluster of three servers. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { Server, endWithProcess, eventually } from '../process.mjs';
import { ConsulApi } from './api.mjs';
import { consulBinary } from './install.mjs';

/** The token that is allowed everything, where ACLs are on. */
export const managementToken = '00000000-0000-4000-8000-000000000001';

/**
 * What an agent is started with.
 * @typedef {{ acl?: boolean, persistent?: boolean, connections?: number | undefined,
 *   morePorts?: Readonly<Record<string, number>>, config?: Readonly<Record<string, unknown>>, servers?: number }} ConsulOptions
 * acl: with ACLs, nothing allowed without a token. persistent: keeps its data on disk, so that it outlives a restart;
 * it takes a second longer to start. connections: how many it takes of one address, 200 by default. config: laid over what its configuration file says.
 */

/** A running agent, which is a server as well. */
export class Consul {
  #name;
  #binary;
  #folder;
  #args;
  /** @type {Server | undefined} */
  #server;
  /** The agent as one who may do everything. */
  api;
  /** Base URL of the HTTP API; it stays the same over a restart. */
  url;

  /** Its ports; they stay the same over a restart. @type {Ports} */
  ports;

  /** @param {{ name: string, binary: string, folder: string, args: readonly string[], ports: Ports, acl: boolean }} options */
  constructor({ name, binary, folder, args, ports, acl }) {
    this.ports = ports;
    this.#name = name;
    this.#binary = binary;
    this.#folder = folder;
    this.#args = args;
    this.url = `http://127.0.0.1:${ports.http}`;
    this.api = new ConsulApi({ url: this.url, token: acl ? managementToken : undefined });
  }

  /** Starts an agent and waits until it leads. @param {ConsulOptions} [options] */
  static async start(options = {}) {
    const [ports] = await portsFor(1);
    const consul = await Consul.make('n1', ports, { servers: 1, ...options }, []);
    await consul.startAgent();
    return consul;
  }

  /**
   * An agent that is not started yet.
   * @param {string} name @param {Ports} ports @param {ConsulOptions} options @param {readonly number[]} joined serf ports of the others
   */
  static async make(
    name,
    ports,
    { acl = false, persistent = false, connections, morePorts = {}, config = {}, servers = 1 },
    joined,
  ) {
    const binary = await consulBinary();
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-consul-'));
    await mkdir(join(folder, 'data'));
    const isDev = !persistent && servers === 1;
    const settings = {
      node_name: name,
      bind_addr: '127.0.0.1',
      client_addr: '127.0.0.1',
      ports: { ...ports, ...morePorts },
      ...(connections === undefined ? {} : { limits: { http_max_conns_per_client: connections } }),
      performance: { raft_multiplier: 1 },
      log_level: 'warn',
      ...(isDev
        ? {}
        : {
            server: true,
            bootstrap_expect: servers,
            data_dir: join(folder, 'data'),
            retry_join: joined.map((port) => `127.0.0.1:${port}`),
            retry_interval: '200ms',
            leave_on_terminate: false,
          }),
      ...(acl
        ? {
            acl: {
              enabled: true,
              default_policy: 'deny',
              tokens: { initial_management: managementToken, agent: managementToken },
              // What was revoked is refused soon.
              token_ttl: '200ms',
              policy_ttl: '200ms',
            },
          }
        : {}),
      ...config,
    };
    await writeFile(join(folder, 'consul.json'), JSON.stringify(settings));
    const args = ['agent', ...(isDev ? ['-dev'] : []), `-config-file=${join(folder, 'consul.json')}`];
    return new Consul({ name, binary, folder, args, ports, acl });
  }

  /** Starts the agent's process, again after it was stopped. */
  async startAgent() {
    this.launch();
    await this.#server?.until('having a leader', () => this.hasLeader());
  }

  /** Starts the process without waiting for anything. */
  launch() {
    const server = new Server(`consul ${this.#name}`, this.#binary, this.#args);
    endWithProcess(server);
    this.#server = server;
  }

  /** Whether the agent knows a leader and answers for it. */
  async hasLeader() {
    const leader = await this.api.ask('GET', '/status/leader');
    if (leader === '') return undefined;
    // A leader that was just elected has still to register itself.
    const services = await this.api.ask('GET', '/catalog/services');
    return 'consul' in services || undefined;
  }

  /** Stops the process. @param {{ signal?: NodeJS.Signals, forget?: boolean }} [options] forget: its data are deleted */
  async stopAgent({ signal = 'SIGKILL', forget = false } = {}) {
    await this.#server?.stop(signal);
    this.#server = undefined;
    if (!forget) return;
    await rm(join(this.#folder, 'data'), { recursive: true, force: true });
    await mkdir(join(this.#folder, 'data'));
  }

  get pid() {
    return this.#server?.pid;
  }

  get output() {
    return this.#server?.output ?? '';
  }

  async stop() {
    await this.stopAgent();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * Makes a token that may do what the rules say.
   * @param {string} rules @param {string} [secret] the token itself, a UUID; one is made up without
   * @returns {Promise<Token>}
   */
  async createToken(rules, secret = randomUUID()) {
    policies += 1;
    const policy = await this.api.ask('PUT', '/acl/policy', { Name: `test-${policies}`, Rules: rules });
    const token = await this.api.ask('PUT', '/acl/token', {
      SecretID: secret,
      Policies: [{ ID: policy.ID }],
    });
    return { accessor: token.AccessorID, secret, policy: policy.ID, policyName: policy.Name };
  }

  /** Changes what a token may do. @param {Token} token @param {string} rules */
  async changeRules({ policy, policyName }, rules) {
    await this.api.ask('PUT', `/acl/policy/${policy}`, { Name: policyName, Rules: rules });
  }

  /** @param {Pick<Token, 'accessor'>} token */
  async deleteToken({ accessor }) {
    await this.api.ask('DELETE', `/acl/token/${accessor}`);
  }
}

/** @typedef {{ accessor: string, secret: string, policy: string, policyName: string }} Token */

let policies = 0;

/** Rules of a token that may see everything, and change nothing. */
export const readingRules = 'service_prefix "" { policy = "read" }\nnode_prefix "" { policy = "read" }';

/** Three servers. */
export class ConsulCluster {
  servers;

  /** @param {readonly Consul[]} servers */
  constructor(servers) {
    this.servers = servers;
  }

  static async start() {
    const ports = await portsFor(3);
    const joined = ports.map(({ serf_lan: port }) => port);
    const servers = await Promise.all(
      ports.map((each, index) => Consul.make(`n${index + 1}`, each, { servers: 3 }, joined)),
    );
    for (const server of servers) server.launch();
    const cluster = new ConsulCluster(servers);
    await cluster.settled();
    return cluster;
  }

  /** Waits until every running server has a leader and knows of all running servers. */
  async settled() {
    for (const server of this.running) {
      await eventually(`${server.url}: a leader`, () => server.hasLeader());
    }
  }

  get running() {
    return this.servers.filter(({ pid }) => pid !== undefined);
  }

  /** The server that leads. */
  leader() {
    return eventually('a leader', async () => {
      for (const server of this.running) {
        const self = await server.api.ask('GET', '/agent/self');
        if (self.Stats.consul.leader === 'true') return server;
      }
      return undefined;
    });
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** @typedef {{ http: number, server: number, serf_lan: number, grpc: number, grpc_tls: number, serf_wan: number, dns: number }} Ports */

const portsOfAgent = 7;

/** @param {number} agents @returns {Promise<[Ports, ...Ports[]]>} */
async function portsFor(agents) {
  const free = await freePorts(agents * portsOfAgent);
  const of = (/** @type {number} */ agent) => {
    const [http = 0, server = 0, serf_lan = 0, grpc = 0, grpc_tls = 0, serf_wan = 0, dns = 0] = free.slice(
      agent * portsOfAgent,
      (agent + 1) * portsOfAgent,
    );
    return { http, server, serf_lan, grpc, grpc_tls, serf_wan, dns };
  };
  const [, ...others] = Array.from({ length: agents }, (_, agent) => of(agent));
  return [of(0), ...others];
}
