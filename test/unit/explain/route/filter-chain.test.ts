import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/envoy/json-value.js';
import { findFilterChain, type Connection } from '../../../../src/explain/route/filter-chain.js';

function chain(name: string, match?: JsonObject): JsonObject {
  return { name, ...(match !== undefined && { filter_chain_match: match }) };
}

function range(address: string, bits: number): JsonObject {
  return { prefix_ranges: [{ address_prefix: address, prefix_len: bits }] };
}

function chosen(chains: readonly JsonObject[], connection: Partial<Connection>): string | undefined {
  return findFilterChain({ name: 'listener', filter_chains: chains }, { port: 80, ...connection })?.name;
}

describe('the filter chain of a connection', () => {
  test('is of its port before it is of its protocol', () => {
    const chains = [
      chain('http', { application_protocols: ['http/1.1'] }),
      chain('port', { destination_port: 80, transport_protocol: 'raw_buffer' }),
    ];
    expect(chosen(chains, {})).toBe('port');
    expect(chosen(chains, { port: 81 })).toBe('http');
  });

  test('has the longest range that holds the address', () => {
    const chains = [
      chain('wide', range('192.0.2.0', 24)),
      chain('narrow', range('192.0.2.8', 29)),
      chain('any'),
    ];
    expect(chosen(chains, { address: '192.0.2.9' })).toBe('narrow');
    expect(chosen(chains, { address: '192.0.2.1' })).toBe('wide');
    expect(chosen(chains, { address: '198.51.100.1' })).toBe('any');
    expect(chosen(chains, {})).toBe('any');
  });

  test('has the narrowest server name, and one without any for plain text', () => {
    const chains = [
      chain('all', { server_names: ['*.com'] }),
      chain('wild', { server_names: ['*.example.com'] }),
      chain('exact', { server_names: ['a.example.com'] }),
      chain('plain'),
    ];
    expect(chosen(chains, { serverName: 'A.example.com' })).toBe('exact');
    expect(chosen(chains, { serverName: 'b.example.com' })).toBe('wild');
    expect(chosen(chains, { serverName: 'example.com' })).toBe('all');
    expect(chosen(chains, { serverName: 'example.org' })).toBe('plain');
    expect(chosen(chains, {})).toBe('plain');
  });

  test('is for TLS, or for plain text, before it is for either', () => {
    const chains = [chain('either'), chain('tls', { transport_protocol: 'tls' })];
    expect(chosen(chains, { serverName: 'a.com' })).toBe('tls');
    expect(chosen(chains, {})).toBe('either');
  });

  test('is the default one if no other is left, or none', () => {
    const listener = { name: 'listener', filter_chains: [chain('other', { destination_port: 81 })] };
    expect(findFilterChain(listener, { port: 80 })).toBeUndefined();
    const withDefault = { ...listener, default_filter_chain: chain('default') };
    expect(findFilterChain(withDefault, { port: 80 })?.name).toBe('default');
  });
});
