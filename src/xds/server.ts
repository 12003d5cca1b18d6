/**
 * The ADS server: gRPC below, an `XdsStream` for each stream, and the queue that brings a change of the source to
 * all of them.
 */
import { setImmediate } from 'node:timers/promises';
import {
  Server,
  ServerCredentials,
  status,
  type ServerDuplexStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { NodeMessage } from '../envoy/messages.js';
import { Admission } from './admission.js';
import { defaultConnectionOptions, type ConnectionOptions } from './connections.js';
import { ChangeProgress } from './change-progress.js';
import { Flow } from './flow.js';
import { writesFrames } from './grpc-frames.js';
import { defaultLimits, type ServerLimits } from './limits.js';
import { Listener } from './listener.js';
import type { XdsObserver } from './observer.js';
import { peerIdentityOf } from './peer-identity.js';
import { PushQueue } from './push-queue.js';
import type { EncodedResponse } from './response.js';
import {
  aggregatedDiscoveryService,
  reportingSizes,
  typeServiceDefinition,
  typeServices,
} from './service.js';
import type { ResourceSource, SourceChange } from './source.js';
import type { ConnectedStream } from './status.js';
import { StreamError } from './stream-error.js';
import { XdsStream, type StreamTransport } from './stream.js';
import { delta, sotw, type ProtocolRequest, type Variant } from './variant.js';

/** The gRPC call of a stream, as far as identity goes. */
export type StreamCall = Pick<
  ServerDuplexStream<unknown, unknown>,
  'getPeer' | 'getAuthContext' | 'metadata'
>;

export interface AdsServerOptions {
  readonly source: ResourceSource;
  readonly observer: XdsObserver;
  readonly limits?: Partial<ServerLimits>;
  readonly connections?: Partial<ConnectionOptions>;
  /** Plaintext when absent. */
  readonly credentials?: ServerCredentials;
  /** Why a client may not be the node that it says it is; undefined when it may. Everyone may when absent. */
  readonly refusal?: (
    call: StreamCall,
    node: NodeMessage,
  ) => { readonly code: status; readonly message: string } | undefined;
  /** Who serves, as clients are told. */
  readonly controlPlane?: string;
}

/** Milliseconds of pushing in one go of the event loop. */
const sliceMs = 20;
/** By which share of it the age varies at which grpc-js tells a client to make a new connection. */
const ageJitter = 0.1;
/** Milliseconds after which a client that does not take a response counts as slow. */
const slowAfter = 100;

/** Serves a source over xDS. Construct, `listen`, `push` on every change, `close`. */
export class AdsServer {
  readonly #server: Server;
  #listener: Listener | undefined;
  readonly #options: AdsServerOptions;
  readonly #limits: ServerLimits;
  readonly #connections: ConnectionOptions;
  /** With what ends each in good order. */
  readonly #streams = new Map<XdsStream, () => void>();
  readonly #queue: PushQueue<XdsStream>;
  readonly #flow: Flow;
  readonly #admission: Admission;
  /** When the first of a connection's streams began, by the client's address. */
  readonly #ages = new Map<string, { readonly since: number; streams: number }>();
  /** What the queue had spent when the changes came that streams are being brought to; undefined between pushes. */
  #pushing: number | undefined;
  /** Milliseconds that were spent on pushes that are over. */
  #spent = 0;
  #opened = 0;
  #draining = false;

  constructor(options: AdsServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#connections = { ...defaultConnectionOptions, ...options.connections };
    this.#flow = new Flow({ ...this.#limits, slowAfter }, { onRoom: () => this.#queue.resume() });
    this.#queue = new PushQueue<XdsStream>((stream) => stream.turn(), {
      sliceMs,
      mayGoOn: () => this.#flow.hasRoom,
      onEmpty: () => {
        this.#spent = this.spent;
        this.#pushing = undefined;
      },
    });
    this.#admission = new Admission(this.#limits.maxStreamsPerSecond);
    const { keepaliveTime, keepaliveTimeout, maxConnectionAge, maxConnectionAgeGrace } = this.#connections;
    this.#server = new Server({
      interceptors: [writesFrames],
      'grpc.max_receive_message_length': this.#limits.maxRequestBytes,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': this.#limits.maxStreams,
      'grpc.keepalive_time_ms': keepaliveTime,
      'grpc.keepalive_timeout_ms': keepaliveTimeout,
      ...(maxConnectionAge > 0 && {
        'grpc.max_connection_age_ms': maxConnectionAge,
        'grpc.max_connection_age_grace_ms': maxConnectionAge * 2 * ageJitter + maxConnectionAgeGrace + 1000,
      }),
    });
    const sized = (service: ServiceDefinition): ServiceDefinition =>
      reportingSizes(service, (bytes) => options.observer.received?.(bytes));
    this.#server.addService(sized(aggregatedDiscoveryService), {
      StreamAggregatedResources: this.#method(sotw, undefined),
      DeltaAggregatedResources: this.#method(delta, undefined),
    });
    for (const service of typeServices) {
      const { typeUrl } = service;
      const implementation: UntypedServiceImplementation = { delta: this.#method(delta, typeUrl) };
      if (service.sotw !== undefined) implementation['sotw'] = this.#method(sotw, typeUrl);
      this.#server.addService(sized(typeServiceDefinition(service)), implementation);
    }
  }

  /** The streams that are open now. */
  get streams(): Iterable<ConnectedStream> & { readonly size: number } {
    const streams = this.#streams;
    return { size: streams.size, [Symbol.iterator]: () => streams.keys() };
  }

  /** How many streams wait for their turn, and bytes of responses that clients have not taken yet. */
  get load(): { readonly queued: number; readonly bytesInFlight: number } {
    return { queued: this.#queue.length, bytesInFlight: this.#flow.bytes };
  }

  /** Milliseconds that were spent on bringing changes to streams by now. */
  get spent(): number {
    return this.#spent + (this.#pushing === undefined ? 0 : this.#queue.spent - this.#pushing);
  }

  /**
   * Listens on `host:port`; port 0 asks for a free one.
   * @returns the port.
   * @throws PilotError PORT_IN_USE or LISTEN_FAILED.
   */
  listen(host: string, port: number): Promise<number> {
    const credentials = this.#options.credentials ?? ServerCredentials.createInsecure();
    const injector = this.#server.createConnectionInjector(credentials);
    this.#listener = new Listener({
      onConnection: (socket) => injector.injectConnection(socket),
      onError: (error) => this.#options.observer.refused('unknown', error),
    });
    return this.#listener.listen(host, port);
  }

  /** The source's state changed: every stream is brought to it, in turn. */
  push(change: SourceChange): void {
    this.#pushing ??= this.#queue.spent;
    const progress = new ChangeProgress(change, this.#streams.size, this.#options.observer);
    for (const stream of this.#streams.keys()) stream.markChanged(change.reason, change.types, progress);
  }

  /**
   * Ends the streams, spread evenly over `graceMs` so that their clients do not all go elsewhere at once; meanwhile
   * no new ones begin, and those that are left are served.
   */
  async close(graceMs: number): Promise<void> {
    this.#draining = true;
    const open = [...this.#streams.values()];
    const timers = open.map((end, index) => setTimeout(end, (index / open.length) * graceMs));
    // A client that does not take the end of its stream, or does not close its connection, cannot hold up the end of
    // the server.
    const force = setTimeout(() => {
      this.#server.forceShutdown();
      this.#listener?.destroyConnections();
    }, graceMs + 500);
    // grpc-js does not tell of connections that break right now when they are over: that is for the listener to say.
    this.#server.tryShutdown(() => undefined);
    await this.#listener?.close();
    // What ends with a connection is told after that.
    await setImmediate();
    for (const timer of [...timers, force]) clearTimeout(timer);
    this.#flow.close();
  }

  #method<Request extends ProtocolRequest>(
    variant: Variant<Request>,
    onlyType: string | undefined,
  ): (call: ServerDuplexStream<Request, EncodedResponse>) => void {
    return (call) => this.#admit(call, variant, onlyType);
  }

  #admit<Request extends ProtocolRequest>(
    call: ServerDuplexStream<Request, EncodedResponse>,
    variant: Variant<Request>,
    onlyType: string | undefined,
  ): void {
    const refuse = (code: status, message: string): void => {
      this.#options.observer.refused(call.getPeer(), new StreamError(code, message));
      end(call, code, message);
    };
    call.on('error', () => undefined); // told where the stream is open
    if (this.#draining) {
      refuse(status.UNAVAILABLE, 'the server is stopping');
      return;
    }
    if (this.#streams.size >= this.#limits.maxStreams) {
      refuse(status.RESOURCE_EXHAUSTED, `${this.#limits.maxStreams} streams are open, which is the limit`);
      return;
    }
    const wait = this.#admission.admit();
    if (wait === undefined)
      refuse(status.RESOURCE_EXHAUSTED, 'too many streams begin at once, try again later');
    else if (wait === 0) this.#open(call, variant, onlyType);
    else {
      setTimeout(() => {
        if (!call.cancelled) this.#open(call, variant, onlyType);
      }, wait);
    }
  }

  #open<Request extends ProtocolRequest>(
    call: ServerDuplexStream<Request, EncodedResponse>,
    variant: Variant<Request>,
    onlyType: string | undefined,
  ): void {
    this.#opened += 1;
    const stream: XdsStream<Request> = new XdsStream({
      source: this.#options.source,
      transport: this.#transport(call, () => stream),
      observer: this.#options.observer,
      variant,
      limits: this.#limits,
      number: this.#opened,
      onlyType,
      controlPlane: this.#options.controlPlane ?? '',
    });
    const forgetAge = this.#endWithAge(call);
    let isOver = false;
    const over = (error: Error | undefined): void => {
      if (isOver) return;
      isOver = true;
      forgetAge();
      stream.close(error);
      this.#streams.delete(stream);
      this.#queue.remove(stream);
    };
    this.#streams.set(stream, () => call.end());
    call.on('data', (request: Request) => stream.onRequest(request));
    call.on('end', () => {
      over(undefined);
      call.end(); // 81
    });
    call.on('cancelled', () => over(undefined));
    call.on('error', (error: Error) => over(error));
    call.on('close', () => over(undefined));
    call.on('finish', () => over(undefined));
  }

  #transport<Request extends ProtocolRequest>(
    call: ServerDuplexStream<Request, EncodedResponse>,
    stream: () => XdsStream<Request>,
  ): StreamTransport {
    const { observer, refusal } = this.#options;
    const onTheirWay: (() => void)[] = [];
    call.once('close', () => {
      for (const done of onTheirWay) done();
    });
    return {
      peer: call.getPeer(),
      identity: peerIdentityOf(call.getAuthContext()),
      write: (response, taken) => {
        const done = this.#flow.begin(response.length, (reason) => {
          const { identity } = stream();
          if (identity !== undefined) observer.sendTimedOut(identity);
          stream().close(new StreamError(status.UNAVAILABLE, reason));
          // The client reads nothing, so it cannot be told: the stream is reset.
          call.destroy();
          end(call, status.UNAVAILABLE, reason);
        });
        onTheirWay.push(done);
        call.write(response, () => {
          onTheirWay.splice(onTheirWay.indexOf(done), 1);
          done();
          taken();
        });
      },
      fail: (code, message) => end(call, code, message),
      schedule: () => this.#queue.add(stream()),
      refusal: (node) => refusal?.(call, node),
    };
  }

  /**
   * Once its connection is old enough for the client to have been told to make a new one, a stream ends in good order
   * instead of being cut off with the connection.
   */
  #endWithAge(call: ServerDuplexStream<unknown, EncodedResponse>): () => void {
    const { maxConnectionAge, maxConnectionAgeGrace } = this.#connections;
    if (maxConnectionAge === 0) return () => undefined;
    const peer = call.getPeer();
    const connection = this.#ages.get(peer) ?? { since: performance.now(), streams: 0 };
    this.#ages.set(peer, connection);
    connection.streams += 1;
    const age = performance.now() - connection.since;
    const left = maxConnectionAge * (1 + ageJitter) + Math.random() * maxConnectionAgeGrace - age;
    const timer = setTimeout(() => call.end(), left);
    timer.unref();
    return () => {
      clearTimeout(timer);
      connection.streams -= 1;
      if (connection.streams === 0) this.#ages.delete(peer);
    };
  }
}

/** Ends a call with a status. */
function end(call: ServerDuplexStream<unknown, EncodedResponse>, code: status, details: string): void {
  call.emit('error', { code, details });
}
