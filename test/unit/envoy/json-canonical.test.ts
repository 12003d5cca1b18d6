import { describe, expect, test } from 'vitest';
import { canonicalJson, type Unknown } from '../../../src/envoy/json-canonical.js';
import { decodeLosslessly } from '../../../src/envoy/json-lossless.js';
import { fromJson, type JsonObject } from '../../../src/envoy/json.js';
import { Cluster, HttpProtocolOptions } from '../../../src/envoy/messages.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { goldenCases } from '../../golden/cases.js';

function canonical(json: JsonObject): { json: JsonObject; unknown: Unknown[] } {
  const unknown: Unknown[] = [];
  return { json: canonicalJson(typeUrls.cds, json, (one) => unknown.push(one)), unknown };
}

describe('canonicalJson', () => {
  test('brings both spellings of names, numbers and enums to one', () => {
    const { json, unknown } = canonical({
      type: 3,
      name: 'c',
      connectTimeout: '1.5s',
      lb_policy: 'ROUND_ROBIN',
      perConnectionBufferLimitBytes: '1024',
      circuitBreakers: { thresholds: [{ maxConnections: 5, priority: 'DEFAULT' }] },
      altStatName: '',
    });
    expect(unknown).toEqual([]);
    expect(json).toEqual({
      circuit_breakers: { thresholds: [{ max_connections: 5 }] },
      connect_timeout: '1.500s',
      name: 'c',
      per_connection_buffer_limit_bytes: 1024,
      type: 'EDS',
    });
    expect(Object.keys(json)).toEqual(Object.keys(json).toSorted());
  });

  test('keeps and tells what it does not know: fields, types, and values', () => {
    const { json, unknown } = canonical({
      name: 'c',
      brand_new: { a: 1 },
      type: 'BRAND_NEW',
      connect_timeout: 'soon',
      transport_socket: { typed_config: { '@type': 'type.googleapis.com/brand.New', x: 1 } },
    });
    expect(json).toMatchObject({
      brand_new: { a: 1 },
      type: 'BRAND_NEW',
      connect_timeout: 'soon',
      transport_socket: { typed_config: { x: 1 } },
    });
    expect(unknown.map(({ what, name }) => `${what} ${name}`)).toEqual([
      'field envoy.config.cluster.v3.Cluster.brand_new',
      'value envoy.config.cluster.v3.Cluster.type',
      'value google.protobuf.Duration',
      'type brand.New',
    ]);
  });

  test('leaves every recorded answer as it is', () => {
    for (const { expected } of goldenCases()) {
      for (const answer of expected.values()) {
        for (const resource of answer['cds'] ?? []) {
          const { json, unknown } = canonical(resource);
          expect(unknown).toEqual([]);
          expect(json).toEqual(resource);
        }
      }
    }
  });
});

describe('decodeLosslessly', () => {
  const field = (number: number, text: string): Buffer => {
    const tag = (number << 3) | 2;
    return Buffer.concat([
      Buffer.from([(tag & 0x7f) | 0x80, tag >> 7]),
      Buffer.from([text.length]),
      Buffer.from(text),
    ]);
  };
  const decode = (bytes: Uint8Array): { json: JsonObject; unknown: string[] } => {
    const unknown: string[] = [];
    return {
      json: decodeLosslessly(typeUrls.cds, bytes, ({ what, name }) => unknown.push(`${what} ${name}`)),
      unknown,
    };
  };

  test('keeps a field of a newer version, wherever it stands', () => {
    const options = { typeUrl: HttpProtocolOptions.typeUrl, value: field(1000, 'inner') };
    const bytes = Buffer.concat([
      Cluster.encode({
        name: 'c',
        typedExtensionProtocolOptions: { a: {}, http: options },
        loadAssignment: { endpoints: [{}, { lbEndpoints: [{}] }] },
      }),
      field(900, 'outer'),
    ]);
    const { json, unknown } = decode(bytes);
    expect(json).toMatchObject({
      name: 'c',
      '(field 900)': field(900, 'outer').toString('base64'),
      typed_extension_protocol_options: { http: { '(field 1000)': field(1000, 'inner').toString('base64') } },
    });
    expect(unknown).toEqual([
      'field envoy.extensions.upstreams.http.v3.HttpProtocolOptions number 1000',
      'field envoy.config.cluster.v3.Cluster number 900',
    ]);
  });

  test('tells a type that is not known inside an Any, and leaves its bytes', () => {
    const typedConfig = { typeUrl: 'type.googleapis.com/brand.New', value: Buffer.from([1, 2]) };
    const { json, unknown } = decode(Cluster.encode({ transportSocket: { name: 't', typedConfig } }));
    expect(json).toEqual({
      transport_socket: { name: 't', typed_config: { '@type': typedConfig.typeUrl, value: 'AQI=' } },
    });
    expect(unknown).toEqual(['type brand.New']);
  });

  test('is decodeToJson where everything is known, as in the recorded answers', () => {
    for (const { expected } of goldenCases().filter((_, index) => index % 7 === 0)) {
      for (const answer of expected.values()) {
        for (const resource of answer['cds'] ?? []) {
          expect(decode(Cluster.encode(fromJson(Cluster, resource)))).toEqual({
            json: resource,
            unknown: [],
          });
        }
      }
    }
  });
});
