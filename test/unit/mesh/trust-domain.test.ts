import { describe, expect, it } from 'vitest';
import { expandTrustDomains } from '../../../src/mesh/trust-domain.js';

describe('expandTrustDomains', () => {
  it.each([
    [['spiffe://td/ns/a/sa/b'], [], ['spiffe://td/ns/a/sa/b']],
    [['spiffe://td/ns/a/sa/b'], ['x'], ['spiffe://td/ns/a/sa/b', 'spiffe://x/ns/a/sa/b']],
    [
      ['spiffe://td/ns/a/sa/b', 'spiffe://x/ns/a/sa/b'],
      ['x'],
      ['spiffe://td/ns/a/sa/b', 'spiffe://x/ns/a/sa/b'],
    ],
    [['spiffe://td/other/form'], ['x'], ['spiffe://td/other/form']],
    [['spiffe://td/ns/a/sa/b/more'], ['x'], ['spiffe://td/ns/a/sa/b/more']],
    [['b.example.com', 'a.example.com', 'b.example.com'], ['x'], ['a.example.com', 'b.example.com']],
  ])('%j with aliases %j', (accounts, aliases, expected) => {
    expect(expandTrustDomains(accounts, aliases)).toEqual(expected);
  });
});
