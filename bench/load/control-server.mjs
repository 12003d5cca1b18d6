/**
 * The control port of a server that is measured: how its mesh is changed, and what it has used. Plain HTTP, all
 * parameters in the query:
 *
 *     POST /endpoint?service=I&at=K&address=A   endpoint K of service I moves to an address
 *     POST /add?service=I                       a service is there, with its endpoints
 *     POST /remove?service=I                    it is gone
 *     POST /churn?rate=R                        from now on R endpoints a second move; 0 stops, and says how many did
 *     POST /gc                                  collects garbage, then as /usage
 *     GET  /usage                               cpuSeconds of the process, heapBytes in use
 *     GET  /metrics                             what the server counts, for Prometheus
 *     GET  /problems                            Pilotlight only: what it logged as a warning or an error
 *
 * testenv/istiod/load has the same port, but for that, for Istio's discovery server.
 */
import { createServer } from 'node:http';

/**
 * @typedef {object} Controlled
 * @property {(service: number, at: number, address: string) => void} moveEndpoint
 * @property {(service: number) => void} addService
 * @property {(service: number) => void} removeService
 * @property {(rate: number) => number} churn changes made so far
 * @property {() => object} collectGarbage
 * @property {() => object} usage
 * @property {() => Promise<string>} metrics
 * @property {() => object} problems
 */

/**
 * Listens on a free port of the loopback interface.
 * @param {Controlled} controlled
 * @returns {Promise<string>} `host:port`
 */
export async function serveControl(controlled) {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    answer(controlled, `${request.method} ${url.pathname}`, url.searchParams).then(
      (value) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        response.end(`${text}\n`);
      },
      (/** @type {unknown} */ error) => {
        response.statusCode = 400;
        response.end(`${error instanceof Error ? error.message : String(error)}\n`);
      },
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the control port has no address');
  return `127.0.0.1:${address.port}`;
}

/** @param {Controlled} controlled @param {string} asked @param {URLSearchParams} query */
async function answer(controlled, asked, query) {
  switch (asked) {
    case 'POST /endpoint':
      return (
        controlled.moveEndpoint(number(query, 'service'), number(query, 'at'), query.get('address') ?? ''),
        {}
      );
    case 'POST /add':
      return (controlled.addService(number(query, 'service')), {});
    case 'POST /remove':
      return (controlled.removeService(number(query, 'service')), {});
    case 'POST /churn':
      return { changes: controlled.churn(number(query, 'rate')) };
    case 'POST /gc':
      return controlled.collectGarbage();
    case 'GET /usage':
      return controlled.usage();
    case 'GET /metrics':
      return controlled.metrics();
    case 'GET /problems':
      return controlled.problems();
    default:
      throw new Error(`there is no ${asked}`);
  }
}

/** @param {URLSearchParams} query @param {string} name */
function number(query, name) {
  const value = Number(query.get(name) ?? '0');
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} is no number`);
  return value;
}
