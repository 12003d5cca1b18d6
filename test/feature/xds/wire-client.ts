/** What no well-behaved gRPC client does: bytes of one's own choice on an HTTP/2 stream, and streams that nobody reads. */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';

/** A connection on which streams are opened by hand. */
export class WireConnection {
  readonly session: ClientHttp2Session;

  /** `window` is how many bytes of a stream the server may send before somebody reads. */
  constructor(port: number, window = 65_535) {
    this.session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: window } });
    this.session.on('error', () => undefined); // told by the streams
  }

  /** Opens a gRPC stream; its response is not read before `read` is called. */
  open(path: string): WireStream {
    return new WireStream(
      this.session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: path,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
        [constants.HTTP2_HEADER_TE]: 'trailers',
      }),
    );
  }

  /** How long a ping takes, in milliseconds. */
  ping(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.session.ping((error, duration) => (error === null ? resolve(duration) : reject(error)));
    });
  }

  /** Breaks the connection without a word. */
  destroy(): void {
    this.session.destroy();
  }
}

export interface WireStatus {
  readonly code: number;
  readonly message: string;
}

export class WireStream {
  readonly #stream: ClientHttp2Stream;
  /** How the stream ended; a broken connection is code -1. */
  readonly ended: Promise<WireStatus>;
  #buffered = Buffer.alloc(0);
  #messages: Buffer[] = [];
  #wake: (() => void) | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on('error', () => undefined); // told by `ended`
    this.ended = new Promise((resolve) => {
      const told = (headers: IncomingHttpHeaders): void => {
        const code = headers['grpc-status'];
        if (code !== undefined)
          resolve({ code: Number(code), message: decodeURIComponent(String(headers['grpc-message'] ?? '')) });
      };
      stream.on('response', told); // a response without a body has its status here
      stream.on('trailers', told);
      stream.on('close', () => resolve({ code: -1, message: 'closed' }));
    });
  }

  /** Sends a message in gRPC's frame. */
  send(message: Uint8Array): void {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    this.sendBytes(Buffer.concat([head, message]));
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  /** Sends no more. */
  halfClose(): void {
    this.#stream.end();
  }

  reset(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** Lets the server send: from now on what arrives is kept for `next`. */
  read(): void {
    this.#stream.on('data', (chunk: Buffer) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      this.#split();
    });
    this.#stream.resume();
  }

  /** The next message. */
  async next(): Promise<Buffer> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no message within 20 s')), 20_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #split(): void {
    while (this.#buffered.length >= 5) {
      const length = this.#buffered.readUInt32BE(1);
      if (this.#buffered.length < 5 + length) return;
      this.#messages.push(this.#buffered.subarray(5, 5 + length));
      this.#buffered = this.#buffered.subarray(5 + length);
      this.#wake?.();
    }
  }
}
