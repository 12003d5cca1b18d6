/** The decoder of Sidecar. */
import type {
  IstioEgressListener,
  IstioIngressListener,
  OutboundTrafficPolicy,
  Sidecar,
  SidecarPort,
} from '../../kinds/networking.js';
import { list, message } from '../composites.js';
import { optional, unlessZero } from '../decoder.js';
import { enumeration, string, uint32 } from '../scalars.js';
import { portSelector, specOnly, workloadSelector } from './common.js';
import { serverTls } from './gateway.js';
import { connectionPool } from './traffic-policy.js';

const port = message<SidecarPort>({
  number: uint32,
  protocol: string,
  name: string,
  targetPort: unlessZero(uint32),
});

const captureMode = enumeration({ DEFAULT: 0, IPTABLES: 1, NONE: 2 });

const ingressListener = message<IstioIngressListener>({
  port,
  bind: string,
  captureMode,
  defaultEndpoint: string,
  connectionPool: optional(connectionPool),
  tls: optional(serverTls),
});

const egressListener = message<IstioEgressListener>({
  port: optional(port),
  bind: string,
  captureMode,
  hosts: list(string),
});

const egressProxy = message<NonNullable<OutboundTrafficPolicy['egressProxy']>>({
  host: string,
  subset: unlessZero(string),
  port: optional(portSelector),
});

export const sidecar = specOnly(
  message<Sidecar>({
    workloadSelector: optional(workloadSelector),
    ingress: list(ingressListener),
    egress: list(egressListener),
    inboundConnectionPool: optional(connectionPool),
    outboundTrafficPolicy: optional(
      message<Omit<OutboundTrafficPolicy, 'tls'>>({
        mode: enumeration({ REGISTRY_ONLY: 0, ALLOW_ANY: 1 }),
        egressProxy: optional(egressProxy),
      }),
    ),
  }),
);
