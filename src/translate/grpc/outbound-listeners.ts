/** Listeners of gRPC clients: they listen to nothing, but name the routes to a service's port. */
import { joinHostPort } from '../../base/host-port.js';
import { compareStrings } from '../../base/compare.js';
import { packAny } from '../../envoy/any.js';
import {
  HttpConnectionManager,
  HttpFault,
  Listener,
  Router,
  type HttpFilterShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { addressForProxy, extraAddressesForProxy } from '../../mesh/addresses.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { outboundClusterName } from '../names.js';
import { faultFilter } from '../route/fault.js';
import { additionalAddresses, socketAddress } from './addresses.js';
import type { AskedHost } from './listener-names.js';

/** The last filter, without which gRPC takes no listener. */
export const routerFilter: HttpFilterShape = {
  name: 'envoy.filters.http.router',
  typedConfig: packAny(Router, {}),
};

const clientFilters: readonly HttpFilterShape[] = [
  { name: faultFilter, typedConfig: packAny(HttpFault, {}) },
  routerFilter,
];

interface OutboundListenerInput {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  /** One array for equal content. */
  readonly moreAddresses: readonly string[];
  readonly routeName: string;
}

/** A listener for each port of each service that is asked for, under each name; for all services without `asked`. */
export function* outboundListeners(
  { scope, proxy }: ProxyContext,
  memo: Memo,
  asked: ReadonlyMap<string, AskedHost> | undefined,
): Generator<EncodedResource> {
  const listeners = memo.group('grpc listeners');
  for (const service of scope.services) {
    const { hostname } = service;
    const wanted = asked === undefined ? everyPortOf(hostname) : asked.get(hostname);
    if (wanted === undefined) continue;
    const address = addressForProxy(service, proxy);
    const moreAddresses = memo.intern(extraAddressesForProxy(service, proxy));
    for (const host of [...wanted.names].sort(compareStrings)) {
      for (const { port } of service.ports) {
        if (wanted.ports !== 'all' && !wanted.ports.has(String(port))) continue;
        const name = joinHostPort(host, port);
        const routeName = outboundClusterName(port, '', hostname);
        const input: OutboundListenerInput = { name, port, address, moreAddresses, routeName };
        yield listeners.compute(name, input, encodeOutboundListener);
      }
    }
  }
}

function everyPortOf(hostname: string): AskedHost {
  return { names: new Set([hostname]), ports: 'all' };
}

function encodeOutboundListener(input: OutboundListenerInput): EncodedResource {
  const { name, port, address, moreAddresses, routeName } = input;
  const body = Listener.encode({
    name,
    address: socketAddress(address, port),
    ...additionalAddresses(moreAddresses, port),
    apiListener: {
      apiListener: packAny(HttpConnectionManager, {
        rds: { configSource: { ads: {} }, routeConfigName: routeName },
        httpFilters: clientFilters,
      }),
    },
  });
  return encodedResource(name, Listener.typeUrl, body);
}
