/** The profile EDGE of `connectionSettings`: Envoy's advice for proxies that strangers connect to. */
import type { ConnectionSettings } from '../listener/http-settings.js';

const minute = 60_000;

const edge: ConnectionSettings = {
  listenerBufferLimit: 32_768,
  idleTimeout: 60 * minute,
  streamIdleTimeout: 5 * minute,
  requestTimeout: 5 * minute,
  requestHeadersTimeout: minute,
  maxConcurrentStreams: 100,
  initialStreamWindow: 65_536,
  initialConnectionWindow: 1_048_576,
  headersWithUnderscores: 'REJECT_REQUEST',
  mergeSlashes: true,
  escapedSlashes: 'UNESCAPE_AND_REDIRECT',
};

/** The settings of a router: with the profile EDGE, what they do not say has its values. */
export function edgeSettings(settings: ConnectionSettings): ConnectionSettings {
  return settings.edge === true ? { ...edge, ...settings } : settings;
}
