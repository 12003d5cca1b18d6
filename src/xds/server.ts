/**
 * The ADS server: gRPC below, one `SotwStream` for each stream, and the queue that brings a change of the source
 * to all of them.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { PilotError } from '../base/errors.js';
import type { DiscoveryRequestMessage } from '../envoy/messages.js';
import type { XdsObserver } from './observer.js';
import { PushQueue } from './push-queue.js';
import { aggregatedDiscoveryService } from './service.js';
import { SotwStream } from './sotw-stream.js';
import type { ResourceSource, SourceChange } from './source.js';

export interface AdsServerOptions {
  readonly source: ResourceSource;
  readonly observer: XdsObserver;
  /** Largest request in bytes; 4 MiB as in Istio. */
  readonly maxRequestBytes?: number;
}

/** Serves a source over ADS. Construct, `listen`, `push` on every change, `close`. */
export class AdsServer {
  readonly #server: Server;
  readonly #streams = new Set<SotwStream>();
  readonly #calls = new Set<ServerDuplexStream<DiscoveryRequestMessage, Buffer>>();
  readonly #queue = new PushQueue<SotwStream>((stream) => stream.flush());
  readonly #options: AdsServerOptions;
  #opened = 0;

  constructor(options: AdsServerOptions) {
    this.#options = options;
    this.#server = new Server({
      'grpc.max_receive_message_length': options.maxRequestBytes ?? 4 * 1024 * 1024,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': 100_000,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    this.#server.addService(aggregatedDiscoveryService, {
      StreamAggregatedResources: (call: ServerDuplexStream<DiscoveryRequestMessage, Buffer>) =>
        this.#open(call),
    });
  }

  /** The streams that are open now. */
  get streams(): ReadonlySet<SotwStream> {
    return this.#streams;
  }

  /**
   * Listens on `host:port`; port 0 asks for a free one.
   * @returns the port.
   * @throws PilotError PORT_IN_USE or LISTEN_FAILED.
   */
  listen(host: string, port: number): Promise<number> {
    const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(target, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(listenError(target, error));
      });
    });
  }

  /** The source's state changed: every stream is brought to it, in turn. */
  push(change: SourceChange): void {
    for (const stream of this.#streams) {
      stream.markChanged(change.reason, change.types);
      this.#queue.add(stream);
    }
  }

  /** Ends the streams within `graceMs` and stops listening. */
  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const force = setTimeout(() => this.#server.forceShutdown(), graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
      for (const call of this.#calls) call.end();
    });
  }

  #open(call: ServerDuplexStream<DiscoveryRequestMessage, Buffer>): void {
    this.#opened += 1;
    const stream = new SotwStream(
      this.#options.source,
      {
        peer: call.getPeer(),
        write: (response) => call.write(response),
        fail: (code, message) => call.emit('error', { code, details: message }),
      },
      this.#options.observer,
      this.#opened,
    );
    this.#streams.add(stream);
    this.#calls.add(call);
    const over = (error: Error | undefined): void => {
      stream.close(error);
      this.#streams.delete(stream);
      this.#calls.delete(call);
      this.#queue.remove(stream);
    };
    call.on('data', (request: DiscoveryRequestMessage) => stream.onRequest(request));
    call.on('drain', () => stream.onDrain());
    call.on('end', () => {
      over(undefined);
      call.end();
    });
    call.on('cancelled', () => over(undefined));
    call.on('error', (error: Error) => over(error));
    call.on('close', () => over(undefined));
  }
}

function listenError(target: string, error: Error): PilotError {
  return /EADDRINUSE|No address added/.test(error.message) &&
    !/EACCES|EADDRNOTAVAIL|ENOTFOUND/.test(error.message)
    ? new PilotError('PORT_IN_USE', `${target} is in use`, { cause: error })
    : new PilotError('LISTEN_FAILED', `cannot listen on ${target}: ${error.message}`, { cause: error });
}
