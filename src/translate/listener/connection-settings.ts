/** What `connectionSettings` of a proxy's own configuration set in a connection manager, over everything else. */
import { HeadersWithUnderscoresAction, PathWithEscapedSlashesAction } from '../../envoy/enums.js';
import type { CommonHttpProtocolOptionsShape, DurationShape } from '../../envoy/messages.js';
import { duration, uint32 } from '../../envoy/well-known.js';
import type { ConnectionManagerFields } from './connection-manager.js';
import type { ConnectionSettings } from './http-settings.js';

/** What all versions of HTTP have in common. */
export function connectionOptions(settings: ConnectionSettings): CommonHttpProtocolOptionsShape {
  const { idleTimeout, maxConnectionDuration, maxStreamDuration, headersWithUnderscores } = settings;
  return {
    ...(idleTimeout !== undefined && { idleTimeout: duration(idleTimeout) }),
    ...(maxConnectionDuration !== undefined && { maxConnectionDuration: duration(maxConnectionDuration) }),
    ...(maxStreamDuration !== undefined && { maxStreamDuration: duration(maxStreamDuration) }),
    ...(headersWithUnderscores !== undefined && {
      headersWithUnderscoresAction: HeadersWithUnderscoresAction[headersWithUnderscores],
    }),
  };
}

/** Time limits, windows of HTTP/2 and the forms of paths. */
export function connectionFields(
  settings: ConnectionSettings,
  { http2ProtocolOptions }: ConnectionManagerFields,
): ConnectionManagerFields {
  const { maxConcurrentStreams, initialStreamWindow, initialConnectionWindow } = settings;
  const windows = {
    ...(maxConcurrentStreams !== undefined && { maxConcurrentStreams: uint32(maxConcurrentStreams) }),
    ...(initialStreamWindow !== undefined && { initialStreamWindowSize: uint32(initialStreamWindow) }),
    ...(initialConnectionWindow !== undefined && {
      initialConnectionWindowSize: uint32(initialConnectionWindow),
    }),
  };
  return {
    ...limit('streamIdleTimeout', settings.streamIdleTimeout),
    ...limit('requestTimeout', settings.requestTimeout),
    ...limit('requestHeadersTimeout', settings.requestHeadersTimeout),
    ...limit('drainTimeout', settings.drainTimeout),
    ...(Object.keys(windows).length > 0 && { http2ProtocolOptions: { ...http2ProtocolOptions, ...windows } }),
    ...(settings.mergeSlashes !== undefined && { mergeSlashes: settings.mergeSlashes }),
    ...(settings.escapedSlashes !== undefined && {
      pathWithEscapedSlashesAction: PathWithEscapedSlashesAction[settings.escapedSlashes],
    }),
  };
}

type Limit = 'streamIdleTimeout' | 'requestTimeout' | 'requestHeadersTimeout' | 'drainTimeout';

function limit(name: Limit, milliseconds: number | undefined): { readonly [Name in Limit]?: DurationShape } {
  return milliseconds === undefined ? {} : { [name]: duration(milliseconds) };
}
