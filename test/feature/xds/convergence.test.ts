/** Whatever happens, once it is quiet every client has what the source has for it; numbers are those of docs/xds.md. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeltaModel, SotwModel, type ModelClient } from './model-client.js';
import { cds, eds, lds, rds, World } from './world.js';

let world: World;
/** Changes that come in the middle of the making of a response. */
const meanwhile: (() => void)[] = [];
beforeAll(async () => {
  world = await World.start();
  world.source.wrap = (_, raw) => ({
    label: raw.label,
    description: raw.description,
    serves: (typeUrl) => raw.serves(typeUrl),
    isWildcardType: (typeUrl) => raw.isWildcardType(typeUrl),
    *resources(typeUrl, subscription) {
      const set = yield* raw.resources(typeUrl, subscription);
      meanwhile.shift()?.();
      yield;
      return set;
    },
  });
});
afterAll(() => world.stop());

const types = [cds, eds, lds, rds] as const;
const names = ['a', 'b', 'c', 'd'] as const;

type Step =
  | { readonly do: 'set'; readonly type: string; readonly name: string; readonly content: string }
  | { readonly do: 'remove'; readonly type: string; readonly names: readonly string[] }
  | { readonly do: 'push' | 'push meanwhile' }
  | {
      readonly do: 'subscribe' | 'unsubscribe';
      readonly client: number;
      readonly type: string;
      readonly names: readonly string[];
    }
  | { readonly do: 'take'; readonly client: number; readonly verdict: 'accept' | 'refuse' }
  | { readonly do: 'settle' | 'reconnect'; readonly client: number };

const type = fc.constantFrom(...types);
const client = fc.nat(3);
const someNames = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 });

/** Everything is asked for without names, which only whole types can be. */
const subscription = fc.oneof(
  fc.record({ type, names: someNames }),
  fc.record({ type: fc.constantFrom(cds, lds), names: fc.constant<readonly string[]>([]) }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      type,
      name: fc.constantFrom(...names),
      content: fc.constantFrom('1', '2', '3'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), type, names: someNames }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('push' as const, 'push' as const, 'push meanwhile' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(subscription, client, fc.constantFrom('subscribe' as const, 'unsubscribe' as const))
      .map(([what, of, verb]): Step => ({ do: verb, client: of, ...what })),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      client,
      verdict: fc.constantFrom('accept' as const, 'accept' as const, 'refuse' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const), client }) },
);

/** Until the server owes the client nothing. */
async function drain(model: ModelClient): Promise<void> {
  for (;;) {
    const answers = await world.settle(model.client);
    for (const answer of answers) model.take(answer, 'accept');
    if (answers.length === 0) return;
  }
}

/** Performs the steps. After `push meanwhile` the next change and its push wait for a response to be made. */
async function perform(models: readonly ModelClient[], steps: readonly Step[]): Promise<void> {
  let waits = false;
  for (const each of steps) {
    const change = changeOf(each);
    if (each.do === 'push meanwhile') waits = true;
    else if (change === undefined) await act(models, each);
    else if (waits) {
      meanwhile.push(() => {
        change();
        world.push();
      });
      waits = false;
    } else change();
  }
  for (const change of meanwhile.splice(0)) change();
}

function changeOf(each: Step): (() => void) | undefined {
  if (each.do === 'set') return () => world.set(each.type, { [each.name]: each.content });
  if (each.do === 'remove') return () => world.remove(each.type, ...each.names);
  if (each.do === 'push') return () => world.push();
  return undefined;
}

async function act(models: readonly ModelClient[], each: Step): Promise<void> {
  const model = 'client' in each ? models[each.client] : undefined;
  if (model === undefined) return;
  if (each.do === 'subscribe') model.subscribe(each.type, each.names);
  else if (each.do === 'unsubscribe') model.unsubscribe(each.type, each.names);
  else if (each.do === 'reconnect') model.reconnect();
  else if (each.do === 'settle') await drain(model);
  else if (each.do === 'take' && model.client.pending > 0)
    model.take(await model.client.next(), each.verdict);
}

function expectConverged(model: ModelClient): void {
  for (const typeUrl of types) {
    const inForce = Object.fromEntries(
      Object.entries(world.content(typeUrl)).filter(([name]) => model.wants(typeUrl, name)),
    );
    const state = model.state(typeUrl);
    if (model.tellsOfRemovals(typeUrl)) expect(state).toEqual(inForce);
    else expect(state).toMatchObject(inForce);
  }
}

describe('after any sequence of changes, subscriptions, ACKs, NACKs and reconnections', () => {
  test('19, 34, 39, 46, 48, 71, 89: clients of both variants have what the source has for them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        for (const typeUrl of types) world.remove(typeUrl, ...names);
        const models = [
          new SotwModel(() => world.sotw()),
          new DeltaModel(() => world.delta()),
          new SotwModel(() => world.sotw()),
          new DeltaModel(() => world.delta()),
        ];
        await perform(models, steps);
        world.push();
        for (const model of models) await drain(model);
        for (const model of models) expectConverged(model);
        for (const model of models) model.client.close();
      }),
      { numRuns: 40 },
    );
  });
});
