/** The logger that is handed to everything that talks; `src/cli` decides where lines go and in which form. */

/** Fields of one line: plain values, no secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured logger. A line is a message for a person and fields for a machine. */
export interface Logger {
  /** False when debug lines go nowhere, so that those of which there are many need not be put together. */
  readonly debugs?: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
}

/** A logger that says nothing, for embedders and tests. */
export const silentLogger: Logger = {
  debugs: false,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
