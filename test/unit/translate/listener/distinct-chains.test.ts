/** Chains for the same connections: what the first one takes is no other's. */
import { expect, test } from 'vitest';
import {
  anyConnection,
  plainHttp,
  type ChainConditions,
} from '../../../../src/translate/listener/chain-match.js';
import { distinctChains } from '../../../../src/translate/listener/distinct-chains.js';

function to(destinations: readonly string[], serverNames: readonly string[] = []): ChainConditions {
  return { ...anyConnection, destinations, serverNames };
}

test('chains for different connections stay as they are', () => {
  const chains = [to(['10.0.0.0/8'], ['a.test']), to(['10.0.0.0/8'], ['b.test']), plainHttp, to([])];
  const left = distinctChains(chains);
  expect(left).toHaveLength(chains.length);
  for (const [index, chain] of left.entries()) expect(chain).toBe(chains[index]);
});

test('a chain for what another takes already is left out', () => {
  const first = to(['10.0.0.0/8']);
  expect(distinctChains([first, to(['10.0.0.0/8']), to([])])).toEqual([first, to([])]);
});

test('a chain keeps the destinations that no other takes', () => {
  expect(distinctChains([to(['10.0.0.0/8', '192.168.7.7']), to(['10.0.0.0/8', '172.16.0.0/12'])])).toEqual([
    to(['10.0.0.0/8', '192.168.7.7']),
    to(['172.16.0.0/12']),
  ]);
});

test('a chain keeps the server names that no other takes', () => {
  expect(distinctChains([to([], ['a.test']), to([], ['a.test', 'b.test'])])).toEqual([
    to([], ['a.test']),
    to([], ['b.test']),
  ]);
});
