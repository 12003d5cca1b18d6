/** What the ADS server tells, as log lines for a person; and several observers as one. */
import type { Logger } from './base/logger.js';
import { typeNameOf } from './envoy/type-urls.js';
import type { NackReport, PushReport, StreamIdentity, XdsObserver } from './xds/observer.js';

/** Logs who connected, what was pushed and what was refused; one line for each, none for a resource. */
export class LoggingObserver implements XdsObserver {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  connected({ connectionId, peer }: StreamIdentity, description: Readonly<Record<string, unknown>>): void {
    this.#logger.info('a proxy connected', {
      connection: connectionId,
      peer,
      dialect: description['dialect'],
    });
  }

  disconnected({ connectionId }: StreamIdentity, error: Error | undefined): void {
    this.#logger.info('a proxy disconnected', {
      connection: connectionId,
      ...(error && { reason: error.message }),
    });
  }

  refused(peer: string, error: Error): void {
    this.#logger.warn('a stream was refused', { peer, reason: error.message });
  }

  pushed(
    { connectionId }: StreamIdentity,
    { typeUrl, version, nonce, resources, bytes, reason }: PushReport,
  ): void {
    this.#logger.info(`pushed ${shortName(typeUrl)}`, {
      connection: connectionId,
      resources,
      bytes,
      version,
      nonce,
      reason,
    });
  }

  acked({ connectionId }: StreamIdentity, typeUrl: string, nonce: string): void {
    this.#logger.debug(`${shortName(typeUrl)} accepted`, { connection: connectionId, nonce });
  }

  nacked({ connectionId }: StreamIdentity, { typeUrl, nonce, code, message }: NackReport): void {
    this.#logger.warn(`${shortName(typeUrl)} refused by the proxy`, {
      connection: connectionId,
      nonce,
      code,
      message,
    });
  }

  staleNonce({ connectionId }: StreamIdentity, typeUrl: string): void {
    this.#logger.debug(`a request for ${shortName(typeUrl)} named an old response`, {
      connection: connectionId,
    });
  }

  unsupportedType({ connectionId }: StreamIdentity, typeUrl: string): void {
    this.#logger.info(`${shortName(typeUrl)} is not served; the request is left unanswered`, {
      connection: connectionId,
    });
  }
}

/** Tells several observers, in order. */
export function observers(...each: readonly XdsObserver[]): XdsObserver {
  return {
    connected: (...args) => each.forEach((observer) => observer.connected(...args)),
    disconnected: (...args) => each.forEach((observer) => observer.disconnected(...args)),
    refused: (...args) => each.forEach((observer) => observer.refused(...args)),
    pushed: (...args) => each.forEach((observer) => observer.pushed(...args)),
    acked: (...args) => each.forEach((observer) => observer.acked(...args)),
    nacked: (...args) => each.forEach((observer) => observer.nacked(...args)),
    staleNonce: (...args) => each.forEach((observer) => observer.staleNonce(...args)),
    unsupportedType: (...args) => each.forEach((observer) => observer.unsupportedType(...args)),
  };
}

function shortName(typeUrl: string): string {
  return typeNameOf(typeUrl)?.toUpperCase() ?? typeUrl;
}
