/** The command line of `npm run bench -- load`. */
import { parseArgs } from 'node:util';
import { istiod, pilotlight, quickIstiod, quickPilotlight, runningServer } from './servers.mjs';
import { targetCell } from './targets.mjs';

/** @typedef {import('./servers.mjs').ServerKind} ServerKind */

export const help = `Usage:
  npm run bench -- load [options]
  npm run bench -- load --write-mesh DIR --services 1000
  npm run bench -- load --from FILE

Starts a server on a mesh of S services, connects N simulated sidecars to it, and measures
  (a) all proxies connect at once: until the last has everything
  (b) one endpoint changes: until the last proxy has it
  (c) one service is added: until the last proxy has it and its endpoints
  (d) endpoints change all the time
beside the time CPU, memory and bytes; the same for each server, one after the other, in one run. Without options it
measures the cell that has targets: ${targetCell.services} services, ${targetCell.proxies} proxies, ${targetCell.variant}.

  --services S,…       100, 1000 and 5000 with --all
  --proxies N,…        1, 100, 200 and 1000 with --all
  --variant V,…        sotw, delta
  --all                the whole table: hours
  --server NAME        whom to measure (repeatable):
                         pilotlight    embedded, defaults
                         pilotlight-quick  the same without debounce, to stand beside istiod-quick
                         istiod        Istio's discovery server, defaults
                         istiod-quick  the same without debounce and without its limit of new streams a second
                         NAME=HOST:PORT[,control=HOST:PORT][,pid=PID]
                                       an ADS server that runs already, on the same mesh; (b) to (d) need a control
                                       port (bench/load/control-server.mjs), CPU and memory that or a pid
                       all four without it
  --pilot-options JSON options of startPilot for pilotlight, such as {"debounceAfter":0}
  --measure abcd       which of the four
  --endpoints K        of each service: 10
  --types CDS,EDS      what proxies subscribe to
  --rounds R           of (b): 100
  --add-rounds R       of (c): 50
  --rate R             changes a second in (d): 100
  --seconds T          how long (d) takes: 60
  --limit T            seconds in which all proxies must have everything: 300
  --out FILE           the measurements as JSON
  --from FILE          no measurement: the tables of an --out FILE
  --write-mesh DIR     no measurement: writes the mesh as a mesh directory, for a server that reads one
  --help

Exit codes: 0; 1 a target is missed, or a change did not arrive; 2 wrong use.
`;

/**
 * @typedef {object} LoadOptions
 * @property {boolean} help
 * @property {string} [from]
 * @property {string} [writeMesh]
 * @property {string} [out]
 * @property {readonly number[]} services
 * @property {readonly number[]} proxies
 * @property {readonly ('sotw' | 'delta')[]} variants
 * @property {readonly ServerKind[]} servers
 * @property {Omit<import('./measure.mjs').CellSettings, 'services' | 'proxies' | 'variant'>} cell
 */

/**
 * @param {readonly string[]} args
 * @returns {LoadOptions}
 * @throws {Error} when they are wrong
 */
export function loadOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'string' },
      proxies: { type: 'string' },
      variant: { type: 'string' },
      all: { type: 'boolean', default: false },
      server: {
        type: 'string',
        multiple: true,
        default: ['pilotlight', 'pilotlight-quick', 'istiod', 'istiod-quick'],
      },
      'pilot-options': { type: 'string', default: '{}' },
      measure: { type: 'string', default: 'abcd' },
      endpoints: { type: 'string', default: '10' },
      types: { type: 'string', default: 'CDS,EDS' },
      rounds: { type: 'string', default: '100' },
      'add-rounds': { type: 'string', default: '50' },
      rate: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '60' },
      limit: { type: 'string', default: '300' },
      out: { type: 'string' },
      from: { type: 'string' },
      'write-mesh': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { all } = values;
  const services = values.services ?? (all ? '100,1000,5000' : String(targetCell.services));
  const proxies = values.proxies ?? (all ? '1,100,200,1000' : String(targetCell.proxies));
  return {
    help: values.help,
    ...(values.from === undefined ? {} : { from: values.from }),
    ...(values['write-mesh'] === undefined ? {} : { writeMesh: values['write-mesh'] }),
    ...(values.out === undefined ? {} : { out: values.out }),
    services: services.split(',').map((text) => positive('services', text)),
    proxies: proxies.split(',').map((text) => positive('proxies', text)),
    variants: (values.variant ?? targetCell.variant).split(',').map(variant),
    servers: values.server.map((name) => serverKind(name, values['pilot-options'])),
    cell: {
      endpoints: positive('endpoints', values.endpoints),
      types: values.types.split(','),
      measurements: new Set(Array.from(values.measure, measurement)),
      rounds: positive('rounds', values.rounds),
      addRounds: positive('add-rounds', values['add-rounds']),
      rate: positive('rate', values.rate),
      seconds: positive('seconds', values.seconds),
      limitSeconds: positive('limit', values.limit),
    },
  };
}

/** @param {string} name @param {string} pilotOptions */
function serverKind(name, pilotOptions) {
  if (name === 'pilotlight') return pilotlight(pilotOptions);
  if (name === 'istiod') return istiod();
  if (name === 'pilotlight-quick') return quickPilotlight();
  if (name === 'istiod-quick') return quickIstiod();
  const running = runningServer(name);
  if (running === undefined) throw new Error(`there is no server ${name}`);
  return running;
}

/** @param {string} text @returns {'sotw' | 'delta'} */
function variant(text) {
  if (text === 'sotw' || text === 'delta') return text;
  throw new Error(`there is no variant ${text}: sotw or delta`);
}

/** @param {string} letter @returns {import('./measure.mjs').Measurement} */
function measurement(letter) {
  if (letter === 'a' || letter === 'b' || letter === 'c' || letter === 'd') return letter;
  throw new Error(`there is no measurement ${letter}: a, b, c or d`);
}

/** @param {string} name @param {string} text */
function positive(name, text) {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} is no positive number: ${text}`);
  return value;
}
