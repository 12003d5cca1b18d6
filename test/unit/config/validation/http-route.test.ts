import { describe, expect, it } from 'vitest';
import type {
  CorsPolicy,
  Headers,
  HttpFaultInjection,
  HttpMatchRequest,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRoute,
  StringMatch,
  VirtualService,
} from '../../../../src/config/kinds/virtual-service.js';
import { headerValueProblem } from '../../../../src/config/validation/header-value.js';
import { regexProblem } from '../../../../src/config/validation/regex.js';
import { retryOnProblem } from '../../../../src/config/validation/retry-on.js';
import { validateObject } from '../../../../src/config/validation/index.js';
import { describeRules, objectOf } from './rules.js';

const route = [{ destination: { host: 'api' } }];
const base: VirtualService = {
  hosts: ['api'],
  gateways: [],
  http: [{ route }],
  tls: [],
  tcp: [],
  exportTo: [],
};

/** One rule of HTTP, which goes to `api` unless it says otherwise. */
function http(changes: HttpRoute): Partial<VirtualService> {
  return { http: [{ route, ...changes }] };
}
/** One rule of HTTP without destinations. */
function only(rule: HttpRoute): Partial<VirtualService> {
  return { http: [rule] };
}
function match(request: HttpMatchRequest): Partial<VirtualService> {
  return http({ match: [request] });
}
function header(name: string, value: StringMatch | undefined = { exact: 'a' }): Partial<VirtualService> {
  return match({ headers: { [name]: value } });
}
function headers(changed: Headers): Partial<VirtualService> {
  return http({ headers: changed });
}
function cors(corsPolicy: CorsPolicy): Partial<VirtualService> {
  return http({ corsPolicy });
}
function fault(injected: HttpFaultInjection): Partial<VirtualService> {
  return http({ fault: injected });
}
function retries(settings: HttpRetry): Partial<VirtualService> {
  return http({ retries: settings });
}
function redirect(settings: HttpRedirect, uri?: StringMatch): Partial<VirtualService> {
  return only({ redirect: settings, ...(uri === undefined ? {} : { match: [{ uri }] }) });
}
function rewrite(settings: HttpRewrite): Partial<VirtualService> {
  return http({ rewrite: settings });
}
function answer(
  status: number,
  body?: { readonly string?: string; readonly bytes?: string },
): Partial<VirtualService> {
  return only({ directResponse: { status, ...(body === undefined ? {} : { body }) } });
}

const at = 'spec.http[0]';
const kilobyte = 'x'.repeat(1024);

