import { describe, expect, test } from 'vitest';
import type { GatewayServer, GatewayTls } from '../../../../src/config/kinds/networking.js';
import type { ConfigObject } from '../../../../src/config/object.js';
import { mergeServers, type MergedServers } from '../../../../src/translate/gateway/merged-servers.js';
import { object } from '../../mesh/builders.js';

interface ServerChanges extends Partial<Pick<GatewayServer, 'bind' | 'hosts'>> {
  readonly tls?: GatewayTls['mode'];
  readonly name?: string;
}

function server(number: number, protocol: string, changes: ServerChanges = {}): GatewayServer {
  const { bind = '', hosts = ['*'], tls, name = `${protocol}-${number}` } = changes;
  return {
    port: { number, protocol, name },
    bind,
    hosts,
    defaultEndpoint: '',
    name: '',
    ...(tls !== undefined && { tls: { mode: tls } }),
  };
}

function gateway(key: string, ...servers: readonly GatewayServer[]): ConfigObject<'Gateway'> {
  return object('Gateway', key, { selector: {}, servers });
}

/** Ports as `number protocol bind`, each with the Gateways and ports of its servers. */
function ports({ ports: merged }: MergedServers): Record<string, readonly string[]> {
  return Object.fromEntries(
    merged.map(({ number, protocol, bind, servers }) => [
      `${number} ${protocol} ${bind}`.trim(),
      servers.map(({ gateway: name, server: { port } }) => `${name} ${port.name}`),
    ]),
  );
}

const noTranslation = new Map<number, number>();

describe('servers on one port', () => {
  test('share it if all speak HTTP, whatever it is called', () => {
    const merged = mergeServers(
      [gateway('edge/one', server(80, 'HTTP'), server(80, 'GRPC')), gateway('edge/two', server(80, 'http'))],
      noTranslation,
    );
    expect(ports(merged)).toEqual({
      '80 HTTP': ['edge/one HTTP-80', 'edge/one GRPC-80', 'edge/two http-80'],
    });
    expect(merged.byRouteName.get('http.80')).toHaveLength(3);
    expect(merged.problems).toEqual([]);
  });

  test('share it if all take TLS for hosts of their own', () => {
    const merged = mergeServers(
      [
        gateway(
          'edge/one',
          server(443, 'HTTPS', { hosts: ['a.com', 'b.com'], tls: 'SIMPLE', name: 'a' }),
          server(443, 'HTTPS', { hosts: ['b.com', 'c.com'], tls: 'SIMPLE', name: 'b' }),
          server(443, 'TLS', { hosts: ['c.com'], tls: 'PASSTHROUGH', name: 'c' }),
        ),
      ],
      noTranslation,
    );
    expect(ports(merged)).toEqual({ '443 HTTPS': ['edge/one a'], '443 TLS': ['edge/one c'] });
    expect([...merged.byRouteName.keys()]).toEqual(['https.443.a.one.edge']);
    expect(merged.problems).toEqual([
      {
        subject: 'Gateway edge/one',
        message: 'its server on port 443 (b) is left out: another server of port 443 is for b.com already',
      },
    ]);
  });

  test('do not share it if one is neither', () => {
    const merged = mergeServers(
      [
        gateway(
          'edge/one',
          server(9000, 'TCP'),
          server(9000, 'HTTP'),
          server(9000, 'TCP', { name: 'again' }),
        ),
      ],
      noTranslation,
    );
    expect(ports(merged)).toEqual({ '9000 TCP': ['edge/one TCP-9000'] });
    expect(merged.problems).toHaveLength(2);
  });

  test('are on another one at another address', () => {
    const bind = '192.0.2.1';
    const merged = mergeServers(
      [
        gateway(
          'edge/one',
          server(80, 'HTTP'),
          server(80, 'TCP', { bind }),
          server(80, 'TCP', { bind, name: 'x' }),
        ),
      ],
      noTranslation,
    );
    expect(ports(merged)).toEqual({
      '80 HTTP': ['edge/one HTTP-80'],
      '80 TCP 192.0.2.1': ['edge/one TCP-80'],
    });
  });
});

test('a router listens on the target port; the routes of servers that end TLS go by the port as it is written', () => {
  const merged = mergeServers(
    [gateway('edge/one', server(80, 'HTTP'), server(443, 'HTTPS', { tls: 'SIMPLE', name: 'tls' }))],
    new Map([
      [80, 8080],
      [443, 8443],
    ]),
  );
  expect(merged.ports.map(({ number, routeName }) => [number, routeName])).toEqual([
    [8080, 'http.8080'],
    [8443, 'https.443.tls.one.edge'],
  ]);
});

test('hosts say their namespace, unless they are of any', () => {
  const hosts = (...written: readonly string[]): readonly string[] | undefined =>
    mergeServers([gateway('edge/one', server(80, 'HTTP', { hosts: written }))], noTranslation).ports[0]
      ?.servers[0]?.server.hosts;
  expect(hosts('./a.com', '*/b.com', 'shop/c.com', 'd.com')).toEqual([
    'edge/a.com',
    'b.com',
    'shop/c.com',
    'd.com',
  ]);
  expect(hosts('*/*', 'a.com')).toEqual(['*']);
});
