/**
 * Writes responses to the HTTP/2 stream as they are: grpc-js copies each message to put five bytes before it, which
 * for a large response to many clients is most of the work and of the memory. Everything else is grpc-js's.
 */
import { Metadata, ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js';
import type { Writable } from 'node:stream';
import { EncodedResponse } from './response.js';

type NextCall = Parameters<ServerInterceptor>[1];

/** To be given to a server whose methods send `EncodedResponse`. */
export const writesFrames: ServerInterceptor = (_method, call) => {
  const stream = http2Stream(call);
  return stream === undefined ? new ServerInterceptingCall(call) : new FramesCall(call, stream);
};

class FramesCall extends ServerInterceptingCall {
  readonly #stream: Writable;
  #begun = false;

  constructor(call: NextCall, stream: Writable) {
    super(call);
    this.#stream = stream;
  }

  override sendMetadata(metadata: Metadata): void {
    this.#begun = true;
    super.sendMetadata(metadata);
  }

  override sendMessage(message: unknown, callback: () => void): void {
    if (!(message instanceof EncodedResponse)) {
      super.sendMessage(message, callback);
      return;
    }
    if (this.#stream.destroyed) return; // the end of the call is told otherwise
    if (!this.#begun) this.sendMetadata(new Metadata());
    const frames = message.frames();
    const done = (error: Error | null | undefined): void => {
      if (error) this.sendStatus({ code: status.INTERNAL, details: `cannot write: ${error.message}` });
      else callback();
    };
    if (frames.length > 1) this.#stream.cork();
    frames.forEach((frame, index) => {
      if (index === frames.length - 1) this.#stream.write(frame, done);
      else this.#stream.write(frame);
    });
    if (frames.length > 1) this.#stream.uncork();
  }
}

/** The stream below a call. grpc-js does not show it: where it is kept otherwise, messages go through grpc-js. */
function http2Stream(call: NextCall): Writable | undefined {
  const stream: unknown = 'stream' in call ? call.stream : undefined;
  return isWritable(stream) ? stream : undefined;
}

function isWritable(value: unknown): value is Writable {
  return (
    typeof value === 'object' && value !== null && 'write' in value && 'cork' in value && 'respond' in value
  );
}
