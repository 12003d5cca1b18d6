import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStrings } from '../../../../src/base/compare.js';
import { SharingMap } from '../../../../src/base/sharing-map.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import { labelsMatch, type Labels } from '../../../../src/model/labels.js';
import { serviceKey, type Service } from '../../../../src/model/service.js';
import { InstanceIndex, type InstanceHosts } from '../../../../src/registry/instance-index.js';
import { selectingServices } from '../../../../src/registry/instances.js';
import { orderedServices } from '../../../../src/registry/aggregate-services.js';
import { endpoint, entryService, kubernetesService, viewOf } from './values.js';

type Host = InstanceHosts extends ReadonlyMap<string, infer Value> ? Value : never;

function host(service: Service, endpoints: readonly Endpoint[]): Host {
  return { parts: [{ service, endpoints }] };
}

const services = ['a', 'b', 'c'].map((name) => entryService(`${name}.test`, name));
const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

/** Every instance at an address, as a look at all of them finds it. */
function instancesIn(hosts: InstanceHosts, address: string): readonly string[] {
  return [...hosts.values()]
    .flatMap(({ parts }) =>
      parts.flatMap(({ service, endpoints }) =>
        endpoints
          .filter(({ addresses: [first] }) => first === address)
          .map(({ port }) => `${service?.hostname ?? ''}:${port}`),
      ),
    )
    .sort(compareStrings);
}

describe('InstanceIndex', () => {
  it('finds what is at an address in whatever state of a registry it is asked about', () => {
    const change = fc.record({
      service: fc.constantFrom(...services),
      endpoints: fc.option(
        fc.array(
          fc.record({ address: fc.constantFrom(...addresses), port: fc.integer({ min: 1, max: 3 }) }),
          {
            maxLength: 3,
          },
        ),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.array(fc.nat(12), { maxLength: 12 }),
        (changes, asked) => {
          const states = [SharingMap.of<string, Host>()];
          for (const { service, endpoints } of changes) {
            const next = endpoints?.map(({ address, port }) => endpoint(address, { port }));
            const key = serviceKey(service.hostname, service.attributes.namespace);
            states.push(
              (states.at(-1) ?? SharingMap.of<string, Host>()).with([[key, next && host(service, next)]]),
            );
          }
          const index = new InstanceIndex();
          for (const at of asked) {
            const state = states[at % states.length] ?? SharingMap.of<string, Host>();
            for (const address of addresses) {
              const found = index.at(state, address);
              expect(
                found.map(({ service, endpoint: { port } }) => `${service.hostname}:${port}`).sort(),
              ).toEqual(instancesIn(state, address));
            }
          }
        },
      ),
    );
  });

  it('orders them by namespace and host, and leaves the order in a service', () => {
    const other = entryService('a.test', 'a', { attributes: { namespace: 'pay' } });
    const [a, b] = services;
    if (a === undefined || b === undefined) throw new Error('there are services');
    const list = (...ports: readonly number[]): readonly Endpoint[] =>
      ports.map((port) => endpoint('10.0.0.1', { port }));
    const hosts = SharingMap.of<string, Host>([
      ['shop/b.test', host(b, list(1))],
      ['shop/a.test', host(a, list(3, 2))],
    ]);
    const index = new InstanceIndex();
    index.at(hosts, '10.0.0.1');
    const found = index.at(hosts.with([['pay/a.test', host(other, list(9))]]), '10.0.0.1');
    expect(
      found.map(({ service, endpoint: { port } }) => [service.attributes.namespace, service.hostname, port]),
    ).toEqual([
      ['pay', 'a.test', 9],
      ['shop', 'a.test', 3],
      ['shop', 'a.test', 2],
      ['shop', 'b.test', 1],
    ]);
  });
});

describe('selectingServices', () => {
  const labels: fc.Arbitrary<Labels> = fc.dictionary(
    fc.constantFrom('app', 'team'),
    fc.constantFrom('a', 'b'),
    {
      noNullPrototype: true,
    },
  );

  it('finds the services of a namespace whose selector matches, in the order of the registry', () => {
    const selector = fc.record({
      selector: fc.option(labels, { nil: undefined }),
      namespace: fc.constantFrom('shop', 'pay'),
    });
    fc.assert(
      fc.property(fc.array(selector, { maxLength: 8 }), labels, (selectors, wanted) => {
        const view = viewOf('Kubernetes', 'Kubernetes', {
          services: selectors.map(({ selector: labelSelectors, namespace }, index) =>
            kubernetesService(`s${index}`, {
              attributes: { namespace, ...(labelSelectors !== undefined && { labelSelectors }) },
            }),
          ),
        });
        const expected = orderedServices(view).filter(
          ({ attributes: { namespace, labelSelectors = {} } }) =>
            namespace === 'shop' &&
            Object.keys(labelSelectors).length > 0 &&
            labelsMatch(labelSelectors, wanted),
        );
        expect(selectingServices(view, 'shop', wanted)).toEqual(expected);
      }),
    );
  });
});
