/**
 * `npm run bench [NAME…]`: times that users feel, each with its limit; exits 1 when one is missed. Run by hand on a
 * machine that does nothing else. `npm run bench -- load` is apart: many proxies, for minutes, with options of its own.
 */
import { availableParallelism, cpus } from 'node:os';
import { consul } from './consul.mjs';
import { eventLoop } from './event-loop/main.mjs';
import { kubernetes } from './kubernetes.mjs';
import { load } from './load/main.mjs';
import { startup } from './startup.mjs';
import { translation } from './translation.mjs';

/** @typedef {{ what: string, value: number, unit: string, limit?: number }} Measure */

/** @type {Readonly<Record<string, () => Promise<Measure[]>>>} */
const benchmarks = { startup, translation, kubernetes, consul, 'event-loop': eventLoop };

const asked = process.argv.slice(2);
if (asked[0] === 'load') process.exit(await load(asked.slice(1)));
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there is: ${[...Object.keys(benchmarks), 'load'].join(', ')}`,
  );
  process.exit(2);
}

console.log(
  `Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}`,
);
let missed = 0;
for (const [name, run] of Object.entries(benchmarks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const { what, value, unit, limit } of await run()) {
    const late = limit !== undefined && value > limit;
    if (late) missed += 1;
    const verdict =
      limit === undefined ? '' : late ? `  MISSED (limit ${limit} ${unit})` : `  (limit ${limit} ${unit})`;
    console.log(`${name}: ${what}: ${value.toFixed(1)} ${unit}${verdict}`);
  }
}
process.exitCode = missed > 0 ? 1 : 0;
