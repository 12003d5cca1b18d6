/** Filters that see a connection before its filter chain is chosen (Istio reference 7.3, 7.5). */
import { packAny } from '../../envoy/any.js';
import {
  HttpInspector,
  OriginalDst,
  OriginalSrc,
  ProxyProtocol,
  TlsInspector,
  type ListenerFilterShape,
} from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';

/** Tells TLS from plain text, and reads its server name and protocols. */
export const tlsInspector: ListenerFilterShape = {
  name: 'envoy.filters.listener.tls_inspector',
  typedConfig: packAny(TlsInspector, { initialReadBufferSize: uint32(512) }),
};

/** Tells HTTP from everything else. Behind that of TLS, which it then leaves alone. */
export const httpInspector: ListenerFilterShape = {
  name: 'envoy.filters.listener.http_inspector',
  typedConfig: packAny(HttpInspector, {}),
};

/** Finds out where an intercepted connection was going. */
export const originalDestination: ListenerFilterShape = {
  name: 'envoy.filters.listener.original_dst',
  typedConfig: packAny(OriginalDst, {}),
};

/** Connects on with the client's own address. */
export const originalSource: ListenerFilterShape = {
  name: 'envoy.filters.listener.original_src',
  typedConfig: packAny(OriginalSrc, { mark: 1337 }),
};

/** Reads the client's address from what a load balancer sends first. */
export const proxyProtocol: ListenerFilterShape = {
  name: 'envoy.filters.listener.proxy_protocol',
  typedConfig: packAny(ProxyProtocol, {}),
};
