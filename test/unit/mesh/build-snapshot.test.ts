import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeshConfig } from '../../../src/config/mesh-config.js';
import { deepEqual } from '../../../src/base/compare.js';
import { buildSnapshot, type SnapshotInput } from '../../../src/mesh/build-snapshot.js';
import type { MeshObjects } from '../../../src/mesh/mesh-objects.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import type { Service } from '../../../src/model/service.js';
import { serviceKey } from '../../../src/model/service.js';
import type { Shard } from '../../../src/registry/view.js';
import {
  destinationRule,
  discoveryOf,
  endpoint,
  authorizationPolicy,
  entryService,
  envoyFilter,
  gateway,
  kubernetesService,
  namespace,
  object,
  peerAuthentication,
  proxyOf,
  requestAuthentication,
  shard,
  sidecar,
  snapshotInput,
  telemetry,
  virtualService,
} from './builders.js';

const orders = kubernetesService('orders.shop', { creationTime: 1 });
const cards = kubernetesService('cards.pay', { creationTime: 2, serviceAccounts: ['cards'] });
const objects: MeshObjects = {
  namespaces: [namespace('shop')],
  destinationRules: [destinationRule('shop/orders', { host: 'orders' })],
  virtualServices: [virtualService('shop/orders', { hosts: ['orders'] })],
  sidecars: [sidecar('shop/default', [['./*']])],
  gateways: [gateway('shop/edge', {})],
  peerAuthentications: [peerAuthentication('shop/default', { mtls: { mode: 'STRICT' } })],
  authorizationPolicies: [authorizationPolicy('shop/default')],
  requestAuthentications: [requestAuthentication('shop/default')],
  telemetries: [telemetry('shop/default')],
  envoyFilters: [envoyFilter('shop/default')],
  secrets: [object('Secret', 'shop/web', { data: { cert: 'Y2VydA==' } })],
  configMaps: [object('ConfigMap', 'shop/roots', { data: { cacert: 'PEM' } })],
};
const parts = [
  'services',
  'endpoints',
  'networks',
  'destinationRules',
  'virtualServices',
  'sidecars',
  'peerAuthentications',
  'gateways',
  'authorizationPolicies',
  'requestAuthentications',
  'telemetries',
  'envoyFilters',
  'secrets',
  'mesh',
] as const;

/** The parts that are not the same object in both. */
function changedParts(before: Snapshot, after: Snapshot): string[] {
  return parts.filter((part) => before[part] !== after[part]);
}

