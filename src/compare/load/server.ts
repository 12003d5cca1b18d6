/** The side that is a running ADS server: `xds://host:port`. */
import { readFile } from 'node:fs/promises';
import { Client, Metadata, credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { errorMessage, PilotError } from '../../base/errors.js';
import { fromJson } from '../../envoy/json.js';
import { Node, type NodeShape } from '../../envoy/messages.js';
import { dialectOf } from '../../mesh/dialect.js';
import type { NodeDescription } from '../../mesh/node.js';
import { wholeAssignments } from '../endpoint-detail.js';
import {
  comparableTypes,
  mayBeServedNames,
  sideFailure,
  type ProxyRequest,
  type Side,
  type SideAnswer,
} from '../side.js';
import { askAds } from './ads-client.js';
import { askIstioVersion, versionIn, type VersionQuestion } from './istio-version.js';
import { UnknownNotes } from './notes.js';
import { ResourceDecoder } from './resource-decoder.js';

/** How long an answer waits for a version that has been asked for at its beginning and has not come. */
const versionWaitMs = 300;

/** How to reach a server. */
export interface ServerOptions {
  /** PEM files. Any of them, or a token, turns TLS on. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Holds a bearer token. */
  readonly tokenFile?: string | undefined;
  /** The name that the server's certificate is for, where it is not the host. */
  readonly serverName?: string | undefined;
  readonly timeoutMs: number;
}

/**
 * Opens the side; nothing is sent yet.
 * @throws PilotError USAGE when the address or the files cannot be used
 */
export async function serverSide(source: string, options: ServerOptions): Promise<Side> {
  return new ServerSide(
    source,
    addressIn(source),
    await channelCredentials(options),
    await bearer(options),
    options,
  );
}

class ServerSide implements Side {
  readonly source: string;
  readonly kind = 'server';
  readonly description = 'ADS server';
  readonly types = comparableTypes;
  readonly missingTypes = new Map<string, string>();
  readonly endpoints = wholeAssignments;
  readonly hasChanceOrders = true;
  readonly proxies = { kind: 'any' } as const;
  readonly #client: Client;
  readonly #metadata: Metadata;
  readonly #timeoutMs: number;
  readonly #decoder = new ResourceDecoder();
  #version: string | undefined;
  #question: VersionQuestion | undefined;

  constructor(
    source: string,
    address: string,
    channel: ChannelCredentials,
    metadata: Metadata,
    { serverName, timeoutMs }: ServerOptions,
  ) {
    this.source = source;
    this.#client = new Client(address, channel, {
      'grpc.max_receive_message_length': -1,
      ...(serverName !== undefined && {
        'grpc.ssl_target_name_override': serverName,
        'grpc.default_authority': serverName,
      }),
    });
    this.#metadata = metadata;
    this.#timeoutMs = timeoutMs;
  }

  istioVersion(): string | undefined {
    return this.#version;
  }

  async answer({ name, node }: ProxyRequest, types: readonly string[]): Promise<SideAnswer> {
    if (node === undefined) throw sideFailure(this.source, `needs a node to be asked as ${name}`, undefined);
    if (isGrpc(node)) {
      const why = 'which is a gRPC client: servers are asked as Envoys only';
      throw sideFailure(this.source, `cannot be asked as ${name}, ${why}`, undefined);
    }
    const notes = new UnknownNotes(this.source);
    const wire = wireNode(node);
    const isFirst = this.#question === undefined;
    this.#question ??= askIstioVersion(this.#client, this.#metadata, wire);
    const answer = await askAds({
      source: this.source,
      client: this.#client,
      metadata: this.#metadata,
      node: wire,
      types: types.filter((type) => type !== 'nds' || mayBeServedNames({ node })),
      timeoutMs: this.#timeoutMs,
      decoder: this.#decoder,
      report: (_type, resource, unknown) => notes.in(resource)(unknown),
      identified: (identifier) => {
        this.#version ??= versionIn(identifier);
      },
    });
    if (isFirst) this.#version ??= await withinMs(this.#question.version, versionWaitMs);
    return { answer, notes: notes.sentences() };
  }

  close(): void {
    this.#question?.cancel();
    this.#client.close();
  }
}

/** What a promise gives, or undefined where it takes longer. */
async function withinMs<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const result = await Promise.race([promise, late]);
  clearTimeout(timer);
  return result;
}

function isGrpc({ metadata = {}, user_agent_name: userAgent = '' }: NodeDescription): boolean {
  return dialectOf({ metadata, userAgent }) === 'grpc';
}

/** Those parts of a node that a control plane looks at; a bootstrap's may have long lists of extensions besides. */
function wireNode(node: NodeDescription & { readonly cluster?: unknown }): NodeShape {
  const { id, cluster, metadata, locality, user_agent_name } = node;
  return fromJson(Node, {
    id,
    ...(typeof cluster === 'string' && { cluster }),
    ...(metadata !== undefined && { metadata }),
    ...(locality !== undefined && { locality }),
    ...(user_agent_name !== undefined && { user_agent_name }),
  });
}

function addressIn(source: string): string {
  const match = /^xds:\/\/(\[[^\]]+\]|[^/:[\]]+):(\d+)\/?$/.exec(source);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) {
    throw new PilotError('USAGE', `"${source}" is no address of an ADS server`, {
      hint: 'It is written xds://HOST:PORT, for example xds://127.0.0.1:15010 or xds://[::1]:15010.',
    });
  }
  return `${match[1]}:${port}`;
}

async function channelCredentials({ ca, cert, key, tokenFile }: ServerOptions): Promise<ChannelCredentials> {
  if ((cert === undefined) !== (key === undefined)) {
    throw new PilotError('USAGE', '--cert and --key are given together or not at all');
  }
  if ([ca, cert, tokenFile].every((file) => file === undefined)) return credentials.createInsecure();
  const [caPem, keyPem, certPem] = await Promise.all([
    readOptional('--ca', ca),
    readOptional('--key', key),
    readOptional('--cert', cert),
  ]);
  try {
    return credentials.createSsl(caPem ?? null, keyPem ?? null, certPem ?? null);
  } catch (error) {
    throw new PilotError('USAGE', `the certificates cannot be used: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** The token goes with TLS only, which `channelCredentials` turns on for it. */
async function bearer({ tokenFile }: ServerOptions): Promise<Metadata> {
  const metadata = new Metadata();
  const token = await readOptional('--token-file', tokenFile);
  if (token !== undefined) metadata.set('authorization', `Bearer ${token.toString('utf8').trim()}`);
  return metadata;
}

async function readOptional(flag: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new PilotError('USAGE', `${flag}: ${path} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
