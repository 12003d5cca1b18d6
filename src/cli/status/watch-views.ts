/** How what a watch hears is shown: drawn on a terminal, or appended line by line. */
import type { Colours } from '../../compare/colours.js';
import type { ProxyStatus } from './proxy-status.js';
import { isSynced } from './proxy-status.js';
import { age, proxyDetails, statusLine, statusTable, summary } from './status-text.js';
import type { WatchEvent } from './watch.js';

/** What both views need. */
export interface ViewOptions {
  /** The server's `HOST:PORT`. */
  readonly address: string;
  /** Chooses the proxies that are watched. */
  readonly select: (proxies: readonly ProxyStatus[]) => readonly ProxyStatus[];
  readonly write: (text: string) => void;
}

export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

export interface ScreenOptions extends ViewOptions {
  readonly colours: Colours;
  /** Everything of each proxy in the place of a line. */
  readonly details: boolean;
  /** The size of the terminal now. */
  readonly size: () => ScreenSize;
}

const home = '\u001B[H';
const clearLine = '\u001B[K';
const clearBelow = '\u001B[J';

/** Draws the newest state over the one before, as much of it as there are rows, what is not synced first. */
export function screenView(options: ScreenOptions): (event: WatchEvent, at: Date) => void {
  const { address, colours } = options;
  let news = '';
  let proxies: readonly ProxyStatus[] = [];
  let running = '';
  return (event, at) => {
    if (event.type === 'silent')
      news = `${timeOf(at)} this is the last answer, asking again: ${event.reason}`;
    else if (event.type === 'back') news = `${timeOf(at)} ${address} answers again`;
    else if (event.type === 'restarted') news = `${timeOf(at)} ${address} was started again`;
    else {
      proxies = options.select(event.answer.proxies);
      running = runningSince(event.answer.server.startedAt, at);
    }
    const heading = `${address}${running}  ${timeOf(at)}  ${summary(proxies)}`;
    const body = options.details
      ? proxies.map((proxy) => proxyDetails(proxy, colours)).join('\n')
      : statusTable(proxies, colours);
    const lines = [
      colours.title(heading),
      ...(news === '' ? [] : [colours.warning(news)]),
      '',
      ...linesOf(body),
    ];
    options.write(frame(fitting(lines, options, proxies), options.size()));
  };
}

/** When a table has more lines than rows, those that are not synced come first. */
function fitting(
  lines: readonly string[],
  { details, size, colours }: ScreenOptions,
  proxies: readonly ProxyStatus[],
): readonly string[] {
  if (details || lines.length < size().rows) return lines;
  const [behind, synced] = [proxies.filter((proxy) => !isSynced(proxy)), proxies.filter(isSynced)];
  const table = linesOf(statusTable([...behind, ...synced], colours));
  return [...lines.slice(0, lines.indexOf('') + 1), ...table];
}

function frame(lines: readonly string[], { rows, columns }: ScreenSize): string {
  const room = Math.max(rows - 1, 2);
  const shown =
    lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  return `${home}${shown.map((line) => `${clipped(line, columns)}${clearLine}\n`).join('')}${clearBelow}`;
}

/** So much of a line as has room; colours take none. */
function clipped(line: string, columns: number): string {
  let room = columns;
  return line
    .split(/(\p{Cc}\[\d+m)/u)
    .map((part) => {
      if (/^\p{Cc}/u.test(part)) return part;
      const shown = part.slice(0, room);
      room -= shown.length;
      return shown;
    })
    .join('');
}

/** Appends a line for each proxy that is new, differs or is gone, and for what happens to the server. */
export function lineView({ address, select, write }: ViewOptions): (event: WatchEvent, at: Date) => void {
  const known = new KnownProxies();
  return (event, at) => {
    const say = (text: string): void => write(`${timeOf(at)}  ${text}\n`);
    if (event.type === 'silent') say(`${event.reason}; asking again`);
    else if (event.type === 'back') say(`${address} answers again`);
    else if (event.type === 'restarted') {
      known.forget();
      say(`${address} was started again`);
    } else {
      const { changed, gone } = known.update(select(event.answer.proxies));
      for (const { name } of gone) say(`${name}  disconnected`);
      for (const proxy of changed) say(statusLine(proxy));
    }
  };
}

/** The same as JSON, one object in a line. */
export function jsonView({ address, select, write }: ViewOptions): (event: WatchEvent, at: Date) => void {
  const known = new KnownProxies();
  return (event, at) => {
    const say = (fields: object): void =>
      write(`${JSON.stringify({ time: at.toISOString(), server: address, ...fields })}\n`);
    if (event.type === 'silent') say({ event: 'silent', reason: event.reason });
    else if (event.type === 'back') say({ event: 'back' });
    else if (event.type === 'restarted') {
      known.forget();
      say({ event: 'restarted' });
    } else {
      const { changed, gone } = known.update(select(event.answer.proxies));
      for (const { name } of gone) say({ event: 'disconnected', name });
      for (const proxy of changed) say({ event: 'proxy', proxy });
    }
  };
}

/** What was shown of each proxy. */
class KnownProxies {
  #shown = new Map<string, { readonly proxy: ProxyStatus; readonly line: string }>();

  update(proxies: readonly ProxyStatus[]): {
    readonly changed: readonly ProxyStatus[];
    readonly gone: readonly ProxyStatus[];
  } {
    const before = this.#shown;
    this.#shown = new Map(proxies.map((proxy) => [proxy.key, { proxy, line: statusLine(proxy) }]));
    const changed = [...this.#shown].filter(([key, { line }]) => before.get(key)?.line !== line);
    const gone = [...before].filter(([key]) => !this.#shown.has(key));
    return { changed: changed.map(([, { proxy }]) => proxy), gone: gone.map(([, { proxy }]) => proxy) };
  }

  forget(): void {
    this.#shown = new Map();
  }
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function runningSince(startedAt: string | undefined, at: Date): string {
  const since = Date.parse(startedAt ?? '');
  return Number.isNaN(since) ? '' : `  up ${age(Math.max(0, at.getTime() - since) / 1000)}`;
}

/** The time of day, as of this machine. */
function timeOf(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => `${part}`.padStart(2, '0'))
    .join(':');
}
