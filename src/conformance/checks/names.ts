/** Names that are no DNS names are made some, or are put aside with a reason. */
import assert from 'node:assert/strict';
import type { Bench, Watched } from '../bench.js';
import { instances } from '../bench.js';
import type { Check } from '../check.js';

export const nameChecks: readonly Check[] = [
  {
    name: 'illegal names: become legal hosts or are quarantined with a reason, and disturb no other service',
    needs: ['free-names'],
    run: async (bench) => {
      await expectLegalOrQuarantined(bench, ['Web_Shop', 'a:b/c', '***', 'x'.repeat(80), 'web shop']);
    },
  },
  {
    name: 'unicode: names and metadata in other scripts are legal hosts and labels, or quarantined with a reason',
    needs: ['free-names'],
    run: async (bench) => {
      await expectLegalOrQuarantined(bench, ['bücher', '商店', '🛒', 'Ελλάδα']);
    },
  },
];

async function expectLegalOrQuarantined(bench: Bench, names: readonly string[]): Promise<void> {
  const all = names.flatMap((name, index) =>
    instances(name, 1, `10.1.${index}`).map((instance) => ({
      ...instance,
      id: `instance-${index}`,
      metadata: { [`key ${name}`]: `value ${name}` },
    })),
  );
  await bench.server.register([...all, ...instances('web', 1)]);
  const watched = await bench.synced();
  assert.deepEqual(bench.addresses(watched, 'web'), ['10.0.0.1:8080']);
  const served = new Set(
    [...watched.view.endpoints.values()].flatMap(({ endpoints }) =>
      endpoints.map(({ addresses }) => addresses[0]),
    ),
  );
  for (const { service, address } of all) {
    assert.ok(
      served.has(address) || isQuarantined(watched, service),
      `${JSON.stringify(service)} is neither served nor quarantined`,
    );
  }
  for (const { hostname } of watched.view.services.values())
    assert.match(hostname, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/);
  for (const { endpoints } of watched.view.endpoints.values())
    for (const { labels } of endpoints)
      for (const value of Object.values(labels))
        assert.match(value, /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/);
}

function isQuarantined({ view }: Watched, service: string): boolean {
  return view.quarantined.some(({ key, reason }) => key.includes(service) && reason !== '');
}
