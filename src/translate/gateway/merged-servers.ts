/**
 * The servers of all Gateways of a router, merged by port (Istio reference 7.8): on one port and address there are
 * either HTTP servers, or servers that take TLS and are told apart by the name that clients ask for, or one server of
 * another protocol. What comes later and does not fit is left out.
 */
import type { ConfigObject } from '../../config/object.js';
import { isHttp, parseProtocol } from '../../model/protocol.js';
import type { TranslationProblem } from '../translation.js';
import { routerServer, speaksHttp, takesTls, type RouterServer } from './server.js';

/** Servers that share a listener's port, or a part of it. */
export interface ServerPort {
  readonly number: number;
  /** As it is written in the first server. */
  readonly protocol: string;
  /** Empty for every address. */
  readonly bind: string;
  /** Routes of HTTP servers, which are all the same; servers that take TLS have their own. */
  readonly routeName: string;
  readonly servers: readonly RouterServer[];
}

/** All servers of a router. */
export interface MergedServers {
  /** In the order in which they were found. */
  readonly ports: readonly ServerPort[];
  readonly byRouteName: ReadonlyMap<string, readonly RouterServer[]>;
  /** Servers that were left out. */
  readonly problems: readonly TranslationProblem[];
}

/** Which port a router listens on for a port that Gateways name: the target port of its service's, else the same. */
export type PortTranslation = ReadonlyMap<number, number>;

/** Merges the servers of Gateways, the oldest first. */
export function mergeServers(
  gateways: readonly ConfigObject<'Gateway'>[],
  translation: PortTranslation,
): MergedServers {
  const merge = new ServerMerge();
  for (const gateway of gateways) {
    for (const server of gateway.spec.servers) {
      const { number } = server.port;
      merge.add(routerServer(gateway, server, translation.get(number) ?? number));
    }
  }
  return merge;
}

interface MutablePort extends ServerPort {
  routeName: string;
  readonly servers: RouterServer[];
}

class ServerMerge implements MergedServers {
  readonly problems: TranslationProblem[] = [];
  readonly #ports = new Map<string, MutablePort>();
  readonly #byRouteName = new Map<string, RouterServer[]>();
  readonly #taken = new Set<number>();
  /** By number, the newest port of servers without TLS. */
  readonly #plain = new Map<number, MutablePort>();
  /** By number, the addresses of hosts of servers with TLS settings. */
  readonly #hosts = new Map<number, Map<string, string>>();

  get ports(): readonly ServerPort[] {
    return [...this.#ports.values()];
  }

  get byRouteName(): ReadonlyMap<string, readonly RouterServer[]> {
    return this.#byRouteName;
  }

  add(added: RouterServer): void {
    const repeated = this.#repeatedHosts(added);
    if (repeated.length > 0) {
      this.#leaveOut(added, `another server of port ${added.port} is for ${repeated.join(', ')} already`);
      return;
    }
    const plain = this.#plain.get(added.port);
    if (!this.#taken.has(added.port)) this.#open(added);
    else if (plain !== undefined) this.#addToPlain(added, plain);
    else if (takesTls(added.server)) this.#addToTls(added);
    else this.#open(added);
  }

  /** Hosts that a server with TLS settings has in common with another of its port and address. It takes its own. */
  #repeatedHosts({ server, port }: RouterServer): readonly string[] {
    if (server.tls === undefined) return [];
    const hosts = this.#hosts.get(port) ?? new Map<string, string>();
    this.#hosts.set(port, hosts);
    const repeated = server.hosts.filter((host) => hosts.get(host) === server.bind);
    if (repeated.length === 0) for (const host of server.hosts) hosts.set(host, server.bind);
    return repeated;
  }

  /** Begins a port. */
  #open(added: RouterServer): void {
    const { server, port, routeName } = added;
    this.#taken.add(port);
    const opened: MutablePort = {
      number: port,
      protocol: server.port.protocol,
      bind: server.bind,
      routeName,
      servers: [added],
    };
    this.#ports.set(portKey(added), opened);
    if (!takesTls(server)) this.#plain.set(port, opened);
    if (speaksHttp(server)) this.#byRouteName.set(routeName, [added]);
  }

  #addToPlain(added: RouterServer, plain: MutablePort): void {
    const { server } = added;
    if (plain.bind !== server.bind) {
      const own = this.#ports.get(portKey(added));
      if (own === undefined) this.#open(added);
      else this.#join(added, own);
    } else if (isHttp(parseProtocol(server.port.protocol)) && isHttp(parseProtocol(plain.protocol))) {
      plain.servers.push(added);
      this.#addRoutes(added);
    } else {
      this.#leaveOut(added, `port ${added.port} has a server of protocol ${plain.protocol} already`);
    }
  }

  #join(added: RouterServer, port: MutablePort): void {
    port.routeName = added.routeName;
    port.servers.push(added);
    this.#addRoutes(added);
  }

  #addToTls(added: RouterServer): void {
    const { server, routeName } = added;
    if (speaksHttp(server)) {
      if (this.#byRouteName.has(routeName)) {
        this.#leaveOut(added, `its Gateway has another server of port ${added.port} and this port name`);
        return;
      }
      this.#byRouteName.set(routeName, [added]);
    }
    const own = this.#ports.get(portKey(added));
    if (own === undefined) {
      const { number, protocol } = { number: added.port, protocol: server.port.protocol };
      this.#ports.set(portKey(added), {
        number,
        protocol,
        bind: server.bind,
        routeName: '',
        servers: [added],
      });
    } else {
      own.servers.push(added);
    }
  }

  #addRoutes(added: RouterServer): void {
    const servers = this.#byRouteName.get(added.routeName);
    if (servers === undefined) this.#byRouteName.set(added.routeName, [added]);
    else servers.push(added);
  }

  #leaveOut({ gateway, server }: RouterServer, reason: string): void {
    const { name, number } = server.port;
    this.problems.push({
      subject: `Gateway ${gateway}`,
      message: `its server on port ${number} (${name}) is left out: ${reason}`,
    });
  }
}

function portKey({ server, port }: RouterServer): string {
  return `${port} ${server.port.protocol} ${server.bind}`;
}
