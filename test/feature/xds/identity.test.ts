/** Who may be which node (91). What TLS has to do with it is in test/feature/security.test.ts. */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cds, variants, World } from './world.js';

let world: World;
let asked: string[];
beforeEach(async () => {
  asked = [];
  world = await World.start({
    refusal: (_, node) =>
      node.id === 'test-id'
        ? undefined
        : { code: status.PERMISSION_DENIED, message: `${node.id} is not the client's` },
  });
  world.source.wrap = (node, client) => {
    asked.push(node.id ?? '');
    return client;
  };
});
afterEach(() => world.stop());

test.each(variants)(
  '91: a %s client that may not be its node is refused before any work',
  async (variant) => {
    world.set(cds, { a: '1' });
    const refused = world.client(variant, { node: { id: 'another' } });
    refused.subscribe(cds);
    expect(await refused.ended).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: "another is not the client's",
    });
    expect(asked).toEqual([]);
    expect(world.told.refused).toEqual(["another is not the client's"]);
    const admitted = world.client(variant);
    admitted.subscribe(cds);
    expect((await admitted.take()).names).toEqual(['a']);
    expect(asked).toEqual(['test-id']);
  },
);
