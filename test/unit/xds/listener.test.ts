import { lookup } from 'node:dns/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Listener } from '../../../src/xds/listener.js';

const accepted: Socket[] = [];
const listener = new Listener({
  onConnection: (socket) => accepted.push(socket),
  onError: (error) => {
    throw error;
  },
});
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  listener.destroyConnections();
  await listener.close();
  accepted.length = 0;
});

function reach(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  clients.push(socket);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

test('listens on every address of a name, at one port', async () => {
  const port = await listener.listen('localhost', 0);
  for (const { address } of await lookup('localhost', { all: true }))
    expect((await reach(address, port)).remotePort).toBe(port);
});

test('accepts no more once it is closed, and ends what clients leave open', async () => {
  const port = await listener.listen('127.0.0.1', 0);
  const client = await reach('127.0.0.1', port);
  await expect.poll(() => accepted.length).toBe(1);
  const closed = listener.close();
  await expect(reach('127.0.0.1', port)).rejects.toThrow('ECONNREFUSED');
  expect(accepted[0]?.destroyed).toBe(false);
  const ended = new Promise((resolve) => {
    client.once('end', resolve);
    client.resume();
  });
  listener.destroyConnections();
  await ended;
  await closed;
  expect(accepted[0]?.destroyed).toBe(true);
});

test('a port that is in use is named', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(listener.listen('127.0.0.1', port)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `127.0.0.1:${port} is in use`,
  });
  other.close();
});

test.each(['192.0.2.1', 'no-such-host.invalid'])(
  '%s, which is not of this machine, is refused',
  async (host) => {
    await expect(listener.listen(host, 0)).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  },
);
