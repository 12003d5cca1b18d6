/** The proxy that the environment names for a server, as kubectl takes it from there. */
import { BlockList, isIP } from 'node:net';
import { PilotError } from '../base/errors.js';
import type { Environment } from './kubeconfig-files.js';

/**
 * The HTTP proxy of HTTPS_PROXY, unless NO_PROXY excepts the server. This machine itself is never reached through one.
 * @throws PilotError KUBECONFIG_INVALID for a proxy that is not reached by HTTP.
 */
export function environmentProxy(server: URL, env: Environment): URL | undefined {
  const text = env['HTTPS_PROXY'] || env['https_proxy'] || '';
  if (text === '' || server.protocol !== 'https:' || isExcepted(server, env)) return undefined;
  const url = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(url) && new URL(url).protocol === 'http:') return new URL(url);
  throw new PilotError('KUBECONFIG_INVALID', `HTTPS_PROXY "${text}" is not a URL that begins with http://`, {
    hint: `Except the API server from it: NO_PROXY=${server.hostname}.`,
  });
}

function isExcepted(server: URL, env: Environment): boolean {
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (host === 'localhost' || loopback.check(host, familyOf(host))) return true;
  const exceptions = (env['NO_PROXY'] || env['no_proxy'] || '').toLowerCase().split(',');
  return exceptions
    .map((exception) => exception.trim())
    .some((exception) => exception !== '' && matches(exception, host, server.port || '443'));
}

/** Whether an entry of NO_PROXY means a host: everything, a name with what is below it, an address, or a range of them. */
function matches(exception: string, host: string, port: string): boolean {
  if (exception === '*') return true;
  const [, range = '', bits = ''] = /^([^/]+)\/(\d+)$/.exec(exception) ?? [];
  if (isIP(range) !== 0) {
    const list = new BlockList();
    list.addSubnet(range, Number(bits), familyOf(range));
    return isIP(host) !== 0 && list.check(host, familyOf(host));
  }
  const [, name = exception, onlyPort = port] =
    /^(.*[^:]):(\d+)$/.exec(isIP(exception) === 0 ? exception : '') ?? [];
  if (onlyPort !== port) return false;
  const suffix = name.replace(/^\*?\./, '.');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === name || host.endsWith(`.${name}`);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
