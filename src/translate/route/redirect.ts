/** Routes that answer by themselves: redirects and direct responses (Istio reference 7.7). */
import type { HttpRedirect, HttpRoute } from '../../config/kinds/virtual-service.js';
import { RedirectResponseCode } from '../../envoy/enums.js';
import type { RouteShape } from '../../envoy/messages.js';

type RedirectActionShape = NonNullable<RouteShape['redirect']>;
type DirectResponseActionShape = NonNullable<RouteShape['directResponse']>;

const responseCodes: ReadonlyMap<number, RedirectResponseCode> = new Map([
  [0, RedirectResponseCode.MOVED_PERMANENTLY],
  [301, RedirectResponseCode.MOVED_PERMANENTLY],
  [302, RedirectResponseCode.FOUND],
  [303, RedirectResponseCode.SEE_OTHER],
  [307, RedirectResponseCode.TEMPORARY_REDIRECT],
  [308, RedirectResponseCode.PERMANENT_REDIRECT],
]);

/** Where requests arrive. */
export interface RedirectedListener {
  readonly listenerPort: number;
  /** It terminates TLS. */
  readonly isTls: boolean;
}

/** The redirect; undefined for a status that Envoy has no redirect of, so that the route does nothing. */
export function redirectAction(
  redirect: HttpRedirect,
  listener: RedirectedListener,
): RedirectActionShape | undefined {
  const { authority = '', uri = '', prefixRewrite = '', scheme = '', redirectCode = 0 } = redirect;
  const responseCode = responseCodes.get(redirectCode);
  if (responseCode === undefined) return undefined;
  return {
    hostRedirect: authority,
    ...(prefixRewrite === '' ? { pathRedirect: uri } : { prefixRewrite }),
    ...(scheme !== '' && { schemeRedirect: scheme }),
    portRedirect: portOf(redirect, listener),
    responseCode,
  };
}

/** The port that goes without saying for the scheme is not said; 0 says none. */
function portOf({ port, derivePort, scheme = '' }: HttpRedirect, listener: RedirectedListener): number {
  const derived = derivePort === 'FROM_REQUEST_PORT' ? listener.listenerPort : 0;
  const number = port ?? derived;
  const usual = (scheme || (listener.isTls ? 'https' : 'http')) === 'https' ? 443 : 80;
  return number === usual ? 0 : number;
}

/** The answer of a route that sends requests nowhere. */
export function directResponseAction({
  status,
  body,
}: NonNullable<HttpRoute['directResponse']>): DirectResponseActionShape {
  if (body?.string !== undefined) return { status, body: { inlineString: body.string } };
  if (body?.bytes === undefined) return { status };
  return { status, body: { inlineBytes: Buffer.from(body.bytes, 'base64') } };
}
