/**
 * What the ADS server tells, as log lines for a person; and several observers as one. A push is one line, whatever
 * the number of streams; what happens on each stream is for `debug`. Nothing is logged for a resource.
 */
import { LineLimit } from './base/line-limit.js';
import type { Logger } from './base/logger.js';
import { shortened } from './base/shortened.js';
import { typeNameOf } from './envoy/type-urls.js';
import type { ChangeReport, NackReport, PushReport, StreamIdentity, XdsObserver } from './xds/observer.js';

/** What a client says of a refusal is its own choice; a line holds this many characters of it. */
const longestMessage = 2000;
/** And this many of a node id or a type. */
const longestName = 300;
/** Types of clients' own invention that are remembered as told. */
const mostUnsupported = 100;

/** A refusal that lasts. */
interface Refusal {
  readonly message: string;
  /** How often the same was said. */
  count: number;
}

/** Lines of which many can come at once. */
type Flood = 'connected' | 'disconnected' | 'refused' | 'nacked' | 'accepted' | 'timedOut';

/**
 * Logs who connected, what was pushed and what was refused. A refusal is told once for each stream, type and message,
 * until the message changes or the type is accepted. Where many streams do the same within a second, some are told
 * and the rest counted.
 */
export class LoggingObserver implements XdsObserver {
  readonly #logger: Logger;
  /** What each open stream refuses, by type URL. */
  readonly #streams = new Map<string, Map<string, Refusal>>();
  readonly #unsupported = new Set<string>();
  readonly #limits: Readonly<Record<Flood, LineLimit>>;

