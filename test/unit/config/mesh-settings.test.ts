import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { decodeMeshConfig, defaultMeshConfig } from '../../../src/config/decode/mesh-config.js';
import { decodeMeshNetworks } from '../../../src/config/decode/mesh-networks.js';
import { decodeProxies } from '../../../src/config/decode/proxies.js';
import type { MeshConfig } from '../../../src/config/mesh-config.js';

function meshOf(text: string): MeshConfig {
  const { value, findings } = decodeMeshConfig(parse(text));
  if (value === undefined) throw new Error(JSON.stringify(findings));
  return value;
}

function meshErrors(text: string): readonly string[] {
  return decodeMeshConfig(parse(text))
    .findings.filter(({ severity }) => severity === 'error')
    .map(({ path }) => path);
}

describe('MeshConfig', () => {
  test('an empty document is Istio’s defaults', () => {
    expect(meshOf('')).toEqual(defaultMeshConfig());
    expect(meshOf('{}')).toEqual(defaultMeshConfig());
    expect(defaultMeshConfig()).toMatchObject({
      rootNamespace: 'istio-system',
      trustDomain: 'cluster.local',
      domainSuffix: 'cluster.local',
      connectTimeout: 10_000,
      enableAutoMtls: true,
      outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
      inboundTrafficPolicy: 'PASSTHROUGH',
      localityLbSetting: { enabled: true },
    });
  });

  test('what is given takes the place of the default, the rest stays', () => {
    expect(
      meshOf('connectTimeout: 4s\ntcpKeepalive: {time: 300s, probes: 5}\nh2UpgradePolicy: UPGRADE'),
    ).toEqual({
      ...defaultMeshConfig(),
      connectTimeout: 4000,
      tcpKeepalive: { time: 300_000, probes: 5 },
      h2UpgradePolicy: 'UPGRADE',
      raw: { connectTimeout: '4s', tcpKeepalive: { time: '300s', probes: 5 }, h2UpgradePolicy: 'UPGRADE' },
    });
  });

  test('a message that is given replaces the default message as a whole', () => {
    expect(meshOf('outboundTrafficPolicy: {tls: {mode: SIMPLE}}').outboundTrafficPolicy).toEqual({
      mode: 'REGISTRY_ONLY',
      tls: { mode: 'SIMPLE' },
    });
    expect(meshOf('localityLbSetting: {failoverPriority: [app]}').localityLbSetting).toEqual({
      failoverPriority: ['app'],
    });
    expect(meshOf('defaultServiceExportTo: []').defaultServiceExportTo).toEqual([]);
  });

  test('defaultConfig is laid over its defaults field by field', () => {
    const { defaultConfig } = meshOf('defaultConfig: {drain_duration: 10s, proxyMetadata: {SOME_KEY: a}}');
    expect(defaultConfig).toMatchObject({
      drainDuration: '10s',
      statusPort: 15_020,
      proxyMetadata: { SOME_KEY: 'a' },
    });
    expect(
      meshOf('defaultConfig: {tracingServiceName: CANONICAL_NAME_ONLY}').defaultConfig,
    ).not.toHaveProperty('serviceCluster');
  });

  test('aliases of the trust domain are sorted and each stands once', () => {
    expect(meshOf('trustDomainAliases: [b.test, a.test, b.test]').trustDomainAliases).toEqual([
      'a.test',
      'b.test',
    ]);
  });

  test('the domain of Kubernetes is what it is told to be', () => {
    expect(decodeMeshConfig({}, { domainSuffix: 'corp.test' }).value).toMatchObject({
      domainSuffix: 'corp.test',
      trustDomain: 'cluster.local',
    });
  });

  test('everything of the document is there in raw, by lowerCamelCase name', () => {
    expect(
      meshOf('access_log_file: /dev/stdout\nextensionProviders: [{name: zip, zipkin: {max_tag_length: 3}}]')
        .raw,
    ).toEqual({
      accessLogFile: '/dev/stdout',
      extensionProviders: [{ name: 'zip', zipkin: { maxTagLength: 3 } }],
    });
  });

  test('policies of the visibility of entries are tried in their order, the default last', () => {
    const { serviceEntryVisibility } = meshOf(`
serviceEntryVisibility:
  applyToSidecars: true
  defaultVisibility: NONE
  policies:
  - visibility: NAMESPACE
    matchingRules:
    - namespaceSelector: {matchLabels: {team: a}}
    - namespaceSelector: {matchLabels: {team: b}, matchExpressions: [{key: x, operator: Exists}]}
  - visibility: NONE
    matchingRules: [{}]
  - {}
`);
    expect(serviceEntryVisibility).toEqual({
      applyToSidecars: true,
      scopes: [
        {
          visibility: 'NAMESPACE',
          namespaceSelector: {
            matchLabels: { team: 'a' },
            matchExpressions: [
              { key: 'team', operator: 'In', values: ['b'] },
              { key: 'x', operator: 'Exists', values: [] },
            ],
          },
        },
        { visibility: 'PUBLIC' },
        { visibility: 'NONE' },
      ],
    });
  });

  test.each([
    ['proxyListenPort: 0', 'proxyListenPort'],
    ['proxyListenPort: x', 'proxyListenPort'],
    ['connectTimeout: 0s', 'connectTimeout'],
    ['protocolDetectionTimeout: 1.5ms', 'protocolDetectionTimeout'],
    ['trustDomain: ""', 'trustDomain'],
    ['trustDomain: a_b', 'trustDomain'],
    ['trustDomainAliases: [a/b]', 'trustDomainAliases[0]'],
    ['serviceSettings: [{hosts: ["a.*"]}]', 'serviceSettings[0].hosts[0]'],
    ['defaultTrafficPolicy: {connectionPool: {}}', 'defaultTrafficPolicy.connectionPool'],
    ['meshMTLS: {ecdhCurves: [P-256]}', 'meshMTLS.ecdhCurves'],
    [
      'discoverySelectors: [{matchExpressions: [{key: a, operator: Is}]}]',
      'discoverySelectors[0].matchExpressions[0].operator',
    ],
    ['- a', ''],
  ])('%s is refused', (text, path) => {
    expect(meshErrors(text)).toContain(path);
  });

  test('a trust domain may end with a dot, and the detection timeout may be zero', () => {
    expect(meshErrors('trustDomain: example.test.\nprotocolDetectionTimeout: 0s')).toEqual([]);
  });

  test('a field that does not exist is a warning', () => {
    expect(decodeMeshConfig({ rootNamespce: 'x' }).findings).toEqual([
      { severity: 'warning', path: 'rootNamespce', message: 'unknown field; did you mean "rootNamespace"?' },
    ]);
  });
});

