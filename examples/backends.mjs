/**
 * The backends of the example mesh: one small HTTP server for each endpoint in examples/mesh. Each answers with
 * what it is, so that one sees where a request went.
 */
import { createServer } from 'node:http';

/** Every backend listens on this port of an address of its own. */
const port = 8080;

/** Service, version and address of every endpoint; examples/mesh names the same ones. */
const backends = [
  { service: 'web', version: 'v1', address: '127.0.1.11' },
  { service: 'catalog', version: 'v1', address: '127.0.1.21' },
  { service: 'catalog', version: 'v1', address: '127.0.1.22' },
  { service: 'catalog', version: 'v2', address: '127.0.1.23' },
  { service: 'cart', version: 'v1', address: '127.0.1.31' },
  { service: 'cart', version: 'v1', address: '127.0.1.32' },
  { service: 'orders', version: 'v1', address: '127.0.1.41' },
  { service: 'rates', version: 'v1', address: '127.0.1.51' },
];

const servers = await Promise.all(backends.map(start)).catch((error) => {
  console.error(`The backends could not be started: ${error.message}`);
  if (error.code === 'EADDRNOTAVAIL') {
    console.error(
      'Linux has all of 127.0.0.0/8. On macOS, add each address: sudo ifconfig lo0 alias 127.0.1.11',
    );
  }
  process.exit(1);
});

console.log(`Backends of the example mesh, on loopback addresses:
${backends.map(({ service, version, address }) => `  ${service} ${version}  http://${address}:${port}`).join('\n')}

Next, in another terminal, Pilotlight with the example mesh:

  npx pilotlight serve examples/mesh

an Envoy in a third:

  npx pilotlight bootstrap --namespace shop \\
    --http-listener 127.0.0.1:8080=catalog.shop.svc.cluster.local:80 > envoy.yaml
  npm run envoy -- -c envoy.yaml

and in a fourth

  curl http://127.0.0.1:8080/

Ctrl-C stops the backends.`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
}

function start({ service, version, address }) {
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ service, version, address, path: request.url })}\n`);
    });
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}