describe('parts in which nothing changed', () => {
  const shards = (address: string): readonly Shard[] => [shard([endpoint(address)])];
  const discovery = discoveryOf([orders, cards], [[orders, shards('10.1.0.1')]]);
  const input = snapshotInput({ discovery, objects });
  const before = buildSnapshot(input);
  const after = (changes: Partial<SnapshotInput>): string[] =>
    changedParts(before, buildSnapshot({ ...input, ...changes }, before));

  it('are taken from the snapshot before', () => {
    expect(after({ version: 'next' })).toEqual([]);
    expect(buildSnapshot({ ...input, version: 'next' }, before).version).toBe('next');
  });

  it('are so too when lists and settings are new with the same content', () => {
    const copied = Object.fromEntries(Object.entries(objects).map(([kind, list]) => [kind, [...list]]));
    const discoveryAgain = { ...discovery, services: [...discovery.services] };
    const mesh = { ...input.mesh, defaultServiceExportTo: ['*'] };
    expect(after({ objects: { ...objects, ...copied }, discovery: discoveryAgain, mesh })).toEqual([]);
  });

  it('are all but the endpoints when an endpoint changes', () => {
    const moved = discoveryOf(discovery.services, [[orders, shards('10.1.0.2')]]);
    expect(after({ discovery: { ...moved, services: [...discovery.services] } })).toEqual(['endpoints']);
  });

  it.each<[string, Partial<MeshObjects>, readonly string[]]>([
    ['a DestinationRule', { destinationRules: [] }, ['destinationRules']],
    ['a VirtualService', { virtualServices: [] }, ['virtualServices', 'sidecars']],
    ['a Sidecar', { sidecars: [] }, ['sidecars']],
    ['a Gateway', { gateways: [] }, ['gateways']],
    ['a PeerAuthentication', { peerAuthentications: [] }, ['peerAuthentications']],
    ['an AuthorizationPolicy', { authorizationPolicies: [] }, ['authorizationPolicies']],
    ['a RequestAuthentication', { requestAuthentications: [] }, ['requestAuthentications']],
    ['a Telemetry', { telemetries: [] }, ['telemetries']],
    ['an EnvoyFilter', { envoyFilters: [] }, ['envoyFilters']],
    ['a Namespace', { namespaces: [] }, []],
    ['a Secret', { secrets: [] }, ['secrets']],
    ['a ConfigMap', { configMaps: [] }, ['secrets']],
  ])('are all that %s has nothing to do with', (_what, changed, expected) => {
    expect(after({ objects: { ...objects, ...changed } })).toEqual(expected);
  });

  it('are not the services and scopes when a service changes', () => {
    const more = discoveryOf([orders, cards, kubernetesService('new.pay')], [[orders, shards('10.1.0.1')]]);
    expect(after({ discovery: { ...more, shards: discovery.shards } })).toEqual(['services', 'sidecars']);
  });

  it('are those that a setting has nothing to do with', () => {
    const changed = (changes: Partial<MeshConfig>) => after({ mesh: { ...input.mesh, ...changes } });
    expect(changed({ connectTimeout: 1 })).toEqual(['mesh']);
    expect(changed({ trustDomainAliases: ['old'] })).toEqual(['endpoints', 'mesh']);
    expect(changed({ defaultDestinationRuleExportTo: ['.'] })).toEqual(['destinationRules', 'mesh']);
    expect(changed({ rootNamespace: 'root' })).toEqual([
      'destinationRules',
      'sidecars',
      'peerAuthentications',
      'authorizationPolicies',
      'requestAuthentications',
      'telemetries',
      'envoyFilters',
      'mesh',
    ]);
  });
});