describe('MeshNetworks', () => {
  test('endpoints and gateways by network', () => {
    const { value, findings } = decodeMeshNetworks(
      parse(`networks:
  east:
    endpoints: [{fromRegistry: Kubernetes}, {from_cidr: 10.0.0.0/8}]
    gateways: [{address: 1.2.3.4, port: 15443}, {registryServiceName: gw.istio-system.svc.cluster.local, port: 15443, locality: eu}]
  west: {}
`),
    );
    expect(findings).toEqual([]);
    expect(value).toEqual({
      networks: {
        east: {
          endpoints: [{ fromRegistry: 'Kubernetes' }, { fromCidr: '10.0.0.0/8' }],
          gateways: [
            { address: '1.2.3.4', port: 15_443 },
            { registryServiceName: 'gw.istio-system.svc.cluster.local', port: 15_443, locality: 'eu' },
          ],
        },
        west: { endpoints: [], gateways: [] },
      },
    });
  });

  test.each([
    ['{networks: {a: {endpoints: [{fromCidr: 10.0.0.0/33}]}}}', 'networks.a.endpoints[0].fromCidr'],
    ['{networks: {a: {endpoints: [{fromRegistry: a.b}]}}}', 'networks.a.endpoints[0].fromRegistry'],
    ['{networks: {a: {gateways: [{address: "a b", port: 1}]}}}', 'networks.a.gateways[0].address'],
    ['{networks: {a: {gateways: [{address: 1.2.3.4}]}}}', 'networks.a.gateways[0].port'],
    [
      '{networks: {a: {gateways: [{address: 1.2.3.4, registryServiceName: b, port: 1}]}}}',
      'networks.a.gateways[0].address',
    ],
    ['{networks: []}', 'networks'],
  ])('%s is refused', (text, path) => {
    expect(decodeMeshNetworks(parse(text)).findings).toEqual([
      expect.objectContaining({ severity: 'error', path }),
    ]);
  });
});

describe('proxies', () => {
  test('metadata is kept as it is, and the locality is optional', () => {
    const { value } = decodeProxies(
      parse(
        '- {name: a, id: sidecar~10.0.0.1~a.b~b.svc.cluster.local, metadata: {LABELS: {x: y}}, locality: {region: eu}}\n- {name: b, id: x}',
      ),
    );
    expect(value).toEqual([
      {
        name: 'a',
        id: 'sidecar~10.0.0.1~a.b~b.svc.cluster.local',
        metadata: { LABELS: { x: 'y' } },
        locality: { region: 'eu', zone: '', subZone: '' },
      },
      { name: 'b', id: 'x', metadata: {} },
    ]);
  });

  test.each([
    ['[{id: x}]', '[0].name'],
    ['[{name: "", id: x}]', '[0].name'],
    ['[{name: a}]', '[0].id'],
    ['[{name: a, id: x}, {name: a, id: y}]', '[1].name'],
    ['{name: a}', ''],
  ])('%s is refused', (text, path) => {
    expect(decodeProxies(parse(text)).findings).toEqual([
      expect.objectContaining({ severity: 'error', path }),
    ]);
  });
});
