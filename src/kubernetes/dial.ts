/** Opens a connection to one address of an API server. */
import { request } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ConnectionSettings } from './access.js';
import { addressText, type ServerAddress } from './addresses.js';

/**
 * How long a connection may be silent, in milliseconds, before TCP asks the other side for a sign of life: what is
 * between keeps the connection, and one whose other side is gone is noticed.
 */
export const keepAliveMs = 15_000;

/**
 * Opens a connection.
 * @param limit milliseconds until it has to be there.
 * @throws Error that names the address.
 */
export async function dial(
  address: ServerAddress,
  settings: ConnectionSettings,
  limit: number,
): Promise<Socket> {
  const opened: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([open(address, settings, opened), late]);
  } catch (error) {
    for (const socket of opened) socket.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    const text = addressText(address);
    throw new Error(reason.includes(text) ? reason : `${text}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function open(address: ServerAddress, settings: ConnectionSettings, opened: Socket[]): Promise<Socket> {
  const { proxy } = settings;
  const socket =
    proxy === undefined ? await openTcp(address, opened) : await openThroughProxy(proxy, address, opened);
  socket.setKeepAlive(true, keepAliveMs);
  socket.setNoDelay(true);
  if (address.server.protocol === 'http:') return socket;
  return openTls(socket, address, settings, opened);
}

function openTcp({ host, port }: Pick<ServerAddress, 'host' | 'port'>, opened: Socket[]): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port });
    opened.push(socket);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** Asks an HTTP proxy for a tunnel. */
function openThroughProxy(proxy: URL, address: ServerAddress, opened: Socket[]): Promise<Socket> {
  const target = addressText(address);
  const credentials =
    proxy.username === ''
      ? {}
      : {
          'proxy-authorization': `Basic ${Buffer.from(
            `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`,
          ).toString('base64')}`,
        };
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname,
      port: Number(proxy.port) || 80,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...credentials },
      agent: false,
    });
    asked.once('socket', (socket) => opened.push(socket));
    asked.once('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else
        reject(
          new Error(`the proxy ${proxy.host} answered ${response.statusCode ?? 0} for a way to ${target}`),
        );
    });
    asked.once('response', (response) => {
      reject(
        new Error(`the proxy ${proxy.host} answered ${response.statusCode ?? 0} for a way to ${target}`),
      );
      response.destroy();
    });
    asked.once('error', (error) => reject(new Error(`the proxy ${proxy.host}: ${error.message}`)));
    asked.end();
  });
}

function openTls(
  socket: Socket,
  { server, host }: ServerAddress,
  { ca, cert, key, serverName, insecure }: ConnectionSettings,
  opened: Socket[],
): Promise<Socket> {
  const named = serverName ?? server.hostname;
  const options: ConnectionOptions = {
    socket,
    host,
    // An IP address is no server name in TLS; the certificate is checked for the host then.
    ...(isIP(named.replace(/^\[(.*)\]$/, '$1')) === 0 && { servername: named }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return new Promise((resolve, reject) => {
    const secure = connectTls(options);
    opened.push(secure);
    secure.once('secureConnect', () => {
      secure.off('error', reject);
      resolve(secure);
    });
    secure.once('error', reject);
    // A server that hangs up in the middle of the handshake sends no error.
    secure.once('close', () => reject(new Error('the connection was closed before TLS was agreed upon')));
  });
}
