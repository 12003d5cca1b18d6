/** The HTTP address of a running server: where it is, and asking it. */
import { PilotError, errorMessage } from '../base/errors.js';
import { badValue, formatAddress, parseAddress, type Address } from '../settings/setting.js';
import { settings } from '../settings/settings.js';
import { textOption, type CommandContext, type OptionSpec } from './command.js';

const { httpAddress } = settings;
const addressVariable = httpAddress.env[0] ?? '';
/** Milliseconds that an answer may take. */
const timeout = 10_000;

/** `--http HOST:PORT`. */
export const httpOption: OptionSpec = {
  flags: '--http <HOST:PORT>',
  help: `the server’s HTTP address (default: ${httpAddress.type.format(httpAddress.default)}) [${addressVariable}]`,
};

/** The address that is meant. @throws PilotError USAGE */
export function httpAddressOf({ options, env }: CommandContext): Address {
  const flag = textOption(options, 'http');
  const [where, text] = flag === undefined ? [addressVariable, env[addressVariable]] : ['--http', flag];
  if (text === undefined || text === '') return httpAddress.default;
  try {
    return parseAddress(text);
  } catch (error) {
    throw badValue(where, error);
  }
}

export class HttpClient {
  /** `HOST:PORT`. */
  readonly address: string;

  constructor(address: Address) {
    this.address = formatAddress(address);
  }

  /** The text of a page. @throws PilotError STATUS_FAILED when the server does not answer, or refuses. */
  async page(path: string, signal: AbortSignal): Promise<string> {
    const { ok, text } = await this.get(path, signal);
    if (!ok) throw this.failure(`refuses to tell: ${text.trim().split('\n')[0] ?? ''}`);
    return text;
  }

  /** Any answer. @throws PilotError STATUS_FAILED when there is none. */
  async get(path: string, signal: AbortSignal): Promise<{ readonly ok: boolean; readonly text: string }> {
    try {
      const response = await fetch(`http://${this.address}${path}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      });
      return { ok: response.ok, text: await response.text() };
    } catch (error) {
      throw this.failure(`does not answer: ${reasonOf(error)}`, error);
    }
  }

  failure(what: string, cause?: unknown): PilotError {
    return new PilotError('STATUS_FAILED', `${this.address} ${what}`, {
      hint: 'Give the HTTP address of a running `pilotlight serve` with --http HOST:PORT; it says it when it is ready.',
      cause,
    });
  }
}

/** `fetch` itself only says that it failed. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause instanceof Error && cause.message !== '' ? cause : error);
}
