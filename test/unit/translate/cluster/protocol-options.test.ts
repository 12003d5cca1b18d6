import { describe, expect, it } from 'vitest';
import { unpackAny } from '../../../../src/envoy/any.js';
import { toJson } from '../../../../src/envoy/json.js';
import { HttpProtocolOptions } from '../../../../src/envoy/messages.js';
import {
  protocolFields,
  protocolOptions,
  type ProtocolInput,
  type ServerNameOptions,
} from '../../../../src/translate/cluster/protocol-options.js';
import { httpOptions } from './fixtures.js';

const base: ProtocolInput = {
  protocol: 'HTTP',
  pool: undefined,
  h2UpgradePolicy: 'DO_NOT_UPGRADE',
  sniffs: true,
  preserveHeaderCase: false,
};

/** The options as JSON, or undefined where a cluster has none. */
function optionsOf(input: Partial<ProtocolInput>, serverName?: ServerNameOptions) {
  const any = protocolFields(protocolOptions({ ...base, ...input }), serverName)
    .typedExtensionProtocolOptions?.[httpOptions];
  const message = any && unpackAny(HttpProtocolOptions, any);
  return message && toJson(HttpProtocolOptions, message);
}

const http1 = { explicit_http_config: { http_protocol_options: {} } };
const http2 = { explicit_http_config: { http2_protocol_options: {} } };
const asClients = {
  use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
};

describe('protocol options', () => {
  it('follow the protocol of the port', () => {
    expect(optionsOf({ protocol: 'HTTP' })).toBeUndefined();
    expect(optionsOf({ protocol: 'TCP' })).toBeUndefined();
    expect(optionsOf({ protocol: 'GRPC-Web' })).toEqual(http2);
    expect(optionsOf({ protocol: 'UnsupportedProtocol' })).toEqual(asClients);
    expect(optionsOf({ protocol: 'UnsupportedProtocol', sniffs: false })).toBeUndefined();
  });

  it('are those of HTTP/2 by the mesh for ports known to speak HTTP, and by a rule for every port', () => {
    const byMesh = (protocol: ProtocolInput['protocol']) =>
      optionsOf({ protocol, h2UpgradePolicy: 'UPGRADE' });
    expect([byMesh('HTTP'), byMesh('TCP'), byMesh('UnsupportedProtocol')]).toEqual([
      http2,
      undefined,
      asClients,
    ]);
    const pool = { http: { h2UpgradePolicy: 'UPGRADE' } } as const;
    expect(optionsOf({ protocol: 'TCP', pool })).toEqual(http2);
    expect(
      optionsOf({ h2UpgradePolicy: 'UPGRADE', pool: { http: { h2UpgradePolicy: 'DO_NOT_UPGRADE' } } }),
    ).toBeUndefined();
  });

  it('are never upgraded for inbound clusters', () => {
    const { h2UpgradePolicy: _, ...inbound } = base;
    const options = protocolOptions({ ...inbound, pool: { http: { h2UpgradePolicy: 'UPGRADE' } } });
    expect(options.upstream).toBe('default');
  });

  it('name HTTP/1 as soon as there is something else to say', () => {
    expect(optionsOf({ pool: { tcp: { idleTimeout: 5500 } } })).toEqual({
      ...http1,
      common_http_protocol_options: { idle_timeout: '5.500s' },
    });
    expect(optionsOf({ pool: { http: { maxConcurrentStreams: 3 } } })).toEqual({
      ...http1,
      common_http_protocol_options: {},
    });
  });

  it('take the idle timeout of HTTP before that of TCP', () => {
    const pool = { tcp: { idleTimeout: 5000 }, http: { idleTimeout: 9000 } };
    expect(optionsOf({ pool })).toMatchObject({ common_http_protocol_options: { idle_timeout: '9s' } });
  });

  it('hold settings of HTTP/2 only where HTTP/2 was chosen', () => {
    const http = { maxConcurrentStreams: 5, http2KeepAlive: { interval: 7000, timeout: 3000 } };
    expect(optionsOf({ protocol: 'HTTP2', pool: { http } })).toEqual({
      common_http_protocol_options: {},
      explicit_http_config: {
        http2_protocol_options: {
          max_concurrent_streams: 5,
          connection_keepalive: { interval: '7s', timeout: '3s' },
        },
      },
    });
    expect(optionsOf({ protocol: 'HTTP2', pool: { http: { ...http, useClientProtocol: true } } })).toEqual({
      common_http_protocol_options: {},
      ...asClients,
    });
  });

  it('keep the case of headers in HTTP/1, also where clients choose', () => {
    const kept = { header_key_format: { stateful_formatter: { name: 'preserve_case' } } };
    const input = { preserveHeaderCase: true };
    expect(optionsOf(input)).toMatchObject({ explicit_http_config: { http_protocol_options: kept } });
    expect(optionsOf({ ...input, protocol: 'UnsupportedProtocol' })).toMatchObject({
      use_downstream_protocol_config: { http_protocol_options: kept },
    });
    expect(optionsOf({ ...input, h2UpgradePolicy: 'UPGRADE' })).toMatchObject({
      explicit_http_config: { http_protocol_options: kept },
    });
    expect(optionsOf({ ...input, protocol: 'HTTP2' })).toEqual(http2);
    expect(optionsOf({ ...input, protocol: 'TCP' })).toBeUndefined();
  });

  it('say how servers are named', () => {
    expect(optionsOf({}, { autoSni: true, autoSanValidation: true })).toEqual({
      ...http1,
      upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true },
    });
    expect(optionsOf({}, {})).toBeUndefined();
  });
});
