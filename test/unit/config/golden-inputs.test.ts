import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';

const golden = fileURLToPath(new URL('../../golden', import.meta.url));

const cases = readdirSync(golden, { withFileTypes: true })
  .filter((area) => area.isDirectory())
  .flatMap((area) => readdirSync(join(golden, area.name)).map((name) => `${area.name}/${name}`));

/** Documents of kinds that are read, counted in the text. */
function countDocuments(directory: string): number {
  const read =
    /^kind: (Service|EndpointSlice|Pod|Node|Namespace|ServiceEntry|WorkloadEntry|WorkloadGroup|DestinationRule|VirtualService|Sidecar|Gateway|EnvoyFilter|PeerAuthentication|AuthorizationPolicy|RequestAuthentication|Telemetry)$/gm;
  return readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(directory, name), 'utf8').match(read)?.length ?? 0)
    .reduce((sum, count) => sum + count, 0);
}

describe('inputs of the golden cases', () => {
  test.each(cases)('%s is read without an error or an unknown field, every document of it', async (name) => {
    const directory = join(golden, name);
    const state = await readMeshDirectory(directory);
    expect(
      state.problems.filter(({ severity, message }) => severity === 'error' || message.startsWith('unknown')),
    ).toEqual([]);
    expect([...state.clusters.values()].reduce((sum, { size }) => sum + size, 0)).toBe(
      countDocuments(directory),
    );
    expect(state.proxies.map((proxy) => `${proxy.name}.json`).sort()).toEqual(
      readdirSync(join(directory, 'expected')).sort(),
    );
  });
});
