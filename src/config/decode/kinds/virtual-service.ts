/** The decoder of VirtualService. */
import type {
  L4MatchAttributes,
  RouteDestination,
  TcpRoute,
  TlsRoute,
  VirtualService,
} from '../../kinds/virtual-service.js';
import { list, message } from '../composites.js';
import { unlessZero } from '../decoder.js';
import { int32, string, uint32 } from '../scalars.js';
import { destination, labels, specOnly } from './common.js';
import { httpRoute } from './http-route.js';

const l4Match = {
  destinationSubnets: unlessZero(list(string)),
  port: unlessZero(uint32),
  sourceLabels: unlessZero(labels),
  gateways: unlessZero(list(string)),
  sourceNamespace: unlessZero(string),
};

const route = list(message<RouteDestination>({ destination, weight: unlessZero(int32) }));

const tcpRoute = message<TcpRoute>({
  match: unlessZero(list(message<L4MatchAttributes>(l4Match, { ignored: ['sourceSubnet'] }))),
  route,
});

const tlsRoute = message<TlsRoute>({
  match: list(message<TlsRoute['match'][number]>({ sniHosts: list(string), ...l4Match })),
  route,
});

export const virtualService = specOnly(
  message<VirtualService>({
    hosts: list(string),
    gateways: list(string),
    http: list(httpRoute),
    tls: list(tlsRoute),
    tcp: list(tcpRoute),
    exportTo: list(string),
  }),
);
