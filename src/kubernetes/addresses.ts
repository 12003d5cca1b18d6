/** The addresses of the API servers of a cluster, in the order in which they are to be tried. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { joinHostPort } from '../base/host-port.js';

/** One address of one server. */
export interface ServerAddress {
  readonly server: URL;
  /** An IP address; the server's name where a proxy is to look it up. */
  readonly host: string;
  readonly port: number;
}

/** The text by which addresses are told apart. */
export function addressText({ host, port }: ServerAddress): string {
  return joinHostPort(host, port);
}

/**
 * Every address of every server. A server whose name cannot be looked up has none, as long as another one has.
 * @param resolve look names up here; otherwise they are left to a proxy.
 * @throws Error when there are no addresses at all.
 */
export async function serverAddresses(servers: readonly URL[], resolve: boolean): Promise<ServerAddress[]> {
  const results = await Promise.allSettled(servers.map((server) => addressesOf(server, resolve)));
  const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (addresses.length > 0) return addresses;
  const failure = results.find((result) => result.status === 'rejected');
  throw failure?.reason instanceof Error ? failure.reason : new Error('there is no API server to ask');
}

async function addressesOf(server: URL, resolve: boolean): Promise<ServerAddress[]> {
  const port = Number(server.port) || (server.protocol === 'http:' ? 80 : 443);
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!resolve || isIP(host) !== 0) return [{ server, host, port }];
  const found = await lookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => ({ server, host: address, port }));
}

/** Remembers which address answered last and which ones failed since. */
export class AddressOrder {
  #failed = new Map<string, number>();
  #failures = 0;

  /** The addresses as they are to be tried: those that did not fail first, then the longest ago. */
  sort(addresses: readonly ServerAddress[]): ServerAddress[] {
    const rank = (address: ServerAddress): number => this.#failed.get(addressText(address)) ?? 0;
    return addresses.toSorted((a, b) => rank(a) - rank(b));
  }

  /** Nothing was heard from an address. */
  fail(address: ServerAddress): void {
    this.#failures += 1;
    this.#failed.set(addressText(address), this.#failures);
  }
}
