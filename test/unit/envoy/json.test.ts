import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packAny } from '../../../src/envoy/any.js';
import { DiscoveryType } from '../../../src/envoy/enums.js';
import { decodeToJson, fromJson, toJson, type Json } from '../../../src/envoy/json.js';
import { findMessageType } from '../../../src/envoy/message-type.js';
import * as messages from '../../../src/envoy/messages.js';
import { duration, struct, uint32 } from '../../../src/envoy/well-known.js';
import { arbitraryMessage } from './arbitrary-message.js';

const { Any, Cluster, ClusterLoadAssignment, Duration, Listener, RawBuffer } = messages;

describe('toJson', () => {
  it('writes proto field names, enums by name, durations and wrappers, keys sorted', () => {
    const json = toJson(Cluster, {
      type: DiscoveryType.EDS,
      name: 'outbound|80||a.default.svc.cluster.local',
      edsClusterConfig: { serviceName: 'a', edsConfig: { ads: {}, initialFetchTimeout: duration(0) } },
      connectTimeout: duration(10_000),
      circuitBreakers: { thresholds: [{ maxRetries: uint32(0) }] },
    });
    expect(JSON.stringify(json)).toBe(
      '{"circuit_breakers":{"thresholds":[{"max_retries":0}]},"connect_timeout":"10s",' +
        '"eds_cluster_config":{"eds_config":{"ads":{},"initial_fetch_timeout":"0s"},"service_name":"a"},' +
        '"name":"outbound|80||a.default.svc.cluster.local","type":"EDS"}',
    );
  });

  it('leaves out a field at its default, but not one with presence', () => {
    const address = { socketAddress: { address: '', portValue: 0 } };
    expect(toJson(ClusterLoadAssignment, { clusterName: '', endpoints: [] })).toEqual({});
    expect(toJson(Listener, { address })).toEqual({ address: { socket_address: { port_value: 0 } } });
    expect(toJson(Cluster, { type: DiscoveryType.STATIC })).toEqual({ type: 'STATIC' });
  });

  it('reads a shape and the message decoded from it alike', () => {
    const shape = { address: { socketAddress: { address: '1.2.3.4', portValue: 0 } }, name: 'a' };
    expect(toJson(Listener, Listener.decode(Listener.encode(shape)))).toEqual(toJson(Listener, shape));
  });

  it('expands an Any, well-known types under "value", and gives the bytes of an unknown type', () => {
    expect(decodeToJson(Any.typeUrl, Any.encode(packAny(Duration, duration(1500))))).toEqual({
      '@type': 'type.googleapis.com/google.protobuf.Duration',
      value: '1.500s',
    });
    const cluster = { transportSocket: { name: 'raw', typedConfig: packAny(RawBuffer, {}) } };
    expect(toJson(Cluster, cluster)).toEqual({
      transport_socket: { name: 'raw', typed_config: { '@type': RawBuffer.typeUrl } },
    });
    const unknown = { typeUrl: 'type.googleapis.com/no.such.Type', value: Buffer.from([1, 2, 255]) };
    expect(toJson(Any, unknown)).toEqual({ '@type': 'type.googleapis.com/no.such.Type', value: 'AQL/' });
    expect(decodeToJson('type.googleapis.com/no.such.Type', Buffer.from('a'))).toEqual({
      '@type': 'type.googleapis.com/no.such.Type',
      value: 'YQ==',
    });
  });

  it('keeps the number of an enum value that it does not know', () => {
    const bytes = Buffer.from([0x10, 0x4d]);
    expect(decodeToJson(Cluster.typeUrl, bytes)).toEqual({ type: 77 });
  });

  it.each([
    ['Duration', { seconds: 10 }, '10s'],
    ['Duration', { nanos: 100_000_000 }, '0.100s'],
    ['Duration', { seconds: -1, nanos: -500 }, '-1.000000500s'],
    ['Duration', { seconds: 3, nanos: 120 }, '3.000000120s'],
    ['Duration', { nanos: 25_000 }, '0.000025s'],
    ['UInt64Value', { value: { low: -1, high: -1, unsigned: true } }, '18446744073709551615'],
    ['UInt64Value', {}, '0'],
    ['BoolValue', {}, false],
    ['DoubleValue', { value: NaN }, 'NaN'],
    ['DoubleValue', { value: -Infinity }, '-Infinity'],
    ['DoubleValue', { value: 0.1 }, 0.1],
    [
      'Struct',
      struct({ b: [1, null, { c: true }], a: 'x', d: {} }),
      { a: 'x', b: [1, null, { c: true }], d: {} },
    ],
  ])('writes and reads google.protobuf.%s %j as %j', (name, shape, json) => {
    const type = findMessageType(`google.protobuf.${name}`);
    if (type === undefined) throw new Error(`${name} is not generated`);
    const any = { '@type': type.typeUrl, value: json };
    expect(toJson(Any, packAny(type, shape))).toEqual(any);
    expect(Any.encode(fromJson(Any, any))).toEqual(Any.encode(packAny(type, shape)));
  });
});