describeRules('VirtualService', base, [
  { rule: 'a route does nothing', broken: only({}), finds: [`error ${at}`], fine: only({ route }) },
  {
    rule: 'a route goes on and redirects',
    broken: http({ redirect: { uri: '/b' } }),
    finds: [`error ${at}.route`],
    fine: only({ redirect: { uri: '/b' } }),
  },
  {
    rule: 'a redirect has a fault, a rewrite and an answer',
    broken: only({
      redirect: { uri: '/b' },
      fault: { abort: { httpStatus: 500 } },
      rewrite: { uri: '/c' },
      directResponse: { status: 200 },
    }),
    finds: [`error ${at}.directResponse`, `error ${at}.fault`, `error ${at}.rewrite`],
    fine: only({ redirect: { uri: '/b' } }),
  },
  {
    rule: 'an answer has destinations, a fault and a rewrite',
    broken: http({
      directResponse: { status: 200 },
      fault: { abort: { httpStatus: 500 } },
      rewrite: { uri: '/c' },
    }),
    finds: [`error ${at}.fault`, `error ${at}.rewrite`, `error ${at}.route`],
    fine: answer(200),
  },
  {
    rule: 'a route that delegates redirects',
    broken: only({ delegate: { name: 'a' }, redirect: { uri: '/b' } }),
    finds: [`error ${at}.redirect`],
    fine: only({ delegate: { name: 'a' } }),
  },
  {
    rule: 'a route that delegates goes on',
    broken: only({ delegate: { name: 'a' }, route }),
    finds: [`error ${at}.route`],
    fine: only({ delegate: { name: 'a' }, route: [] }),
  },
  {
    rule: 'there are both mirror and mirrors',
    broken: http({ mirror: { host: 'a' }, mirrors: [{ destination: { host: 'b' } }] }),
    finds: [`error ${at}.mirrors`],
    fine: http({ mirror: { host: 'a' }, mirrors: [] }),
  },
  {
    rule: 'a destination is missing',
    broken: only({ route: [{}] }),
    finds: [`error ${at}.route[0].destination`],
    fine: only({ route }),
  },
  {
    rule: 'the host of a destination is none',
    broken: only({ route: [{ destination: { host: 'a_b' } }] }),
    finds: [`error ${at}.route[0].destination.host`],
    fine: only({ route }),
  },
  {
    rule: 'a timeout is too short',
    broken: http({ timeout: 0 }),
    finds: [`error ${at}.timeout`],
    fine: http({ timeout: 1 }),
  },

  {
    rule: 'the name of a matched header is empty',
    broken: header(''),
    finds: [`error ${at}.match[0].headers[]`],
    fine: header(':path'),
  },
  {
    rule: 'the name of a matched header is none',
    broken: header('x y'),
    finds: [`error ${at}.match[0].headers[x y]`],
    says: '"x y"',
    fine: header('x,y'),
  },
  {
    rule: 'a pseudo header does not exist',
    broken: header(':host'),
    finds: [`error ${at}.match[0].headers[:host]`],
    fine: header(':authority'),
  },
  {
    rule: 'a claim has no name',
    broken: header('@request.auth.claims.'),
    finds: [`error ${at}.match[0].headers[@request.auth.claims.]`],
    fine: header('request.auth.claims.'),
  },
  {
    rule: 'a claim in brackets has no name',
    broken: header('@request.auth.claims[]'),
    finds: [`error ${at}.match[0].headers[@request.auth.claims[]]`],
    fine: header('claims'),
  },
  {
    rule: 'a header is matched by an empty prefix',
    broken: header('x', { prefix: '' }),
    finds: [`error ${at}.match[0].headers.x`],
    fine: header('x', undefined),
  },
  {
    rule: 'a header is matched by an empty regex',
    broken: header('x', { regex: '' }),
    finds: [`error ${at}.match[0].headers.x`],
    fine: header('x', { exact: '' }),
  },
  {
    rule: 'a header is matched by "*"',
    broken: header('x', { regex: '*' }),
    finds: [`error ${at}.match[0].headers.x`],
    fine: match({ withoutHeaders: { x: { regex: '*' } } }),
  },
  {
    rule: 'an absent header is wrong',
    broken: match({ withoutHeaders: { 'a b': undefined, x: { regex: '(' } } }),
    finds: [`error ${at}.match[0].withoutHeaders[a b]`, `error ${at}.match[0].withoutHeaders.x`],
    fine: match({ withoutHeaders: { x: { regex: '()' } } }),
  },
  {
    rule: 'the regex of a path is empty',
    broken: match({ uri: { regex: '' } }),
    finds: [`error ${at}.match[0].uri`],
    fine: match({ uri: { prefix: '' } }),
  },
  {
    rule: 'a request is matched by empty prefixes',
    broken: match({
      scheme: { prefix: '' },
      method: { prefix: '' },
      authority: { prefix: '' },
      queryParams: { q: { prefix: '' } },
    }),
    finds: [
      `error ${at}.match[0].authority`,
      `error ${at}.match[0].method`,
      `error ${at}.match[0].queryParams.q`,
      `error ${at}.match[0].scheme`,
    ],
    fine: match({
      scheme: { exact: '' },
      method: { prefix: 'G' },
      authority: { regex: '.*' },
      queryParams: { q: { exact: '' } },
    }),
  },
  {
    rule: 'a regex is not RE2',
    broken: match({ uri: { regex: '(?=a)' } }),
    finds: [`error ${at}.match[0].uri`],
    says: /"\(\?=a\)" is not RE2 syntax/,
    fine: match({ uri: { regex: '(?i:a)' } }),
  },
  {
    rule: 'a regex has more than 1024 bytes',
    broken: match({ uri: { regex: `${'é'.repeat(512)}a` } }),
    finds: [`error ${at}.match[0].uri`],
    says: '1025 bytes',
    fine: match({ uri: { regex: 'é'.repeat(512) } }),
  },
  {
    rule: 'a matched port is out of range',
    broken: match({ port: 65536 }),
    finds: [`error ${at}.match[0].port`],
    fine: match({ port: 65535 }),
  },
  {
    rule: 'labels of a source are none',
    broken: match({ sourceLabels: { app: 'a b' } }),
    finds: [`error ${at}.match[0].sourceLabels.app`],
    fine: match({ sourceLabels: { app: 'a' } }),
  },
  {
    rule: 'a gateway of a match is wrong',
    broken: match({ gateways: ['infra/a.b'] }),
    finds: [`error ${at}.match[0].gateways[0]`],
    fine: match({ gateways: ['a.infra'] }),
  },
  {
    rule: 'the namespace of a source is not a label',
    broken: match({ sourceNamespace: 'a.b' }),
    finds: [`error ${at}.match[0].sourceNamespace`],
    fine: match({ sourceNamespace: '' }),
  },

  {
    rule: 'headers without a name are changed',
    broken: headers({
      request: { set: { '': 'a' }, add: { '': 'a' }, remove: [''] },
      response: { set: { '': 'a' }, add: { '': 'a' }, remove: [''] },
    }),
    finds: [
      'request.add[]',
      'request.remove[0]',
      'request.set[]',
      'response.add[]',
      'response.remove[0]',
      'response.set[]',
    ].map((path) => `error ${at}.headers.${path}`),
    fine: headers({
      request: { set: { a: '' }, add: { a: '' }, remove: ['a'] },
      response: { set: { a: '' }, add: { a: '' }, remove: ['a'] },
    }),
  },
  {
    rule: 'a pseudo header is set',
    broken: headers({ request: { set: { ':path': '/' } } }),
    finds: [`error ${at}.headers.request.set[:path]`],
    fine: headers({ request: { set: { ':authority': 'a' } } }),
  },
  {
    rule: 'the authority is removed or changed in an answer',
    broken: headers({
      request: { remove: ['Host'] },
      response: { set: { host: 'a' }, add: { ':authority': 'a' }, remove: ['HOST'] },
    }),
    finds: [
      `error ${at}.headers.request.remove[0]`,
      `error ${at}.headers.response.add[:authority]`,
      `error ${at}.headers.response.remove[0]`,
      `error ${at}.headers.response.set.host`,
    ],
    fine: headers({ request: { set: { Host: 'a' } } }),
  },
  {
    rule: 'the value of a header has an open variable',
    broken: headers({ response: { set: { a: '100%' } } }),
    finds: [`error ${at}.headers.response.set.a`],
    fine: headers({ response: { set: { a: '100%%' } } }),
  },
  {
    rule: 'headers of a destination are wrong',
    broken: only({
      route: [
        {
          destination: { host: 'api' },
          headers: { request: { add: { ':path': '/' } }, response: { set: { a: '%' } } },
        },
      ],
    }),
    finds: [`error ${at}.route[0].headers.request.add[:path]`, `error ${at}.route[0].headers.response.set.a`],
    fine: only({ route: [{ destination: { host: 'api' }, headers: { request: { add: { path: '/' } } } }] }),
  },
  {
    rule: 'the authority is set and rewritten',
    broken: http({ rewrite: { authority: 'a' }, headers: { request: { set: { host: 'b' } } } }),
    finds: [`error ${at}.headers.request`],
    says: 'rewrite.authority, header "host"',
    fine: http({ rewrite: { uri: '/a' }, headers: { request: { set: { host: 'b' } } } }),
  },
  {
    rule: 'the authority is set and added',
    broken: headers({ request: { set: { Host: 'a' }, add: { ':authority': 'a' } } }),
    finds: [`error ${at}.headers.request`],
    fine: headers({ request: { add: { ':authority': 'a' } } }),
  },

  {
    rule: 'an origin is empty',
    broken: cors({ allowOrigins: [{ exact: 'a' }, { prefix: '' }] }),
    finds: [`error ${at}.corsPolicy.allowOrigins[1]`],
    fine: cors({ allowOrigins: [{ prefix: 'a' }] }),
  },
  {
    rule: 'an origin is an empty regex',
    broken: cors({ allowOrigins: [{ regex: '' }] }),
    finds: [`error ${at}.corsPolicy.allowOrigins[0]`],
    fine: cors({ allowOrigins: [{ regex: '.*' }] }),
  },
  {
    rule: 'the regex of an origin is not RE2',
    broken: cors({ allowOrigins: [{ regex: '[a' }] }),
    finds: [`error ${at}.corsPolicy.allowOrigins[0]`],
    fine: cors({ allowOrigins: [{ exact: '[a' }] }),
  },
  {
    rule: 'a method does not exist',
    broken: cors({ allowMethods: ['GET', 'get'] }),
    finds: [`error ${at}.corsPolicy.allowMethods[1]`],
    says: '"get"',
    fine: cors({
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'],
    }),
  },
  {
    rule: 'headers of CORS have no names',
    broken: cors({ allowHeaders: [''], exposeHeaders: ['a b'] }),
    finds: [`error ${at}.corsPolicy.allowHeaders[0]`, `error ${at}.corsPolicy.exposeHeaders[0]`],
    fine: cors({ allowHeaders: ['*'], exposeHeaders: ['a'] }),
  },
  {
    rule: 'the age of CORS is not in seconds',
    broken: cors({ maxAge: 1500 }),
    finds: [`error ${at}.corsPolicy.maxAge`],
    fine: cors({ maxAge: 2000 }),
  },
  {
    rule: 'the age of CORS is nothing',
    broken: cors({ maxAge: 0 }),
    finds: [`error ${at}.corsPolicy.maxAge`],
    fine: cors({ maxAge: 1000 }),
  },

  {
    rule: 'a fault does nothing',
    broken: fault({}),
    finds: [`error ${at}.fault`],
    fine: fault({ abort: {} }),
  },
  {
    rule: 'a status is below 200',
    broken: fault({ abort: { httpStatus: 199 } }),
    finds: [`error ${at}.fault.abort.httpStatus`],
    fine: fault({ abort: { httpStatus: 200 } }),
  },
  {
    rule: 'a status is above 600',
    broken: fault({ abort: { httpStatus: 601 } }),
    finds: [`error ${at}.fault.abort.httpStatus`],
    fine: fault({ abort: { httpStatus: 600 } }),
  },
  {
    rule: 'a gRPC status does not exist',
    broken: fault({ abort: { grpcStatus: '5' } }),
    finds: [`error ${at}.fault.abort.grpcStatus`],
    says: '"5"',
    fine: fault({ abort: { grpcStatus: 'NOT_FOUND' } }),
  },
  {
    rule: 'an abort of HTTP/2 is asked for',
    broken: fault({ abort: { http2Error: 'REFUSED_STREAM' } }),
    finds: [`error ${at}.fault.abort.http2Error`],
    fine: fault({ abort: { httpStatus: 503 } }),
  },
  {
    rule: 'shares of faults are out of range',
    broken: fault({
      abort: { httpStatus: 500, percentage: 0.00001 },
      delay: { fixedDelay: 1, percentage: 101 },
    }),
    finds: [`error ${at}.fault.abort.percentage`, `error ${at}.fault.delay.percentage`],
    fine: fault({ abort: { httpStatus: 500, percentage: 0.0001 }, delay: { fixedDelay: 1, percentage: 0 } }),
  },
  {
    rule: 'a share of faults is negative',
    broken: fault({ delay: { percentage: -1 } }),
    finds: [`error ${at}.fault.delay.percentage`],
    fine: fault({ delay: { percentage: 100 } }),
  },
  {
    rule: 'a delay is too short',
    broken: fault({ delay: { fixedDelay: 0 } }),
    finds: [`error ${at}.fault.delay.fixedDelay`],
    fine: fault({ delay: {} }),
  },
  {
    rule: 'a delay grows',
    broken: fault({ delay: { exponentialDelay: 1 } }),
    finds: [`error ${at}.fault.delay.exponentialDelay`],
    fine: fault({ delay: { fixedDelay: 1 } }),
  },

  {
    rule: 'the status of an answer is 0',
    broken: answer(0),
    finds: [`error ${at}.directResponse.status`],
    fine: answer(204),
  },
  {
    rule: 'an answer is larger than a megabyte',
    broken: answer(200, { string: `${kilobyte.repeat(1024)}x` }),
    finds: [`error ${at}.directResponse.body`],
    says: '1048577 bytes',
    fine: answer(200, { string: kilobyte.repeat(100) }),
  },
  {
    rule: 'an answer is a megabyte large',
    broken: answer(200, { string: kilobyte.repeat(1024) }),
    finds: [`warning ${at}.directResponse.body`],
    fine: answer(200, { string: kilobyte.repeat(100) }),
  },
  {
    rule: 'an answer is larger than 100 kilobytes',
    broken: answer(200, { string: `${kilobyte.repeat(100)}x` }),
    finds: [`warning ${at}.directResponse.body`],
    fine: answer(200, { string: '' }),
  },
  {
    rule: 'the bytes of an answer are more than 100 kilobytes',
    broken: answer(200, { bytes: Buffer.alloc(102_401).toString('base64') }),
    finds: [`warning ${at}.directResponse.body`],
    says: '102401 bytes',
    fine: answer(200, { bytes: Buffer.alloc(102_400).toString('base64') }),
  },

  {
    rule: 'a redirect has two paths',
    broken: redirect({ uri: '/a', prefixRewrite: '/b' }),
    finds: [`error ${at}.redirect`],
    fine: redirect({ prefixRewrite: '/b' }),
  },
  {
    rule: 'a redirect rewrites the prefix of an exact path',
    broken: redirect({ prefixRewrite: '/b' }, { exact: '/a' }),
    finds: [`error ${at}.redirect.prefixRewrite`],
    fine: redirect({ prefixRewrite: '/b' }, { prefix: '/a' }),
  },
  {
    rule: 'a redirect changes nothing',
    broken: redirect({ redirectCode: 301 }),
    finds: [`error ${at}.redirect`],
    fine: redirect({ derivePort: 'FROM_REQUEST_PORT' }),
  },
  {
    rule: 'the code of a redirect is above 399',
    broken: redirect({ uri: '/a', redirectCode: 400 }),
    finds: [`error ${at}.redirect.redirectCode`],
    says: '300..399',
    fine: redirect({ uri: '/a', redirectCode: 399 }),
  },
  {
    rule: 'the code of a redirect is below 300',
    broken: redirect({ uri: '/a', redirectCode: 299 }),
    finds: [`error ${at}.redirect.redirectCode`],
    fine: redirect({ uri: '/a', redirectCode: 300 }),
  },
  {
    rule: 'a scheme does not exist',
    broken: redirect({ scheme: 'HTTP' }),
    finds: [`error ${at}.redirect.scheme`],
    fine: redirect({ scheme: 'http' }),
  },
  {
    rule: 'a redirect goes to a port out of range',
    broken: redirect({ port: 65536 }),
    finds: [`error ${at}.redirect.port`],
    fine: redirect({ port: 0, authority: 'a' }),
  },

  {
    rule: 'a rewrite has two paths',
    broken: rewrite({ uri: '/a', uriRegexRewrite: { match: 'a', rewrite: 'b' } }),
    finds: [`error ${at}.rewrite`],
    fine: rewrite({ uri: '/a', authority: 'a' }),
  },
  {
    rule: 'a rewrite changes nothing',
    broken: rewrite({}),
    finds: [`error ${at}.rewrite`],
    fine: rewrite({ authority: 'a' }),
  },
  {
    rule: 'a rewrite by regex is incomplete',
    broken: rewrite({ uriRegexRewrite: { match: 'a', rewrite: '' } }),
    finds: [`error ${at}.rewrite.uriRegexRewrite`],
    fine: rewrite({ uriRegexRewrite: { match: 'a', rewrite: 'b' } }),
  },
  {
    rule: 'the regex of a rewrite is not RE2',
    broken: rewrite({ uriRegexRewrite: { match: '(', rewrite: 'b' } }),
    finds: [`error ${at}.rewrite.uriRegexRewrite.match`],
    fine: rewrite({ uriRegexRewrite: { match: '()', rewrite: '\\1' } }),
  },

  {
    rule: 'attempts are negative',
    broken: retries({ attempts: -1 }),
    finds: [`error ${at}.retries.attempts`],
    fine: retries({ attempts: 0 }),
  },
  {
    rule: 'no attempts have a timeout',
    broken: retries({ perTryTimeout: 1 }),
    finds: [`error ${at}.retries.attempts`],
    fine: retries({ attempts: 1, perTryTimeout: 1 }),
  },
  {
    rule: 'no attempts have conditions',
    broken: retries({ retryOn: '5xx' }),
    finds: [`error ${at}.retries.attempts`],
    fine: retries({ retryIgnorePreviousHosts: true }),
  },
  {
    rule: 'no attempts go to other localities',
    broken: retries({ retryRemoteLocalities: false }),
    finds: [`error ${at}.retries.attempts`],
    fine: retries({ backoff: 1 }),
  },
  {
    rule: 'times of retries are too short',
    broken: retries({ attempts: 1, perTryTimeout: 0, backoff: 0 }),
    finds: [`error ${at}.retries.backoff`, `error ${at}.retries.perTryTimeout`],
    fine: retries({ attempts: 1, perTryTimeout: 1, backoff: 1 }),
  },
  {
    rule: 'a condition of retries does not exist',
    broken: retries({ attempts: 1, retryOn: '5xx, reset' }),
    finds: [`error ${at}.retries.retryOn`],
    says: '" reset"',
    fine: retries({ attempts: 1, retryOn: '5xx,reset' }),
  },
  {
    rule: 'a status to retry on does not exist',
    broken: retries({ attempts: 1, retryOn: '509' }),
    finds: [`error ${at}.retries.retryOn`],
    fine: retries({ attempts: 1, retryOn: '503,unavailable' }),
  },

  {
    rule: 'mirrorPercent is used',
    broken: http({ mirrorPercent: 100 }),
    finds: [`warning ${at}.mirrorPercent`],
    fine: http({ mirrorPercentage: 100 }),
  },
  {
    rule: 'mirrorPercent is above 100',
    broken: http({ mirrorPercent: 101 }),
    finds: [`error ${at}.mirrorPercent`, `warning ${at}.mirrorPercent`],
    fine: http({}),
  },
  {
    rule: 'more than all is mirrored',
    broken: http({ mirrorPercentage: 100.1 }),
    finds: [`error ${at}.mirrorPercentage`],
    fine: http({ mirrorPercentage: 0.5 }),
  },
  {
    rule: 'less than nothing is mirrored',
    broken: http({ mirrors: [{ destination: { host: 'a' }, percentage: -1 }] }),
    finds: [`error ${at}.mirrors[0].percentage`],
    fine: http({ mirrors: [{ destination: { host: 'a' }, percentage: 0 }] }),
  },
  {
    rule: 'a mirror has no destination',
    broken: http({ mirrors: [{}] }),
    finds: [`error ${at}.mirrors[0].destination`],
    fine: http({ mirrors: [{ destination: { host: 'a' } }] }),
  },
  {
    rule: 'the hosts of mirrors are none',
    broken: http({ mirrors: [{ destination: { host: '*' } }] }),
    finds: [`error ${at}.mirrors[0].destination.host`],
    fine: http({ mirrors: [{ destination: { host: '*.a' } }] }),
  },
  {
    rule: 'the host of a mirror is none',
    broken: http({ mirror: { host: '' } }),
    finds: [`error ${at}.mirror.host`],
    fine: http({ mirror: { host: 'a' } }),
  },
]);

