/** The filter chain of a connection, chosen as Envoy does: condition after condition, each by what fits it best. */
import { parseIp, parsePrefix, prefixContains } from '../../base/ip.js';
import { isJsonObject, type Json, type JsonObject } from '../../envoy/json-value.js';
import type { Choice } from './explanation.js';
import { field, number, objects, text, texts } from './fields.js';

/** What is known of a connection. */
export interface Connection {
  readonly port: number;
  readonly address?: string;
  /** Set for TLS: the name that the client asks for. */
  readonly serverName?: string;
}

/** A filter chain with why it was chosen. */
export interface FoundChain extends Choice {
  readonly chain: JsonObject;
}

/** The filter chain of a connection; undefined if none takes it. */
export function findFilterChain(listener: JsonObject, connection: Connection): FoundChain | undefined {
  let chains = objects(listener, 'filter_chains');
  const reasons: string[] = [];
  for (const narrow of conditions) {
    const { left, reason } = narrow(chains, connection);
    chains = left;
    if (reason !== undefined) reasons.push(reason);
  }
  const [chain] = chains;
  if (chain !== undefined) {
    const why = reasons.length === 0 ? 'it takes every connection' : reasons.join(', ');
    return { chain, name: text(chain, 'name') || text(listener, 'name'), why };
  }
  const fallback = field(listener, 'default_filter_chain');
  return isJsonObject(fallback)
    ? { chain: fallback, name: text(fallback, 'name'), why: 'no other chain takes the connection' }
    : undefined;
}

interface Narrowed {
  readonly left: readonly JsonObject[];
  readonly reason?: string;
}

type Condition = (chains: readonly JsonObject[], connection: Connection) => Narrowed;

const conditions: readonly Condition[] = [byPort, byAddress, byServerName, byTransport, byProtocol];

function byPort(chains: readonly JsonObject[], { port }: Connection): Narrowed {
  const own = chains.filter((chain) => number(match(chain), 'destination_port') === port);
  if (own.length > 0) return { left: own, reason: `it is for port ${port}` };
  return { left: chains.filter((chain) => number(match(chain), 'destination_port') === undefined) };
}

function byAddress(chains: readonly JsonObject[], { address }: Connection): Narrowed {
  const lengths = chains.map((chain) => ({ chain, length: longestPrefix(chain, address) }));
  const best = Math.max(-1, ...lengths.map(({ length }) => length ?? -1));
  if (best < 0)
    return { left: chains.filter((chain) => objects(match(chain), 'prefix_ranges').length === 0) };
  const left = lengths.filter(({ length }) => length === best).map(({ chain }) => chain);
  return { left, reason: `its range holds ${address ?? ''}` };
}

/** The length of the longest range of a chain that holds an address. */
function longestPrefix(chain: JsonObject, address: string | undefined): number | undefined {
  const parsed = address === undefined ? undefined : parseIp(address);
  if (parsed === undefined) return undefined;
  const lengths = objects(match(chain), 'prefix_ranges').flatMap((range) => {
    const bits = number(range, 'prefix_len') ?? 0;
    const prefix = parsePrefix(`${text(range, 'address_prefix')}/${bits}`);
    return prefix !== undefined && prefixContains(prefix, parsed) ? [bits] : [];
  });
  return lengths.length === 0 ? undefined : Math.max(...lengths);
}

function byServerName(chains: readonly JsonObject[], { serverName }: Connection): Narrowed {
  const namesOf = (chain: JsonObject): readonly string[] => texts(match(chain), 'server_names');
  for (const name of serverName === undefined ? [] : coveringNames(serverName)) {
    const left = chains.filter((chain) => namesOf(chain).includes(name));
    if (left.length > 0) return { left, reason: `it is for the server name ${name}` };
  }
  return { left: chains.filter((chain) => namesOf(chain).length === 0) };
}

/** A name and the wildcards for it, the narrowest first. */
function coveringNames(name: string): readonly string[] {
  const labels = name.toLowerCase().split('.');
  return [labels.join('.'), ...labels.slice(1).map((_, place) => `*.${labels.slice(place + 1).join('.')}`)];
}

function byTransport(chains: readonly JsonObject[], { serverName }: Connection): Narrowed {
  const transport = serverName === undefined ? 'raw_buffer' : 'tls';
  const own = chains.filter((chain) => text(match(chain), 'transport_protocol') === transport);
  if (own.length > 0)
    return { left: own, reason: transport === 'tls' ? 'it is for TLS' : 'it is for plain text' };
  return { left: chains.filter((chain) => text(match(chain), 'transport_protocol') === '') };
}

function byProtocol(chains: readonly JsonObject[], { serverName }: Connection): Narrowed {
  const spoken = serverName === undefined ? ['http/1.1'] : ['h2', 'http/1.1'];
  const protocolsOf = (chain: JsonObject): readonly string[] => texts(match(chain), 'application_protocols');
  const own = chains.filter((chain) => protocolsOf(chain).some((protocol) => spoken.includes(protocol)));
  if (own.length > 0) return { left: own, reason: 'it is for HTTP' };
  return { left: chains.filter((chain) => protocolsOf(chain).length === 0) };
}

function match(chain: JsonObject): Json | undefined {
  return field(chain, 'filter_chain_match');
}
