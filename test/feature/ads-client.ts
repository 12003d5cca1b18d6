/** A plain ADS client for tests: one stream, and the responses in the order of their arrival. */
import { Client, credentials, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import type { DiscoveryRequestShape, DiscoveryResponseMessage } from '../../src/envoy/messages.js';
import { DiscoveryRequest, DiscoveryResponse } from '../../src/envoy/messages.js';

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
/** Generous: only a defect waits this long. */
const limitMs = 20_000;

export class AdsClient {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<DiscoveryRequestShape, DiscoveryResponseMessage>;
  readonly #responses: DiscoveryResponseMessage[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly ended: Promise<StatusObject>;

  /** @param channel plaintext unless told. */
  constructor(port: number, channel = credentials.createInsecure()) {
    this.#client = new Client(`127.0.0.1:${port}`, channel, { 'grpc.ssl_target_name_override': 'localhost' });
    this.#stream = this.#client.makeBidiStreamRequest(
      path,
      (request: DiscoveryRequestShape) => DiscoveryRequest.encode(request),
      (bytes: Buffer) => DiscoveryResponse.decode(bytes),
    );
    this.#stream.on('data', (response: DiscoveryResponseMessage) => {
      this.#responses.push(response);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#stream.on('error', () => undefined); // told by `ended`
    this.ended = new Promise((resolve) => this.#stream.once('status', resolve));
  }

  send(request: DiscoveryRequestShape): void {
    this.#stream.write(request);
  }

  /** Accepts a response, optionally with another list of names. */
  ack({ typeUrl, nonce, versionInfo }: DiscoveryResponseMessage, resourceNames: string[] = []): void {
    this.send({ typeUrl, responseNonce: nonce, versionInfo, resourceNames });
  }

  /** The next response; those before it have been taken. */
  async next(): Promise<DiscoveryResponseMessage> {
    for (;;) {
      const response = this.#responses.shift();
      if (response !== undefined) return response;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no response within ${limitMs} ms`)), limitMs);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Responses that have arrived and were not taken. */
  get pending(): number {
    return this.#responses.length;
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}