describe('what Envoy can retry on', () => {
  it.each([
    '5xx',
    'gateway-error',
    'reset',
    'reset-before-request',
    'connect-failure',
    'retriable-4xx',
    'refused-stream',
    'retriable-status-codes',
    'retriable-headers',
    'envoy-ratelimited',
    'http3-post-connect-failure',
    'cancelled',
    'deadline-exceeded',
    'internal',
    'resource-exhausted',
    'unavailable',
    '100',
    '208',
    '226',
    '418',
    '511',
    '+503',
  ])('can be %s', (condition) => {
    expect(retryOnProblem(condition)).toBeUndefined();
  });

  it.each(['99', '209', '306', '419', '430', '509', '512', '5.03', '-503', '503 ', 'never'])(
    'cannot be %s',
    (condition) => {
      expect(retryOnProblem(`5xx,${condition}`)).toContain(`"${condition}"`);
    },
  );
});

describe('a gRPC status of a fault', () => {
  it.each([
    'OK',
    'CANCELLED',
    'UNKNOWN',
    'INVALID_ARGUMENT',
    'DEADLINE_EXCEEDED',
    'NOT_FOUND',
    'ALREADY_EXISTS',
    'PERMISSION_DENIED',
    'RESOURCE_EXHAUSTED',
    'FAILED_PRECONDITION',
    'ABORTED',
    'OUT_OF_RANGE',
    'UNIMPLEMENTED',
    'INTERNAL',
    'UNAVAILABLE',
    'DATA_LOSS',
    'UNAUTHENTICATED',
  ])('can be %s', (grpcStatus) => {
    const spec: VirtualService = { ...base, ...fault({ abort: { grpcStatus } }) };
    expect(validateObject(objectOf('VirtualService', spec))).toEqual([]);
  });
});

