import { expect, test } from 'vitest';
import type { WorkloadEntryObject } from '../../../../src/config/kinds/networking.js';
import { noMeshNetworks } from '../../../../src/config/mesh-config.js';
import type { Workload } from '../../../../src/model/workload.js';
import { NetworkLookup } from '../../../../src/registry/objects/network-lookup.js';
import { convertWorkloadEntry } from '../../../../src/registry/service-entry/convert-workload-entry.js';
import type { Meta } from '../object-builders.js';
import { workloadEntry } from '../object-builders.js';

function convert(address: string, spec: Partial<WorkloadEntryObject> = {}, meta: Meta = {}): Workload {
  const networks = new NetworkLookup(noMeshNetworks, 'east', '');
  return convertWorkloadEntry(workloadEntry('vm-1', address, spec, meta), {
    cluster: 'east',
    trustDomain: 'example.org',
    networks,
  });
}

test('is a workload whose metadata labels win over those of its spec', () => {
  const spec = { labels: { app: 'old', tier: 'a' }, ports: { http: 9090 }, weight: 3, serviceAccount: 'vm' };
  expect(convert('192.0.2.1', spec, { labels: { app: 'new' } })).toEqual({
    kind: 'WorkloadEntry',
    name: 'vm-1',
    namespace: 'shop',
    cluster: 'east',
    addresses: ['192.0.2.1'],
    labels: { app: 'new', tier: 'a' },
    endpointLabels: { app: 'new', tier: 'a', 'topology.istio.io/cluster': 'east' },
    ports: { http: 9090 },
    serviceAccount: 'spiffe://example.org/ns/shop/sa/vm',
    network: '',
    locality: '',
    weight: 3,
    tlsMode: 'istio',
    workloadName: 'vm-1',
    ready: true,
    dnsServiceEntryOnly: false,
    provenance: { registry: 'External/east', object: 'WorkloadEntry shop/vm-1', location: 'input.yaml:1' },
  });
});

test.each<[Partial<WorkloadEntryObject>, string]>([
  [{}, 'disabled'],
  [{ serviceAccount: 'vm' }, 'istio'],
  [{ serviceAccount: 'vm', labels: { 'security.istio.io/tlsMode': 'disabled' } }, 'disabled'],
  [{ labels: { 'security.istio.io/tlsMode': 'custom' } }, 'custom'],
])('with %j has TLS mode %s', (spec, tlsMode) => {
  expect(convert('192.0.2.1', spec).tlsMode).toBe(tlsMode);
});

test.each<[string, readonly string[], boolean]>([
  ['192.0.2.1', ['192.0.2.1'], false],
  ['2001:db8::1', ['2001:db8::1'], false],
  ['', [], false],
  ['vm.example', ['vm.example'], true],
  ['unix:///run/a.sock', ['unix:///run/a.sock'], true],
])('address %j is given as %j, for DNS only: %j', (address, addresses, dnsServiceEntryOnly) => {
  expect(convert(address)).toMatchObject({ addresses, dnsServiceEntryOnly });
});

test.each<[Partial<WorkloadEntryObject>, string]>([
  [{ locality: 'eu/eu-a' }, 'eu/eu-a'],
  [{ labels: { 'istio-locality': 'asia.a' } }, 'asia/a'],
  [{ locality: 'eu', labels: { 'istio-locality': 'asia' } }, 'eu'],
])('with %j is in %s', (spec, locality) => {
  expect(convert('192.0.2.1', spec).locality).toBe(locality);
});

test.each<[string, Meta, Partial<WorkloadEntryObject>, string]>([
  ['its object', {}, {}, 'vm-1'],
  ['a metadata label', { labels: { 'service.istio.io/workload-name': 'named' } }, {}, 'named'],
  ['not a spec label', {}, { labels: { 'service.istio.io/workload-name': 'named' } }, 'vm-1'],
  [
    'the group that registered it',
    {
      annotations: { 'istio.io/autoRegistrationGroup': 'group' },
      labels: { 'service.istio.io/workload-name': 'named' },
    },
    {},
    'group',
  ],
])('is named after %s', (_, meta, spec, workloadName) => {
  expect(convert('192.0.2.1', spec, meta).workloadName).toBe(workloadName);
});

test.each<[string | undefined, boolean | undefined, boolean]>([
  [undefined, undefined, true],
  [undefined, false, true],
  ['false', false, true],
  ['yes', false, true],
  ['true', true, true],
  ['true', false, false],
  ['true', undefined, false],
  ['1', false, false],
  ['T', false, false],
])('with health checks %j and condition %j is ready: %j', (annotation, healthy, ready) => {
  const annotations: Record<string, string> =
    annotation === undefined ? {} : { 'proxy.istio.io/health-checks-enabled': annotation };
  expect(convert('192.0.2.1', healthy === undefined ? {} : { healthy }, { annotations }).ready).toBe(ready);
});
