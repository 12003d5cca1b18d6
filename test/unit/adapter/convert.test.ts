import { describe, expect, it, test } from 'vitest';
import { convertRecord, type Converted } from '../../../src/adapter/convert.js';
import type { MappingRules, ServiceRecord, InstanceRecord } from '../../../src/adapter/index.js';
import { legalHostPart, legalLabelKey, legalLabelValue } from '../../../src/adapter/legal.js';
import { fillTemplate, templateFault } from '../../../src/adapter/template.js';

const identity = { provider: 'test', name: 'east', cluster: 'Kubernetes' };

function instance(parts: Partial<InstanceRecord> = {}): InstanceRecord {
  return { id: 'web-1', address: '10.0.0.1', ports: [{ port: 8080 }], health: 'healthy', ...parts };
}

function record(parts: Partial<ServiceRecord> = {}): ServiceRecord {
  return { service: 'web', instances: [instance()], ...parts };
}

function converted(
  parts: Partial<ServiceRecord>,
  rules: MappingRules = {},
): Extract<Converted, { type: 'service' }> {
  const result = convertRecord(record(parts), rules, identity);
  if (result.type !== 'service') throw new Error(JSON.stringify(result));
  return result;
}

describe('convertRecord', () => {
  it('makes a service and endpoints, with where they come from', () => {
    const { service, endpoints, reason } = converted({});
    expect(service).toMatchObject({
      hostname: 'web.east',
      ports: [{ name: 'tcp-8080', port: 8080, protocol: 'TCP' }],
      resolution: 'ClientSideLB',
      attributes: { namespace: 'default', provider: 'test' },
    });
    expect(endpoints).toMatchObject([
      {
        addresses: ['10.0.0.1'],
        port: 8080,
        servicePortName: 'tcp-8080',
        health: 'healthy',
        weight: 1,
        provenance: { registry: 'test/east', object: 'service web, instance web-1' },
      },
    ]);
    expect(reason).toBeUndefined();
  });

  it.each([
    ['healthy', 1, 'healthy'],
    ['degraded', 1, 'degraded'],
    ['draining', 1, 'draining'],
    ['unhealthy', 1, 'unhealthy'],
    ['healthy', 0, 'draining'],
    ['unhealthy', 0, 'unhealthy'],
  ] as const)('an instance that is %s with weight %d is %s', (health, weight, wanted) => {
    const { endpoints } = converted({ instances: [instance({ health, weight })] });
    expect(endpoints[0]?.health).toBe(wanted);
  });

  it.each([
    [{ weight: 0.4 }, {}, 1],
    [{ weight: 0.4 }, { weight: { scale: 100 } }, 40],
    [{ weight: 1000 }, {}, 128],
    [{ metadata: { w: '7' } }, { weight: { from: ['meta.w'] } }, 7],
  ] as const)('weighs %j by %j as %d', (parts, rules, weight) => {
    expect(converted({ instances: [instance(parts)] }, rules).endpoints[0]?.weight).toBe(weight);
  });

  it('takes the first place that has a value: the port, then the rule’s sources, then its default', () => {
    const rules: MappingRules = { protocol: { from: ['meta.protocol', 'tag.protocol'], default: 'http' } };
    const protocolOf = (parts: Partial<InstanceRecord>) =>
      converted({ instances: [instance(parts)] }, rules).service.ports[0]?.protocol;
    expect(protocolOf({})).toBe('HTTP');
    expect(protocolOf({ tags: ['protocol|grpc'] })).toBe('GRPC');
    expect(protocolOf({ tags: ['protocol=grpc'], metadata: { protocol: 'tri' } })).toBe('GRPC');
    expect(protocolOf({ ports: [{ port: 1, protocol: 'mysql' }], metadata: { protocol: 'tcp' } })).toBe(
      'MySQL',
    );
    const odd = converted({ instances: [instance({ metadata: { protocol: 'carrier-pigeon' } })] }, rules);
    expect(odd.service.ports[0]?.protocol).toBe('TCP');
    expect(odd.reason).toContain('carrier-pigeon');
  });

  it('gives clients one port when the rules name it, whatever the instances have', () => {
    const instances = [instance(), instance({ id: 'web-2', address: '10.0.0.2', ports: [{ port: 31_022 }] })];
    const { service, endpoints } = converted({ instances }, { port: 80 });
    expect(service.ports.map(({ port }) => port)).toEqual([80]);
    expect(endpoints.map(({ port, servicePortNumber }) => [port, servicePortNumber])).toEqual([
      [8080, 80],
      [31_022, 80],
    ]);
  });

  it('uses what is legal of an instance, and says what is not', () => {
    const { endpoints, reason } = converted({
      instances: [
        instance({ ports: [{ port: 0 }, { port: 70_000 }, { port: 80 }] }),
        instance({ id: 'web-2', address: '' }),
        instance({ id: 'web-3', health: 'fine' as never }),
        instance({ id: 'web-4', metadata: { ok: 'a b', '***': 'x', none: '***' } }),
      ],
    });
    expect(endpoints.map(({ port }) => port)).toEqual([80, 8080]);
    expect(endpoints[1]?.labels).toEqual({ ok: 'a-b' });
    for (const told of ['port 0', 'port 70000', 'instance web-2']) expect(reason).toContain(told);
    expect(reason).toContain('and 3 more');
  });

  it('makes a service whose instances have host names one that is looked up', () => {
    expect(converted({ instances: [instance({ address: 'a.example' })] }).service.resolution).toBe('DNSLB');
  });

  it('leaves out what rules exclude, and what none includes', () => {
    const kind = (parts: Partial<ServiceRecord>, rules: MappingRules) =>
      convertRecord(record(parts), rules, identity).type;
    expect(kind({}, { include: [{ services: ['api-*'] }] })).toBe('excluded');
    expect(kind({}, { exclude: [{ services: ['w*'] }] })).toBe('excluded');
    expect(kind({}, { include: [{ tags: ['mesh'] }] })).toBe('excluded');
    const tagged = [instance({ tags: ['mesh'] }), instance({ id: 'web-2', address: '10.0.0.2' })];
    expect(converted({ instances: tagged }, { include: [{ tags: ['mesh'] }] }).endpoints).toHaveLength(1);
    expect(
      converted({ instances: tagged }, { exclude: [{ addresses: ['10.0.0.2/32'] }] }).endpoints,
    ).toHaveLength(1);
  });

  it('says of a record that it cannot use why', () => {
    expect(convertRecord(record({ service: '***' }), {}, identity)).toMatchObject({ type: 'illegal' });
    expect(convertRecord({ service: 'web' } as ServiceRecord, {}, identity)).toMatchObject({
      type: 'illegal',
    });
  });
});

