/** Decoders of the HTTP routes of a VirtualService. */
import type {
  CorsPolicy,
  HeaderOperations,
  Headers,
  HttpFaultInjection,
  HttpMatchRequest,
  HttpMirrorPolicy,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRoute,
  HttpRouteDestination,
  StringMatch,
} from '../../kinds/virtual-service.js';
import { list, map, message } from '../composites.js';
import { mapped, optional, unlessZero, type Decoder } from '../decoder.js';
import { base64, boolean, duration, enumeration, int32, string, uint32 } from '../scalars.js';
import { destination, labels, percent, stringMatch } from './common.js';

const stringMatches: Decoder<Readonly<Record<string, StringMatch | undefined>>> = map(stringMatch);

const headerOperations = message<HeaderOperations>({
  set: unlessZero(labels),
  add: unlessZero(labels),
  remove: unlessZero(list(string)),
});

const headers = message<Headers>({
  request: optional(headerOperations),
  response: optional(headerOperations),
});

const match = message<HttpMatchRequest>({
  name: unlessZero(string),
  uri: optional(stringMatch),
  scheme: optional(stringMatch),
  method: optional(stringMatch),
  authority: optional(stringMatch),
  headers: unlessZero(stringMatches),
  port: unlessZero(uint32),
  sourceLabels: unlessZero(labels),
  gateways: unlessZero(list(string)),
  queryParams: unlessZero(stringMatches),
  ignoreUriCase: unlessZero(boolean),
  withoutHeaders: unlessZero(stringMatches),
  sourceNamespace: unlessZero(string),
  statPrefix: unlessZero(string),
});

const routeDestination = message<HttpRouteDestination>({
  destination: optional(destination),
  weight: unlessZero(int32),
  headers: optional(headers),
});

const redirect = message<HttpRedirect>(
  {
    uri: unlessZero(string),
    prefixRewrite: unlessZero(string),
    authority: unlessZero(string),
    port: optional(uint32),
    derivePort: optional(enumeration({ FROM_PROTOCOL_DEFAULT: 0, FROM_REQUEST_PORT: 1 })),
    scheme: unlessZero(string),
    redirectCode: unlessZero(uint32),
  },
  { oneofs: [['port', 'derivePort']] },
);

const rewrite = message<HttpRewrite>({
  uri: unlessZero(string),
  authority: unlessZero(string),
  uriRegexRewrite: optional(
    message<{ readonly match: string; readonly rewrite: string }>({ match: string, rewrite: string }),
  ),
});

/** `HTTPRetry`. */
export const httpRetry = message<HttpRetry>({
  attempts: unlessZero(int32),
  perTryTimeout: optional(duration),
  retryOn: unlessZero(string),
  retryRemoteLocalities: optional(boolean),
  retryIgnorePreviousHosts: optional(boolean),
  backoff: optional(duration),
});

type Delay = NonNullable<HttpFaultInjection['delay']>;
type Abort = NonNullable<HttpFaultInjection['abort']>;

const fault = message<HttpFaultInjection>({
  delay: optional(
    message<Delay>(
      {
        percent: unlessZero(int32),
        percentage: optional(percent),
        fixedDelay: optional(duration),
        exponentialDelay: optional(duration),
      },
      { oneofs: [['fixedDelay', 'exponentialDelay']] },
    ),
  ),
  abort: optional(
    message<Abort>(
      {
        percentage: optional(percent),
        httpStatus: optional(int32),
        grpcStatus: optional(string),
        http2Error: optional(string),
      },
      { oneofs: [['httpStatus', 'grpcStatus', 'http2Error']] },
    ),
  ),
});

const mirror = message<HttpMirrorPolicy>({
  destination: optional(destination),
  percentage: optional(percent),
});

/** A way of matching that is left empty matches nothing, so it is left out. */
const allowOrigins: Decoder<readonly StringMatch[]> = mapped(list(stringMatch), (matches) =>
  matches.filter((origin) => origin !== undefined),
);

const corsPolicy = message<CorsPolicy>({
  allowOrigin: unlessZero(list(string)),
  allowOrigins: unlessZero(allowOrigins),
  allowMethods: unlessZero(list(string)),
  allowHeaders: unlessZero(list(string)),
  exposeHeaders: unlessZero(list(string)),
  maxAge: optional(duration),
  allowCredentials: optional(boolean),
  unmatchedPreflights: unlessZero(enumeration({ UNSPECIFIED: 0, FORWARD: 1, IGNORE: 2 })),
});

type DirectResponse = NonNullable<HttpRoute['directResponse']>;

const directResponse = message<DirectResponse>({
  status: uint32,
  body: optional(
    message<NonNullable<DirectResponse['body']>>(
      { string: optional(string), bytes: optional(base64) },
      { oneofs: [['string', 'bytes']] },
    ),
  ),
});

/** `HTTPRoute`. */
export const httpRoute = message<HttpRoute>({
  name: unlessZero(string),
  match: unlessZero(list(match)),
  route: unlessZero(list(routeDestination)),
  redirect: optional(redirect),
  directResponse: optional(directResponse),
  delegate: optional(
    message<NonNullable<HttpRoute['delegate']>>({ name: string, namespace: unlessZero(string) }),
  ),
  rewrite: optional(rewrite),
  timeout: optional(duration),
  retries: optional(httpRetry),
  fault: optional(fault),
  mirror: optional(destination),
  mirrors: unlessZero(list(mirror)),
  mirrorPercent: optional(uint32),
  mirrorPercentage: optional(percent),
  corsPolicy: optional(corsPolicy),
  headers: optional(headers),
});
