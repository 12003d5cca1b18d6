/** Why a stream ended, with the gRPC status that its client was told. */
import type { status } from '@grpc/grpc-js';

export class StreamError extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}
