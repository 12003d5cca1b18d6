import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describedNode } from '../../../../src/cli/proxies.js';
import { readMeshDirectory } from '../../../../src/config/mesh-directory/read.js';
import { toJson } from '../../../../src/envoy/json.js';
import { HttpConnectionManager } from '../../../../src/envoy/messages.js';
import { messageType } from '../../../../src/envoy/message-type.js';
import { proxyFromNode } from '../../../../src/mesh/node.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import { snapshotOf } from '../../../../src/offline.js';
import { Memo } from '../../../../src/translate/memo.js';
import { listenerPolicies } from '../../../../src/translate/security/listener-policies.js';

const rules = fileURLToPath(new URL('../../../golden/rules/', import.meta.url));
const cases = readdirSync(rules).filter((name) => /^s7-(authz|jwt)/.test(name));
const policyFilters = /rbac|ext_authz|jwt_authn/;

interface Filter {
  readonly name: string;
  readonly typed_config?: { readonly http_filters?: readonly Filter[] };
}
interface Recorded {
  readonly lds: readonly {
    readonly name: string;
    readonly filter_chains?: readonly { readonly name?: string; readonly filters: readonly Filter[] }[];
  }[];
}

describe('the filters of policies equal those that Istio serves', () => {
  test.each(cases)('%s', async (name) => {
    const directory = join(rules, name);
    const state = await readMeshDirectory(directory);
    expect(state.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    const snapshot = snapshotOf(state);
    for (const proxy of state.proxies) {
      const recorded = JSON.parse(
        readFileSync(join(directory, 'expected', `${proxy.name}.json`), 'utf8'),
      ) as Recorded;
      const context = resolveProxy(snapshot, proxyFromNode(describedNode(proxy)));
      const made = listenerPolicies(context, new Memo());
      const http = toJson(HttpConnectionManager, { httpFilters: made.httpFilters }) as {
        http_filters?: unknown;
      };
      const tcp = toJson(messageType('envoy.config.listener.v3.FilterChain'), {
        filters: made.networkFilters,
      }) as { filters?: unknown };
      const inbound = recorded.lds.filter(
        (listener) => context.proxy.type === 'router' || listener.name === 'virtualInbound',
      );
      const chains = inbound
        .flatMap((listener) => listener.filter_chains ?? [])
        .filter((chain) => !(chain.name ?? '').includes('blackhole'));
      for (const chain of chains) {
        const manager = chain.filters.find((filter) => filter.typed_config?.http_filters !== undefined);
        if (manager === undefined)
          expect(tcp.filters ?? []).toEqual(
            chain.filters.filter((filter) => policyFilters.test(filter.name)),
          );
        else
          expect(http.http_filters ?? []).toEqual(
            manager.typed_config?.http_filters?.filter((filter) => policyFilters.test(filter.name)),
          );
      }
    }
  });
});