describe('templates', () => {
  const variables: Readonly<Record<string, string>> = { service: 'web', dc: 'east' };
  const fill = (template: string) => fillTemplate(template, (name) => variables[name]);

  it('fills in variables, and leaves out parts in brackets that have none', () => {
    expect(fill('{service}.service[.{ns}][.{dc}].consul')).toEqual({ text: 'web.service.east.consul' });
    expect(fill('{ns}.{service}')).toEqual({ missing: 'ns' });
  });

  it('says what is wrong', () => {
    expect(templateFault('{service}[.{ns}].x')).toBeUndefined();
    expect(templateFault('{service.x')).toContain('{');
    expect(templateFault('{service}].x')).toContain(']');
  });
});

test.each([
  ['Web_Shop', 'web-shop'],
  ['a:b/c', 'a-b-c'],
  ['com.acme.Orders', 'com.acme.orders'],
  ['bücher', 'xn--bcher-kva'],
  ['***', ''],
  ['-x-', 'x'],
])('%s is %s in a host', (text, host) => {
  expect(legalHostPart(text)).toBe(host);
});

test('long names stay told apart', () => {
  const [one, two] = ['1', '2'].map((end) => legalHostPart(`${'x'.repeat(80)}${end}`));
  expect(one).toHaveLength(63);
  expect(one).not.toBe(two);
});

test.each([
  ['v1.2', 'v1.2'],
  ['a b', 'a-b'],
  ['', ''],
  ['***', undefined],
  [`${'x'.repeat(62)}-y`, 'x'.repeat(62)],
])('%j is %j as the value of a label', (text, value) => {
  expect(legalLabelValue(text)).toBe(value);
});

test.each([
  ['version', 'version'],
  ['Acme.example/Team name', 'acme.example/Team-name'],
  ['***', undefined],
])('%j is %j as the key of a label', (text, key) => {
  expect(legalLabelKey(text)).toBe(key);
});