describe('the value of a header', () => {
  it.each([
    '',
    'text',
    'a\tb',
    '100%%',
    '%HOSTNAME%',
    'before %REQ(x-a)% after',
    '%DYNAMIC_METADATA(["a", "b" , "c"])%',
    '%A(["b"] ) %',
    '%A( b)%',
    '%A(["\\"]"])%',
    '%A%%B%',
  ])('can be %j', (value) => {
    expect(headerValueProblem(value)).toBeUndefined();
  });

  it.each([
    ['a\nb', 'control characters'],
    ['a\u007f', 'control characters'],
    ['%', 'ends in a single "%"'],
    ['100% sure', 'without an end'],
    ['%A(b', 'without an end'],
    ['%A(b)', 'without an end'],
    ['%A(b)c%', 'unexpected "c" at 5'],
    ['%A([b])%', 'unexpected "b" at 4'],
    ['%A(["b" "c"])%', 'unexpected "\\"" at 8'],
    ['%A(["b"]x)%', 'unexpected "x" at 8'],
    ['%A(b\\', 'backslash'],
    ['%%%', 'ends in a single "%"'],
  ])('cannot be %j', (value, reason) => {
    expect(headerValueProblem(value)).toContain(reason);
  });
});

describe('a regex', () => {
  it.each([
    'a',
    '.*',
    '\\pN+',
    '(?P<year>\\d{4})',
    '(?<year>\\d{4})',
    '\\Qa.b\\E',
    '[[:alpha:]]',
    '\\z',
    'a{1000}',
  ])('can be %s', (regex) => {
    expect(regexProblem(regex)).toBeUndefined();
  });

  it.each([
    'a**',
    '(',
    'a)',
    '[z-a]',
    '\\1',
    '(?!a)',
    '(?<=a)',
    '\\p{Nope}',
    'a{1001}',
    '\\Z',
    '(?P=a)',
    '\\',
  ])('cannot be %s', (regex) => {
    expect(regexProblem(regex)).toContain('is not RE2 syntax');
  });
});