  constructor(logger: Logger) {
    this.#logger = logger;
    const limit = (level: 'info' | 'warn', what: string): LineLimit =>
      new LineLimit({
        summarise: (more) => logger[level](`${more} more ${what}`, { streams: this.#streams.size }),
      });
    this.#limits = {
      connected: limit('info', 'proxies connected'),
      disconnected: limit('info', 'proxies disconnected'),
      refused: limit('warn', 'streams were refused'),
      nacked: limit('warn', 'refusals by proxies; /debug/syncz has them all'),
      accepted: limit('info', 'types accepted again'),
      timedOut: limit('warn', 'proxies did not read and were disconnected'),
    };
  }

  /** Writes what is still to be summarised. */
  dispose(): void {
    for (const limit of Object.values(this.#limits)) limit.flush();
  }

  connected(
    { connectionId, peer, variant }: StreamIdentity,
    description: Readonly<Record<string, unknown>>,
  ): void {
    this.#streams.set(connectionId, new Map());
    this.#limits.connected.offer(() => {
      this.#logger.info('a proxy connected', {
        connection: clientText(connectionId),
        peer,
        variant,
        dialect: description['dialect'],
      });
    });
  }

  disconnected({ connectionId }: StreamIdentity, error: Error | undefined): void {
    this.#streams.delete(connectionId);
    this.#limits.disconnected.offer(() => {
      this.#logger.info('a proxy disconnected', {
        connection: clientText(connectionId),
        ...(error && { reason: shortened(error.message, longestMessage) }),
      });
    });
  }

  refused(peer: string, error: Error): void {
    this.#limits.refused.offer(() => {
      this.#logger.warn('a stream was refused', { peer, reason: shortened(error.message, longestMessage) });
    });
  }

  pushed(
    { connectionId }: StreamIdentity,
    { typeUrl, version, nonce, resources, removed, bytes, reason, queueMs, makeMs }: PushReport,
  ): void {
    if (this.#logger.debugs === false) return;
    this.#logger.debug(`sent ${shortName(typeUrl)}`, {
      connection: clientText(connectionId),
      resources,
      ...(removed > 0 && { removed }),
      bytes,
      version,
      nonce,
      reason,
      queueMs: rounded(queueMs),
      makeMs: rounded(makeMs),
    });
  }

  sent(): void {
    // Metrics tell how fast clients read.
  }

  sendTimedOut({ connectionId, peer }: StreamIdentity): void {
    this.#limits.timedOut.offer(() => {
      this.#logger.warn('a proxy did not read for too long and is disconnected', {
        connection: clientText(connectionId),
        peer,
      });
    });
  }

  acked({ connectionId }: StreamIdentity, typeUrl: string, nonce: string): void {
    if (this.#logger.debugs !== false)
      this.#logger.debug(`${shortName(typeUrl)} accepted`, { connection: clientText(connectionId), nonce });
    const refusals = this.#streams.get(connectionId);
    const refusal = refusals?.get(typeUrl);
    if (refusal === undefined) return;
    refusals?.delete(typeUrl);
    this.#limits.accepted.offer(() => {
      this.#logger.info(`${shortName(typeUrl)} accepted again`, {
        connection: clientText(connectionId),
        refusals: refusal.count,
      });
    });
  }

  nacked({ connectionId }: StreamIdentity, { typeUrl, nonce, code, message: said }: NackReport): void {
    const message = shortened(said, longestMessage);
    const refusals = this.#streams.get(connectionId);
    const known = refusals?.get(typeUrl);
    if (known?.message === message) {
      known.count += 1;
      return;
    }
    refusals?.set(typeUrl, { message, count: (known?.count ?? 0) + 1 });
    this.#limits.nacked.offer(() => {
      this.#logger.warn(`${shortName(typeUrl)} refused by the proxy`, {
        connection: clientText(connectionId),
        nonce,
        code,
        message,
      });
    });
  }

  changePushed({ reason, version, streams, concerned, responses, bytes, ms }: ChangeReport): void {
    this.#logger.info('pushed a change', {
      reason,
      version,
      streams,
      concerned,
      responses,
      bytes,
      ms: rounded(ms),
    });
  }

  converged(reason: string, ms: number): void {
    this.#logger.debug('a change was accepted by all whom it concerns', { reason, ms: rounded(ms) });
  }

  staleNonce({ connectionId }: StreamIdentity, typeUrl: string): void {
    this.#logger.debug(`a request for ${shortName(typeUrl)} named an old response`, {
      connection: clientText(connectionId),
    });
  }

  unsupportedType({ connectionId }: StreamIdentity, typeUrl: string): void {
    const name = shortName(typeUrl);
    const isNew = !this.#unsupported.has(name) && this.#unsupported.size < mostUnsupported;
    if (isNew) this.#unsupported.add(name);
    this.#logger[isNew ? 'info' : 'debug'](`${name} is not served; the request is left unanswered`, {
      connection: clientText(connectionId),
    });
  }
}

/** Tells several observers, in order. */
export function observers(...each: readonly XdsObserver[]): XdsObserver {
  return {
    received: (...args) => each.forEach((observer) => observer.received?.(...args)),
    connected: (...args) => each.forEach((observer) => observer.connected(...args)),
    disconnected: (...args) => each.forEach((observer) => observer.disconnected(...args)),
    refused: (...args) => each.forEach((observer) => observer.refused(...args)),
    pushed: (...args) => each.forEach((observer) => observer.pushed(...args)),
    sent: (...args) => each.forEach((observer) => observer.sent(...args)),
    sendTimedOut: (...args) => each.forEach((observer) => observer.sendTimedOut(...args)),
    acked: (...args) => each.forEach((observer) => observer.acked(...args)),
    nacked: (...args) => each.forEach((observer) => observer.nacked(...args)),
    changePushed: (...args) => each.forEach((observer) => observer.changePushed(...args)),
    converged: (...args) => each.forEach((observer) => observer.converged(...args)),
    staleNonce: (...args) => each.forEach((observer) => observer.staleNonce(...args)),
    unsupportedType: (...args) => each.forEach((observer) => observer.unsupportedType(...args)),
  };
}

function shortName(typeUrl: string): string {
  return typeNameOf(typeUrl)?.toUpperCase() ?? clientText(typeUrl);
}

/** A name that a client chose, as long as names usually are. */
function clientText(text: string): string {
  return shortened(text, longestName);
}

/** Milliseconds to a tenth. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