describe('a snapshot built from another', () => {
  it('says the same as one built from nothing, after any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        let world = emptyWorld;
        let snapshot = buildSnapshot(inputOf(world));
        for (const apply of changes) {
          world = apply(world);
          snapshot = buildSnapshot(inputOf(world), snapshot);
          expect(observed(snapshot)).toEqual(observed(buildSnapshot(inputOf(world))));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('has the very same merged rules, scopes and accounts as the one before wherever they say the same', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), change, (setup, last) => {
        const world = setup.reduce((state, apply) => apply(state), emptyWorld);
        const before = buildSnapshot(inputOf(world));
        const known = shared(before);
        const after = shared(buildSnapshot(inputOf(last(world)), before));
        for (const [name, value] of after) {
          const earlier = known.get(name);
          if (value !== undefined && JSON.stringify(earlier) === JSON.stringify(value))
            expect(value).toBe(earlier);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** A small mesh that changes at random: values by key, so that what is not touched stays the same object. */
interface World {
  readonly services: ReadonlyMap<string, Service>;
  readonly shards: ReadonlyMap<string, readonly Shard[]>;
  readonly objects: { readonly [K in keyof MeshObjects]: ReadonlyMap<string, MeshObjects[K][number]> };
  readonly mesh: Partial<MeshConfig>;
}

const emptyWorld: World = {
  services: new Map(),
  shards: new Map(),
  objects: {
    namespaces: new Map(),
    destinationRules: new Map(),
    virtualServices: new Map(),
    sidecars: new Map(),
    gateways: new Map(),
    peerAuthentications: new Map(),
    authorizationPolicies: new Map(),
    requestAuthentications: new Map(),
    telemetries: new Map(),
    envoyFilters: new Map(),
    secrets: new Map(),
    configMaps: new Map(),
  },
  mesh: {},
};

function inputOf(world: World): SnapshotInput {
  const list = <K extends keyof MeshObjects>(kind: K): MeshObjects[K][number][] => [
    ...world.objects[kind].values(),
  ];
  return snapshotInput({
    discovery: { ...discoveryOf([...world.services.values()]), shards: world.shards },
    mesh: world.mesh,
    objects: {
      namespaces: list('namespaces'),
      destinationRules: list('destinationRules'),
      virtualServices: list('virtualServices'),
      sidecars: list('sidecars'),
      gateways: list('gateways'),
      peerAuthentications: list('peerAuthentications'),
      authorizationPolicies: list('authorizationPolicies'),
      requestAuthentications: list('requestAuthentications'),
      telemetries: list('telemetries'),
      envoyFilters: list('envoyFilters'),
      secrets: list('secrets'),
      configMaps: list('configMaps'),
    },
  });
}

const namespaceNames = ['shop', 'pay', 'istio-system'] as const;
const hosts = ['a.shop.svc.cluster.local', 'x.example.com', 'y.example.com'] as const;

const someNamespace = fc.constantFrom(...namespaceNames);
const someHost = fc.constantFrom(...hosts);
const exportTo = fc.constantFrom<readonly string[]>([], ['*'], ['.'], ['pay'], ['.', 'pay'], ['~']);
const time = fc.integer({ min: 0, max: 3 });
const labels = fc.constantFrom<Readonly<Record<string, string>>>({}, { app: 'web' });
const ports = fc.constantFrom<readonly number[]>([80], [443], [80, 443]);

/** Sets or removes a value; one that is equal to the one before is no change, as for those who feed snapshots. */
function put<T>(map: ReadonlyMap<string, T>, key: string, value: T | undefined): ReadonlyMap<string, T> {
  if (deepEqual(map.get(key), value)) return map;
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

function objectChange<K extends keyof MeshObjects>(
  kind: K,
  make: (key: string) => fc.Arbitrary<MeshObjects[K][number]>,
): fc.Arbitrary<(world: World) => World> {
  return fc
    .tuple(someNamespace, fc.constantFrom('one', 'two'))
    .map(([ns, name]) => `${ns}/${name}`)
    .chain((key) => fc.tuple(fc.constant(key), fc.option(make(key), { nil: undefined, freq: 4 })))
    .map(([key, value]) => (world) => ({
      ...world,
      objects: { ...world.objects, [kind]: put(world.objects[kind], key, value) },
    }));
}

const serviceChange = fc
  .record({
    host: someHost,
    ns: someNamespace,
    kubernetes: fc.boolean(),
    exportTo,
    creationTime: time,
    ports,
    aliasOf: fc.option(someHost, { nil: undefined, freq: 5 }),
    gone: fc.boolean(),
  })
  .map(({ host, ns, kubernetes, aliasOf, gone, ...changes }) => (world: World): World => {
    const key = `${ns}/${host}/${kubernetes}`;
    const alias = aliasOf === undefined ? {} : { resolution: 'Alias' as const, externalName: aliasOf };
    const provider = kubernetes ? { provider: 'Kubernetes' } : {};
    return {
      ...world,
      services: put(
        world.services,
        key,
        gone ? undefined : entryService(host, ns, { ...changes, ...alias, ...provider }),
      ),
    };
  });

const shardChange = fc
  .record({
    host: someHost,
    ns: someNamespace,
    accounts: fc.array(fc.constantFrom('spiffe://a/ns/b/sa/c', 'spiffe://a/ns/b/sa/d', ''), { maxLength: 2 }),
  })
  .map(({ host, ns, accounts }) => (world: World): World => {
    const endpoints = accounts.map((serviceAccount, index) =>
      endpoint(`10.0.0.${index}`, { serviceAccount }),
    );
    return {
      ...world,
      shards: put(
        world.shards,
        serviceKey(host, ns),
        endpoints.length === 0 ? undefined : [shard(endpoints)],
      ),
    };
  });

const meshChange = fc
  .constantFrom<Partial<MeshConfig>>(
    {},
    { defaultServiceExportTo: ['.'] },
    { defaultVirtualServiceExportTo: ['.'] },
    { defaultDestinationRuleExportTo: ['.'] },
    { trustDomainAliases: ['other'] },
    { discoverySelectors: [{ matchLabels: { mesh: 'on' }, matchExpressions: [] }] },
    { serviceEntryVisibility: { applyToSidecars: true, scopes: [{ visibility: 'NAMESPACE' }] } },
    { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
  )
  .map((mesh) => (world: World): World => ({ ...world, mesh }));

const change: fc.Arbitrary<(world: World) => World> = fc.oneof(
  { arbitrary: serviceChange, weight: 4 },
  shardChange,
  meshChange,
  objectChange('namespaces', (key) =>
    fc.constantFrom({}, { mesh: 'on' }).map((own) => namespace(key.split('/')[0] ?? '', own)),
  ),
  objectChange('destinationRules', (key) =>
    fc
      .record({
        host: someHost,
        exportTo,
        time,
        selects: fc.option(labels, { nil: undefined }),
        subset: fc.constantFrom('a', 'b'),
      })
      .map(({ selects, subset, time: at, ...spec }) =>
        destinationRule(
          key,
          {
            ...spec,
            subsets: [{ name: subset, labels: {} }],
            ...(selects !== undefined && { workloadSelector: { matchLabels: selects } }),
          },
          at,
        ),
      ),
  ),
  objectChange('virtualServices', (key) =>
    fc
      .record({ host: someHost, exportTo, time, to: someHost, delegate: fc.boolean(), root: fc.boolean() })
      .map(({ host, exportTo: exported, time: at, to, delegate, root }) =>
        virtualService(
          key,
          {
            hosts: delegate ? [] : [host],
            exportTo: exported,
            http: [
              { name: 'r', route: [{ destination: { host: to } }] },
              ...(root ? [{ delegate: { name: 'two' } }] : []),
            ],
          },
          at,
        ),
      ),
  ),
  objectChange('sidecars', (key) =>
    fc
      .record({
        host: fc.constantFrom('*/*', './*', '*/*.example.com', 'shop/a.shop.svc.cluster.local', '~pay/*'),
        time,
        selects: fc.option(labels, { nil: undefined }),
        port: fc.option(fc.constant(80), { nil: undefined }),
      })
      .map(({ host, time: at, selects, port }) =>
        sidecar(
          key,
          [
            {
              hosts: [host],
              ...(port !== undefined && { port: { number: port, protocol: 'HTTP', name: 'http' } }),
            },
          ],
          selects === undefined ? {} : { workloadSelector: { labels: selects } },
          at,
        ),
      ),
  ),
  objectChange('peerAuthentications', (key) =>
    fc
      .constantFrom('STRICT' as const, 'DISABLE' as const)
      .map((mode) => peerAuthentication(key, { mtls: { mode } })),
  ),
);

/** Everything that clients of a snapshot can ask, as data. */
function observed(snapshot: Snapshot): unknown {
  const { services, endpoints, destinationRules, virtualServices, peerAuthentications, networks } = snapshot;
  return {
    all: services.all,
    byHost: hosts.map((host) => [...services.namespacesOf(host)]),
    accounts: services.all.map((service) => endpoints.serviceAccounts(service)),
    shards: services.all.map(({ hostname, attributes }) => endpoints.shards(hostname, attributes.namespace)),
    virtualServices: virtualServices.all,
    version: peerAuthentications.version,
    networks: networks.all,
    namespaces: namespaceNames.map((name) => ({
      visible: services.visibleTo(name),
      routes: virtualServices.visibleTo(name, 'mesh'),
      mode: peerAuthentications.namespaceMode(name),
      rules: services.all.map((service) => [
        destinationRules.forOutbound(service, name, { app: 'web' }),
        destinationRules.forInbound(service, name),
      ]),
      scopes: [...scopesOf(snapshot, name)].map((scope) => ({
        ...scope,
        found: hosts.map((host) => scope.service(host)),
      })),
    })),
  };
}

function scopesOf({ sidecars }: Snapshot, name: string) {
  return [
    sidecars.scopeFor(proxyOf(name), { app: 'web' }),
    sidecars.scopeFor(proxyOf(name), {}),
    sidecars.scopeFor(proxyOf(name, {}, 'router'), {}),
  ];
}

/** Objects that a later snapshot should have again, by name. */
function shared(snapshot: Snapshot): ReadonlyMap<string, object | undefined> {
  const found = new Map<string, object | undefined>();
  for (const name of namespaceNames) {
    for (const [index, scope] of scopesOf(snapshot, name).entries()) {
      found.set(`scope ${name} ${index} ${JSON.stringify(scope.sidecar)}`, scope);
    }
    for (const service of snapshot.services.all) {
      const { hostname, attributes } = service;
      const key = `${name} ${attributes.namespace} ${hostname}`;
      found.set(`accounts ${key}`, snapshot.endpoints.serviceAccounts(service));
      found.set(`rule ${key}`, snapshot.destinationRules.forOutbound(service, name, {}));
    }
  }
  return found;
}
