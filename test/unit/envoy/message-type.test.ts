import { describe, expect, it } from 'vitest';
import protobuf from 'protobufjs/light.js';
import { packAny, unpackAny } from '../../../src/envoy/any.js';
import * as enums from '../../../src/envoy/enums.js';
import { MessageType, findMessageType } from '../../../src/envoy/message-type.js';
import * as messages from '../../../src/envoy/messages.js';
import type { ClusterShape, LbEndpointShape, NodeShape } from '../../../src/envoy/messages.js';

const { Any, Cluster, HttpConnectionManager, Listener, Node, RawBuffer, Router } = messages;

describe('every handle', () => {
  it('names a message that is generated', () => {
    const handles: readonly unknown[] = Object.values(messages);
    expect(handles.length).toBeGreaterThan(30);
    for (const handle of handles) {
      if (!(handle instanceof MessageType)) throw new Error(`not a handle: ${String(handle)}`);
      expect(handle.typeUrl).toBe(`type.googleapis.com/${handle.fullName}`);
      expect(handle.encode({})).toHaveLength(0);
    }
  });

  it('of an enum has numbers by name', () => {
    expect(enums.DiscoveryType.EDS).toBe(3);
    for (const numbers of Object.values(enums)) expect(Object.values(numbers)).toContain(0);
  });

  it('is found by the full name of its message, and no other name', () => {
    expect(findMessageType(Cluster.fullName)?.typeUrl).toBe(Cluster.typeUrl);
    expect(findMessageType('Cluster')).toBeUndefined();
    expect(findMessageType('envoy.config.cluster.v3')).toBeUndefined();
    expect(findMessageType('envoy.config.cluster.v3.Cluster.DiscoveryType')).toBeUndefined();
    expect(findMessageType('')).toBeUndefined();
  });
});

describe('encoding', () => {
  it('gives a Buffer, which gRPC sends as it is', () => {
    expect(Buffer.isBuffer(Cluster.encode({ name: 'a' }))).toBe(true);
  });

  it('leaves out defaults, so that a set default and an unset field give equal bytes', () => {
    const defaults: ClusterShape = {
      name: '',
      lbPolicy: 0,
      respectDnsTtl: false,
      filters: [],
      altStatName: undefined,
    };
    expect(Cluster.encode(defaults)).toHaveLength(0);
  });

  it('keeps a default that has presence', () => {
    const portZero = { address: { socketAddress: { portValue: 0 } } };
    expect(Listener.decode(Listener.encode(portZero)).address?.socketAddress?.portValue).toBe(0);
  });

  it('is checked by types, as at run time a wrong name or value vanishes', () => {
    // @ts-expect-error: an enum is given by its number
    const byName: ClusterShape = { name: 'a', type: 'EDS' };
    // @ts-expect-error: no such number
    const unknownNumber: ClusterShape = { type: 99 };
    // @ts-expect-error: no such field
    const misspelt: ClusterShape = { nmae: 'a' };
    // @ts-expect-error: no such field
    const fieldOfEmpty = packAny(RawBuffer, { nmae: 'a' });
    // @ts-expect-error: both sides of a oneof
    const bothSides: LbEndpointShape = { endpoint: {}, endpointName: 'a' };
    expect(Cluster.encode(byName)).toEqual(Cluster.encode({ name: 'a', type: 0 }));
    expect(Cluster.encode(misspelt)).toHaveLength(0);
    expect(fieldOfEmpty.value).toHaveLength(0);
    expect([unknownNumber, bothSides]).toHaveLength(2);
  });
});

describe('decoding', () => {
  it('reads what is not set as its type says: null for a message or a field of a oneof, else the default', () => {
    const cluster = Cluster.decode(Buffer.alloc(0));
    expect(cluster).toMatchObject({
      name: '',
      lbPolicy: 0,
      respectDnsTtl: false,
      filters: [],
      type: null,
      metadata: null,
    });
    const address = Listener.decode(
      Listener.encode({ address: { socketAddress: { portValue: 1 } } }),
    ).address;
    expect(address?.pipe).toBeNull();
    expect(address?.socketAddress?.namedPort).toBeNull();
    expect(Any.decode(Buffer.alloc(0)).value).toBeInstanceOf(Uint8Array);
  });

  it('gives what can be encoded again', () => {
    const bytes = Node.encode({
      id: 'a',
      metadata: { fields: { B: { stringValue: 'b' } } },
      userAgentVersion: '1',
    });
    const node: NodeShape = Node.decode(bytes);
    expect(Node.encode(node)).toEqual(bytes);
  });

  it('drops unknown fields unless they are asked for', () => {
    const unknown = Buffer.from([0xfa, 0x3e, 0x01, 0x61]);
    expect(Cluster.encode(Cluster.decode(unknown))).toHaveLength(0);
    const reader = protobuf.Reader.create(unknown);
    reader.discardUnknown = false;
    expect(Cluster.encode(Cluster.reflected.decode(reader) as unknown as ClusterShape)).toEqual(unknown);
  });

  it('throws for bytes that are no message', () => {
    expect(() => Cluster.decode(Buffer.from([0x0a, 0x05, 0x61]))).toThrow();
  });
});

describe('Any', () => {
  const manager = {
    statPrefix: 'a',
    httpFilters: [{ name: 'router', typedConfig: packAny(Router, { suppressEnvoyHeaders: true }) }],
  };
  const listener = {
    filterChains: [{ filters: [{ name: 'hcm', typedConfig: packAny(HttpConnectionManager, manager) }] }],
  };

  it('keeps its type and bytes through any depth', () => {
    const config = Listener.decode(Listener.encode(listener)).filterChains[0]?.filters[0]?.typedConfig ?? {};
    const unpacked = unpackAny(HttpConnectionManager, config);
    expect(unpacked?.statPrefix).toBe('a');
    const router = unpackAny(Router, unpacked?.httpFilters[0]?.typedConfig ?? {});
    expect(router).toMatchObject({ suppressEnvoyHeaders: true });
    expect(HttpConnectionManager.encode(unpacked ?? {})).toEqual(HttpConnectionManager.encode(manager));
  });

  it('is not unpacked as another type', () => {
    expect(unpackAny(Cluster, packAny(Router, {}))).toBeUndefined();
    expect(unpackAny(Cluster, { typeUrl: Cluster.typeUrl })?.name).toBe('');
  });
});
