/**
 * The workloads of the tour: small servers that say who they are and whom they asked. Each is on the loopback address of
 * its Pod. One with a sidecar listens where its Sidecar object says, and reaches others through its sidecar, which
 * listens on the same address.
 */
import { createServer, request } from 'node:http';
import { createServer as createTcpServer } from 'node:net';

/** The mesh directory names the same ones. `asks` is the service that each request leads to. */
const workloads = [
  { service: 'web', version: 'v1', host: 11, port: 18080, asks: 'catalog' },
  { service: 'web', version: 'v2', host: 12, port: 18080, asks: 'catalog' },
  { service: 'catalog', version: 'v1', host: 21, port: 18080, asks: 'stock' },
  { service: 'catalog', version: 'v2', host: 22, port: 18080, asks: 'stock' },
  { service: 'stock', version: 'v1', host: 31, port: 8080 },
  { service: 'stock', version: 'v2', host: 32, port: 8080 },
  { service: 'rates', version: 'v1', host: 51, port: 8080 },
];

const ledger = { service: 'ledger', version: 'v1', host: 41, port: 9001 };

/** The port of every HTTP service, on which sidecars listen for their workloads. */
const servicePort = 9080;

/** Headers that belong to the request as a whole, which a workload has to pass on. */
const passedOn = ['x-canary', 'x-request-id'];

/** Milliseconds that a workload waits for another. */
const patience = 10_000;

/**
 * Starts all of them.
 * @param {string} [network] the first three parts of their addresses
 */
export async function startWorkloads(network = '127.0.7') {
  /** @type {Map<string, number>} Requests by `service-version`, of other workloads that were asked directly as well. */
  const requests = new Map();
  const count = (/** @type {{ service: string, version: string }} */ { service, version }) => {
    const name = `${service}-${version}`;
    requests.set(name, (requests.get(name) ?? 0) + 1);
  };
  const servers = [];
  try {
    for (const workload of workloads) {
      const server = createServer((incoming, response) => {
        count(workload);
        void answer(workload, network, incoming, response);
      });
      await listening(server, workload.port, `${network}.${workload.host}`);
      servers.push(server);
    }
    const server = createTcpServer((socket) => {
      count(ledger);
      socket.on('error', () => socket.destroy());
      socket.write(`ledger ${ledger.version}\n`);
      socket.pipe(socket);
    });
    await listening(server, ledger.port, `${network}.${ledger.host}`);
    servers.push(server);
  } catch (error) {
    await stop(servers);
    throw error;
  }
  return {
    requests,
    names: [...workloads, ledger].map(
      ({ service, version, host, port }) => `${service} ${version}  ${network}.${host}:${port}`,
    ),
    stop: () => stop(servers),
  };
}

/**
 * What a workload says: `/fail/CODE` fails so, any other path tells who answered, and what the service said that it asks.
 * @param {(typeof workloads)[number]} workload
 * @param {string} network
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ServerResponse} response
 */
async function answer({ service, version, host, asks }, network, incoming, response) {
  const path = incoming.url ?? '/';
  const [, failure] = /^\/fail\/(\d{3})$/.exec(path) ?? [];
  const said = asks === undefined ? {} : { [asks]: await ask(asks, `${network}.${host}`, incoming) };
  response.writeHead(failure === undefined ? 200 : Number(failure), { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ service, version, path, ...said })}\n`);
}

/**
 * Asks a service through the workload's own sidecar.
 * @param {string} service
 * @param {string} address
 * @param {import('node:http').IncomingMessage} incoming
 * @returns {Promise<unknown>} its answer, or the status with which it refused
 */
function ask(service, address, incoming) {
  const headers = Object.fromEntries(
    passedOn.flatMap((name) =>
      incoming.headers[name] === undefined ? [] : [[name, incoming.headers[name]]],
    ),
  );
  return new Promise((resolve) => {
    const asked = request(
      {
        host: address,
        port: servicePort,
        path: incoming.url,
        headers: { ...headers, host: service },
        timeout: patience,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text) => {
          body += text;
        });
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => {
          resolve(response.statusCode === 200 ? parsedOrText(body) : `${response.statusCode} ${body}`.trim());
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error) => resolve(error.message));
    asked.end();
  });
}

/** @param {string} text */
function parsedOrText(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * @param {import('node:net').Server} server
 * @param {number} port
 * @param {string} host
 */
function listening(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(undefined));
  });
}

/** @param {readonly { close(done: () => void): unknown, closeAllConnections?: () => void }[]} servers */
async function stop(servers) {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections?.();
        }),
    ),
  );
}
