/** A connection over which requests are sent, whatever its protocol. */
import type { Readable } from 'node:stream';

/** One request. */
export interface Call {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** The head of an answer, and its body as it comes. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Has to be read or destroyed. */
  readonly body: Readable;
}

/** The server did not look at a request, because it is about to end the connection: it can be sent again on another. */
export class NotProcessed extends Error {}

/** An open connection. */
export interface Connection {
  /** It carries one request only. */
  readonly exclusive: boolean;
  /** Takes the connection for one more request. Whether it can be had. */
  claim(): boolean;
  /**
   * Sends a request for which the connection was claimed, and waits for the head of the answer.
   * @param signal ends the request, also while its answer is read.
   * @throws NotProcessed, and Error for whatever else keeps the answer away.
   */
  send(call: Call, signal: AbortSignal): Promise<Answer>;
  /** Sends nothing more; closes when what is under way has ended. */
  retire(): void;
  /** Ends everything at once. */
  destroy(): void;
}
