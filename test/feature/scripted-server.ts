/** An ADS server that does what a test tells it: what real servers do only now and then. */
import {
  Server,
  ServerCredentials,
  type Metadata,
  type ServerDuplexStream,
  type status,
} from '@grpc/grpc-js';
import { packAny } from '../../src/envoy/any.js';
import { fromJson, type JsonObject } from '../../src/envoy/json.js';
import {
  Cluster,
  ClusterLoadAssignment,
  DiscoveryResponse,
  type AnyShape,
  type DiscoveryRequestMessage,
  type DiscoveryResponseShape,
} from '../../src/envoy/messages.js';
import { aggregatedDiscoveryService } from '../../src/xds/service.js';

export type Send = (response: DiscoveryResponseShape) => void;

/** What a test does on a request. */
export type OnRequest = (request: DiscoveryRequestMessage, send: Send, stream: ScriptedStream) => void;

export interface ScriptedStream {
  readonly metadata: Metadata;
  fail(code: status, details: string): void;
  end(): void;
}

/** Responses are bytes here. */
const service = {
  StreamAggregatedResources: {
    ...aggregatedDiscoveryService.StreamAggregatedResources,
    responseSerialize: (bytes: Buffer): Buffer => bytes,
  },
};

export class ScriptedServer {
  readonly #server: Server;
  readonly requests: DiscoveryRequestMessage[] = [];
  port = 0;

  private constructor(onRequest: OnRequest) {
    this.#server = new Server();
    this.#server.addService(service, {
      StreamAggregatedResources: (call: ServerDuplexStream<DiscoveryRequestMessage, Buffer>) => {
        let nonce = 0;
        const send: Send = (response) => {
          nonce += 1;
          call.write(DiscoveryResponse.encode({ versionInfo: `v${nonce}`, nonce: `n${nonce}`, ...response }));
        };
        const stream: ScriptedStream = {
          metadata: call.metadata,
          fail: (code, details) => call.emit('error', { code, details }),
          end: () => call.end(),
        };
        call.on('data', (request: DiscoveryRequestMessage) => {
          this.requests.push(request);
          onRequest(request, send, stream);
        });
        call.on('error', () => undefined); // the client goes away
        call.on('end', () => call.end());
      },
    });
  }

  static async start(
    onRequest: OnRequest,
    credentials: ServerCredentials = ServerCredentials.createInsecure(),
  ): Promise<ScriptedServer> {
    const made = new ScriptedServer(onRequest);
    made.port = await new Promise<number>((resolve, reject) => {
      made.#server.bindAsync('127.0.0.1:0', credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return made;
  }

  get source(): string {
    return `xds://127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

/** A cluster from its JSON. */
export function cluster(json: JsonObject): AnyShape {
  return packAny(Cluster, fromJson(Cluster, json));
}

/** An EDS cluster of this name. */
export function edsCluster(name: string): AnyShape {
  return cluster({ name, type: 'EDS' });
}

/** An assignment without endpoints. */
export function assignment(name: string): AnyShape {
  return packAny(ClusterLoadAssignment, { clusterName: name });
}
