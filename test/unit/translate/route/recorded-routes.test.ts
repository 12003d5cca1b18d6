/**
 * The virtual hosts of ports are those of every route configuration that was recorded from Istio for sidecars. The
 * rest of a configuration (the host for everything else, and its own settings) is no matter of theirs.
 */
import { describe, expect, test } from 'vitest';
import { splitHostPort } from '../../../../src/base/host-port.js';
import { finish } from '../../../../src/base/piecewise.js';
import { describedNode } from '../../../../src/cli/proxies.js';
import { compareResources, resourceName } from '../../../../src/compare/resources.js';
import { readMeshDirectory } from '../../../../src/config/mesh-directory/read.js';
import { decodeToJson } from '../../../../src/envoy/json.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../../src/envoy/json-value.js';
import { RouteConfiguration } from '../../../../src/envoy/messages.js';
import { proxyFromNode } from '../../../../src/mesh/node.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../../src/mesh/snapshot.js';
import { snapshotOf } from '../../../../src/offline.js';
import { egressListener, routeClient } from '../../../../src/translate/route/listener-routes.js';
import { outboundVirtualHosts } from '../../../../src/translate/route/virtual-hosts.js';
import { goldenCases } from '../../../golden/cases.js';

const cases = goldenCases().filter(({ expected }) =>
  [...expected.values()].some((answer) => 'rds' in answer),
);
const everythingElse: ReadonlySet<string> = new Set(['allow_any', 'block_all', 'allow_any_dynamic_dns']);

describe('virtual hosts equal those of Istio', () => {
  test.each(cases)('$name', async ({ directory, expected }) => {
    const state = await readMeshDirectory(directory);
    const snapshot = snapshotOf(state);
    const failures: string[] = [];
    for (const [name, answer] of expected) {
      const described = state.proxies.find((candidate) => candidate.name === name);
      if (described === undefined) throw new Error(`proxies.yaml has no ${name}`);
      const context = resolveProxy(snapshot, proxyFromNode(describedNode(described)));
      if (context.proxy.type !== 'sidecar' || context.proxy.dialect === 'grpc') continue;
      for (const configuration of answer['rds'] ?? []) {
        const routeName = resourceName(configuration);
        const ours = virtualHosts(context, routeName);
        if (ours === undefined) continue;
        const istio = hostsIn(configuration).filter((host) => !everythingElse.has(resourceName(host)));
        const found = compareResources('rds', ours, istio);
        if (found.length > 0) failures.push(`${name} ${routeName}: ${JSON.stringify(found, undefined, 1)}`);
      }
    }
    expect(failures.join('\n')).toBe('');
  });
});

/** The virtual hosts of a route configuration by its name; undefined for those of sockets. */
function virtualHosts(context: ProxyContext, routeName: string): readonly JsonObject[] | undefined {
  const sniffed = splitHostPort(routeName);
  const port = routeName === 'http_proxy' ? 0 : Number(sniffed?.port ?? routeName);
  if (!Number.isInteger(port)) return undefined;
  const hosts = ofPort(context, port);
  if (sniffed === undefined) return hosts;
  // A port whose protocol is not known has a listener for each service; it does not matter there what is asked for.
  return hosts
    .filter(
      ({ domains }) =>
        isJsonArray(domains) && domains.some((domain) => domain === routeName || domain === sniffed.host),
    )
    .map((host) => ({ ...host, domains: ['*'] }));
}

function ofPort({ scope, snapshot, ...context }: ProxyContext, port: number): readonly JsonObject[] {
  const listener = egressListener(scope, port);
  if (listener === undefined) return [];
  const work = outboundVirtualHosts({
    ...listener,
    scope,
    destinationRules: snapshot.destinationRules,
    defaultRetries: snapshot.mesh.defaultHttpRetryPolicy,
    client: routeClient({ scope, snapshot, ...context }, listener.egress),
  });
  const encoded = RouteConfiguration.encode({ virtualHosts: finish(work) });
  return hostsIn(decodeToJson(RouteConfiguration.typeUrl, encoded));
}

function hostsIn(configuration: JsonObject): readonly JsonObject[] {
  const hosts: Json | undefined = configuration['virtual_hosts'];
  return isJsonArray(hosts) ? hosts.filter(isJsonObject) : [];
}
