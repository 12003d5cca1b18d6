/** The logger of the command line: pino, as text for people or as JSON lines, on stderr. */
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogFields, Logger } from '../base/logger.js';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'text' | 'json';
  readonly colour: boolean;
}

/** A logger whose level can be changed while it is used. */
export interface LevelledLogger {
  readonly logger: Logger;
  readonly setLevel: (level: LogOptions['level']) => void;
}

/** A logger that writes to stderr. */
export function createLogger({ level, format, colour }: LogOptions): LevelledLogger {
  const stream =
    format === 'json'
      ? pino.destination({ dest: 2, sync: true })
      : pretty({
          destination: 2,
          sync: true,
          colorize: colour,
          ignore: 'pid,hostname',
          translateTime: 'SYS:HH:MM:ss.l',
          singleLine: true,
        });
  const inner: Pino = pino({ level, base: null }, stream);
  return {
    logger: wrap(inner),
    setLevel: (next) => {
      inner.level = next;
    },
  };
}

type Pino = ReturnType<typeof pino>;

function wrap(inner: Pino): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void =>
      inner[level](fields, message);
  return {
    get debugs() {
      return inner.isLevelEnabled('debug');
    },
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(inner.child(fields)),
  };
}
