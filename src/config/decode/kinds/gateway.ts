/** The decoder of Istio's Gateway. */
import type { Gateway, GatewayServer, GatewayTls } from '../../kinds/networking.js';
import { list, message } from '../composites.js';
import { optional, unlessZero } from '../decoder.js';
import { boolean, enumeration, string, uint32 } from '../scalars.js';
import { labels, specOnly } from './common.js';

const protocolVersion = enumeration({ TLS_AUTO: 0, TLSV1_0: 1, TLSV1_1: 2, TLSV1_2: 3, TLSV1_3: 4 });

type TlsCertificate = NonNullable<GatewayTls['tlsCertificates']>[number];

/** `ServerTLSSettings`. */
export const serverTls = message<GatewayTls>({
  httpsRedirect: unlessZero(boolean),
  mode: enumeration({
    PASSTHROUGH: 0,
    SIMPLE: 1,
    MUTUAL: 2,
    AUTO_PASSTHROUGH: 3,
    ISTIO_MUTUAL: 4,
    OPTIONAL_MUTUAL: 5,
  }),
  serverCertificate: unlessZero(string),
  privateKey: unlessZero(string),
  caCertificates: unlessZero(string),
  caCrl: unlessZero(string),
  credentialName: unlessZero(string),
  credentialNames: unlessZero(list(string)),
  caCertCredentialName: unlessZero(string),
  insecureSkipVerify: unlessZero(boolean),
  tlsCertificates: unlessZero(
    list(
      message<TlsCertificate>({
        serverCertificate: unlessZero(string),
        privateKey: unlessZero(string),
        caCertificates: unlessZero(string),
      }),
    ),
  ),
  subjectAltNames: unlessZero(list(string)),
  verifyCertificateSpki: unlessZero(list(string)),
  verifyCertificateHash: unlessZero(list(string)),
  minProtocolVersion: unlessZero(protocolVersion),
  maxProtocolVersion: unlessZero(protocolVersion),
  cipherSuites: unlessZero(list(string)),
});

const server = message<GatewayServer>({
  port: message<GatewayServer['port']>({
    number: uint32,
    protocol: string,
    name: string,
    targetPort: unlessZero(uint32),
  }),
  bind: string,
  hosts: list(string),
  tls: optional(serverTls),
  defaultEndpoint: string,
  name: string,
});

export const gateway = specOnly(message<Gateway>({ servers: list(server), selector: labels }));
