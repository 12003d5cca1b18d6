/** A logger for tests: keeps its lines, and lets a test wait for one. */
import type { LogFields, Logger } from '../src/base/logger.js';

/** One line. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** Generous: only a defect waits this long. */
const limitMs = 20_000;

export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];
  readonly #waiting = new Set<() => void>();

  debug(message: string, fields: LogFields = {}): void {
    this.#add({ level: 'debug', message, fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add({ level: 'info', message, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add({ level: 'warn', message, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add({ level: 'error', message, fields });
  }

  child(): Logger {
    return this;
  }

  /** Resolves once there are so many lines that hold a text. */
  async line(text: string, count = 1): Promise<LogLine> {
    for (;;) {
      const found = this.lines.filter(({ message }) => message.includes(text))[count - 1];
      if (found !== undefined) return found;
      await this.#next(text);
    }
  }

  #next(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(
          new Error(`no line "${text}" but ${JSON.stringify(this.lines.map(({ message }) => message))}`),
        );
      }, limitMs);
      this.#waiting.add(wake);
    });
  }

  #add(line: LogLine): void {
    this.lines.push(line);
    for (const wake of this.#waiting) wake();
  }
}