describe('fromJson', () => {
  it('takes lowerCamelCase names, numbers for enums, strings for numbers, and null for nothing', () => {
    const given = {
      loadAssignment: { clusterName: 'a', endpoints: [{ priority: '3', load_balancing_weight: '7' }] },
      type: 3,
      altStatName: null,
    };
    expect(toJson(Cluster, fromJson(Cluster, given))).toEqual({
      load_assignment: { cluster_name: 'a', endpoints: [{ load_balancing_weight: 7, priority: 3 }] },
      type: 'EDS',
    });
  });

  it.each<[string, Json, string]>([
    [
      'an unknown field',
      { load_assignment: { endpoints: [{}, { weigth: 1 }] } },
      '.load_assignment.endpoints[1].weigth: unknown field',
    ],
    ['a wrong enum', { type: 'EDZ' }, '.type: not one of STATIC'],
    ['both sides of a oneof', { type: 'EDS', cluster_type: {} }, '.cluster_type: excludes type'],
    ['a field twice', { alt_stat_name: 'a', altStatName: 'b' }, '.altStatName: the field is given twice'],
    [
      'a number out of range',
      { load_assignment: { endpoints: [{ priority: -1 }] } },
      '.priority: out of range for uint32, not -1',
    ],
    ['a fraction', { load_assignment: { endpoints: [{ priority: 1.5 }] } }, '.priority: a whole number'],
    ['a list that is none', { health_checks: {} }, '.health_checks: a list was expected'],
    ['a duration without unit', { connect_timeout: '10' }, '.connect_timeout: a duration'],
    [
      'a field inside an Any',
      { typed_extension_protocol_options: { x: { '@type': RawBuffer.typeUrl, y: 1 } } },
      '["x"].y: unknown field of envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer',
    ],
    [
      'an Any without type',
      { typed_extension_protocol_options: { x: { y: 1 } } },
      '["x"]: the Any has no "@type"',
    ],
    [
      'an Any of unknown type',
      { typed_extension_protocol_options: { x: { '@type': 'a/b.C', y: 1 } } },
      '["x"]: b.C is not a type that is known',
    ],
    ['no object', [], 'envoy.config.cluster.v3.Cluster: an object'],
  ])('refuses %s and says where', (_what, json, message) => {
    expect(() => fromJson(Cluster, json)).toThrow(
      expect.objectContaining({ code: 'JSON_INVALID', message: expect.stringContaining(message) as string }),
    );
  });

  it('gives equal bytes for equal content, in whatever order its keys come', () => {
    const one = { filter_metadata: { b: { y: 1, x: 2 }, a: {} } };
    const other = { filter_metadata: { a: {}, b: { x: 2, y: 1 } } };
    expect(Cluster.encode(fromJson(Cluster, { metadata: one }))).toEqual(
      Cluster.encode(fromJson(Cluster, { metadata: other })),
    );
  });
});

describe('JSON of any message', () => {
  it.each([
    'Cluster',
    'Listener',
    'RouteConfiguration',
    'HttpConnectionManager',
    'Secret',
    'NameTable',
    'Struct',
  ] as const)('reads back to the same bytes: %s', (name) => {
    const type = messages[name] as messages.MessageType;
    fc.assert(
      fc.property(arbitraryMessage(type.reflected), (shape) => {
        const bytes = type.encode(shape);
        const json = JSON.parse(JSON.stringify(toJson(type, shape))) as Json;
        expect(type.encode(fromJson(type, json)).equals(bytes)).toBe(true);
        expect(toJson(type, type.decode(bytes))).toEqual(json);
      }),
      { numRuns: 150 },
    );
  });
});
