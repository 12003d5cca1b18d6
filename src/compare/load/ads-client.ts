/**
 * Asks an ADS server what it would send to a node: clusters, then the assignments that they name; listeners, then
 * the routes that they name; the name table. State of the world; every response is acknowledged, none is refused.
 */
import {
  status as codes,
  type Client,
  type ClientDuplexStream,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { PilotError } from '../../base/errors.js';
import type { Unknown } from '../../envoy/json-canonical.js';
import type { JsonObject } from '../../envoy/json-value.js';
import {
  DiscoveryRequest,
  DiscoveryResponse,
  type DiscoveryRequestShape,
  type DiscoveryResponseMessage,
  type NodeShape,
} from '../../envoy/messages.js';
import { typeNameOf, typeUrls } from '../../envoy/type-urls.js';
import { aggregatedDiscoveryService } from '../../xds/service.js';
import { assignmentNames, routeNames } from '../references.js';
import { resourceName, type Answer } from '../resources.js';
import { sideFailure } from '../side.js';
import type { ResourceDecoder } from './resource-decoder.js';

/** What is asked on one stream. */
export interface AdsQuestion {
  /** As the person named the server. */
  readonly source: string;
  readonly client: Client;
  readonly metadata: Metadata;
  readonly node: NodeShape;
  readonly types: readonly string[];
  readonly timeoutMs: number;
  readonly decoder: ResourceDecoder;
  /** Is told what is not known in a resource. */
  readonly report: (type: AskedType, resource: string, unknown: Unknown) => void;
  /** Is told the identifier of the control plane, where a response has one. */
  readonly identified: (identifier: string) => void;
}

/** Types that can be asked for. */
export type AskedType = 'cds' | 'eds' | 'lds' | 'rds' | 'nds';

/** A type whose resources are asked for by name, and the type that names them. */
const dependants = {
  cds: { type: 'eds', names: assignmentNames },
  lds: { type: 'rds', names: routeNames },
} as const;

interface TypeState {
  /** Undefined for a type that is asked for as a whole. */
  names: ReadonlySet<string> | undefined;
  nonce: string;
  version: string;
  answered: boolean;
  resources: Map<string, JsonObject>;
}

/**
 * The answer for one node.
 * @throws PilotError COMPARE_FAILED when the server refuses, ends the stream, or leaves something unanswered
 */
export function askAds(question: AdsQuestion): Promise<Answer> {
  return new AdsConversation(question).run();
}

class AdsConversation {
  readonly #question: AdsQuestion;
  readonly #states = new Map<AskedType, TypeState>();
  #stream: ClientDuplexStream<DiscoveryRequestShape, DiscoveryResponseMessage> | undefined;
  #nodeSent = false;

  constructor(question: AdsQuestion) {
    this.#question = question;
  }

  async run(): Promise<Answer> {
    const { client, metadata, source, timeoutMs } = this.#question;
    const stream = client.makeBidiStreamRequest(
      aggregatedDiscoveryService.StreamAggregatedResources.path,
      (request: DiscoveryRequestShape) => DiscoveryRequest.encode(request),
      (bytes: Buffer) => DiscoveryResponse.decode(bytes),
      metadata,
    );
    this.#stream = stream;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        timer = setTimeout(() => reject(this.#timedOut()), timeoutMs);
        stream.on('error', (error: ServiceError) => reject(streamFailure(source, error, this.#missing())));
        stream.on('end', () =>
          reject(sideFailure(source, `ended the stream before ${this.#missing()}`, undefined)),
        );
        stream.on('data', (response: DiscoveryResponseMessage) => {
          try {
            this.#onResponse(response);
          } catch (error) {
            reject(
              error instanceof PilotError ? error : sideFailure(source, 'sent what cannot be read', error),
            );
          }
          if (this.#isComplete()) resolve(this.#answer());
        });
        this.#askFirst();
        if (this.#isComplete()) resolve(this.#answer());
      });
    } finally {
      clearTimeout(timer);
      stream.removeAllListeners('error').on('error', () => undefined); // the cancellation below
      stream.cancel();
    }
  }

  #askFirst(): void {
    const { types } = this.#question;
    for (const parent of ['cds', 'lds'] as const) {
      if (types.includes(parent) || types.includes(dependants[parent].type)) this.#ask(parent, undefined);
    }
    if (types.includes('nds')) this.#ask('nds', undefined);
  }

  /** Asks for a type, or for more of it. */
  #ask(type: AskedType, names: ReadonlySet<string> | undefined): void {
    const state = this.#states.get(type) ?? {
      names,
      nonce: '',
      version: '',
      answered: false,
      resources: new Map<string, JsonObject>(),
    };
    state.names = names;
    this.#states.set(type, state);
    this.#send(type, state);
  }

  /** A request: the first one carries the node, one after a response accepts it. */
  #send(type: AskedType, { names, nonce, version }: TypeState): void {
    this.#stream?.write({
      typeUrl: typeUrls[type],
      resourceNames: [...(names ?? [])],
      responseNonce: nonce,
      versionInfo: version,
      ...(!this.#nodeSent && { node: this.#question.node }),
    });
    this.#nodeSent = true;
  }

  #onResponse(response: DiscoveryResponseMessage): void {
    const identifier = response.controlPlane?.identifier ?? '';
    if (identifier !== '') this.#question.identified(identifier);
    const type = typeNameOf(response.typeUrl);
    const state = this.#states.get(type as AskedType);
    if (state === undefined) return;
    this.#take(type as AskedType, state, response);
    this.#send(type as AskedType, state);
    if (type === 'cds' || type === 'lds') this.#askDependant(type, state);
  }

  #take(type: AskedType, state: TypeState, response: DiscoveryResponseMessage): void {
    state.nonce = response.nonce;
    state.version = response.versionInfo;
    state.answered = true;
    if (state.names === undefined) state.resources.clear();
    for (const { typeUrl, value } of response.resources) {
      const { json, unknown } = this.#question.decoder.decode(typeUrl, value);
      const name = resourceName(json);
      for (const one of unknown) this.#question.report(type, `${type} ${name}`, one);
      state.resources.set(name, json);
    }
  }

  /** What newly arrived clusters or listeners name; the newest state counts, so names may come and go. */
  #askDependant(parent: 'cds' | 'lds', { resources }: TypeState): void {
    const { type, names: namesIn } = dependants[parent];
    if (!this.#question.types.includes(type)) return;
    const names = namesIn([...resources.values()]);
    const known = this.#states.get(type);
    const isSame =
      known?.names !== undefined &&
      known.names.size === names.size &&
      [...names].every((name) => known.names?.has(name));
    if (!isSame && (names.size > 0 || known !== undefined)) this.#ask(type, names);
  }

  #isComplete(): boolean {
    return this.#unanswered().length === 0;
  }

  /** What has not come yet, for people. */
  #unanswered(): string[] {
    return [...this.#states].flatMap(([type, { names, answered, resources }]) => {
      if (names === undefined) return answered ? [] : [type.toUpperCase()];
      const missing = [...names].filter((name) => !resources.has(name));
      if (missing.length === 0) return [];
      const some = missing.slice(0, 3).join(', ');
      return [
        `${type.toUpperCase()} of ${missing.length} of ${names.size} names (${some}${missing.length > 3 ? ', …' : ''})`,
      ];
    });
  }

  #missing(): string {
    return `it answered ${this.#unanswered().join(' and ')}`;
  }

  #timedOut(): PilotError {
    const { source, timeoutMs } = this.#question;
    return new PilotError(
      'COMPARE_FAILED',
      `${source} did not answer ${this.#unanswered().join(' and ')} within ${timeoutMs / 1000} s`,
      {
        hint: 'Is it an ADS server that knows this proxy? --timeout SECONDS waits longer; --type cds,eds leaves out what it does not serve.',
      },
    );
  }

  #answer(): Answer {
    return Object.fromEntries(
      this.#question.types.flatMap((type) => {
        const state = this.#states.get(type as AskedType);
        if (state === undefined) return [];
        const { names, resources } = state;
        // A server may send more than it was asked for, or what was asked for before.
        const asked = [...resources].filter(([name]) => names === undefined || names.has(name));
        return [[type, asked.map(([, resource]) => resource)]];
      }),
    );
  }
}

const hints: Partial<Record<codes, string>> = {
  [codes.UNAVAILABLE]:
    'Nothing listens there, the server is not ready yet, or one of the two speaks TLS and the other does not (--ca, --cert, --key, --token-file turn TLS on).',
  [codes.UNAUTHENTICATED]:
    'Istiod accepts a token of the proxy’s own service account: --token-file; docs/compare.md shows how to get one.',
  [codes.PERMISSION_DENIED]: 'The credentials must be those of the proxy that is asked as.',
  [codes.UNIMPLEMENTED]: 'That port serves gRPC, but not aggregated discovery (ADS).',
};

function streamFailure(source: string, error: ServiceError, missing: string): PilotError {
  return sideFailure(
    source,
    `ended the stream before ${missing}: ${codes[error.code] ?? error.code}: ${error.details}`,
    undefined,
    hints[error.code],
  );
}
