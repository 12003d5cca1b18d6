/** What a connection manager says of itself to clients. */
import { ServerHeaderTransformation } from '../../envoy/enums.js';
import { boolValue } from '../../envoy/well-known.js';
import type { ConnectionManagerFields } from './connection-manager.js';
import type { HttpSettings } from './http-settings.js';

/** The server's name and whether requests are given identifiers. @param name the one that Istio gives it; empty for Envoy's own */
export function serverHeaderFields(
  { server, generatesRequestIds }: Pick<HttpSettings, 'server' | 'generatesRequestIds'>,
  name: string,
): ConnectionManagerFields {
  return {
    ...(server.kind === 'passed'
      ? { serverHeaderTransformation: ServerHeaderTransformation.PASS_THROUGH }
      : { serverName: server.kind === 'named' ? server.name : name }),
    ...(!generatesRequestIds && { generateRequestId: boolValue(false) }),
  };
}
