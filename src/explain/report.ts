/** An explanation as text for people: the answer first, then what led to it, indented. */
import type {
  ClusterExplanation,
  Explanation,
  PortExplanation,
  ProxyExplanation,
  Reason,
  RuleExplanation,
  SeenService,
  ServiceExplanation,
  Source,
} from './explanation.js';
import { endpointLines, leftOutEndpointLines } from './report-endpoints.js';
import { labelsText, sourceText } from './source.js';

/** Puts colours around text, or does not. */
export interface Paint {
  readonly title: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** No colours. */
export const noPaint: Paint = {
  title: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  faint: (text) => text,
};

/** The whole report, with a newline at its end. */
export function reportText(explanation: Explanation, paint: Paint = noPaint): string {
  const { proxy, services, refused, nearest, seen } = explanation;
  const sections = [
    answer(explanation, paint),
    nearest.length === 0 ? [] : ['', paint.title('Did you mean'), ...nearest.map((host) => `  ${host}`)],
    ['', paint.title('Proxy'), ...proxyLines(proxy)],
    services.length === 0
      ? []
      : [
          '',
          paint.title('Services of this host'),
          ...services.flatMap((service) => serviceLines(service, paint)),
        ],
    refused.length === 0
      ? []
      : [
          '',
          paint.title('Not in force'),
          ...refused.flatMap(({ source, ...reason }) => leftOutLines(source, '', reason, paint)),
        ],
    seen === undefined ? [] : seenLines(seen, paint),
  ];
  return `${sections.flat().join('\n')}\n`;
}

function answer({ host, askedAs, port, outcome, reason, proxy, seen }: Explanation, paint: Paint): string[] {
  const what = paint.title(port === undefined ? host : `${host}:${port}`);
  const asked = askedAs === undefined ? [] : [`  asked for as ${askedAs}`];
  const because = reason === undefined ? '' : `: ${reasonText(reason, paint)}`;
  switch (outcome) {
    case 'visible':
      return [`${what} ${paint.good('is served')} to ${proxy.name}: ${countText(seen)}`, ...asked];
    case 'unknown-port':
      return [`${what} ${paint.bad('has no cluster')} for ${proxy.name}${because}`, ...asked];
    case 'not-visible':
      return [`${what} ${paint.bad('is not visible')} to ${proxy.name}${because}`, ...asked];
    case 'unknown-host':
      return [`${what} ${paint.bad('is not known')} to the mesh${because}`, ...asked];
  }
}

function countText(seen: SeenService | undefined): string {
  const clusters = (seen?.ports ?? []).flatMap((port) => port.clusters);
  if (clusters.length === 0) return 'it has no clusters';
  const [first, ...others] = clusters;
  const endpoints = first === undefined ? 0 : first.endpoints.length;
  const more = others.length === 0 ? '' : `, ${others.length} more clusters`;
  return `${first?.name ?? ''} with ${endpoints} endpoint${endpoints === 1 ? '' : 's'}${more}`;
}

function proxyLines(proxy: ProxyExplanation): string[] {
  const { type, namespace, dialect, dialectBy, cluster, network, locality, localityBy, labels } = proxy;
  return [
    `  ${proxy.name}: ${type} in the namespace ${namespace}`,
    `  dialect   ${dialect}: ${dialectBy}`,
    `  cluster   ${orNone(cluster)}, network ${orNone(network)}`,
    `  locality  ${locality === '' ? '(none)' : `${locality}, by ${localityBy}`}`,
    `  labels    ${orNone(labelsText(labels))}`,
    `            from ${proxy.labelsBy}`,
    ...(proxy.sidecar === undefined ? [] : [`  sees      what ${sourceText(proxy.sidecar)} says`]),
  ];
}

function orNone(text: string): string {
  return text === '' ? '(none)' : text;
}

function serviceLines(service: ServiceExplanation, paint: Paint): string[] {
  const { sources, created, addresses, ports, resolution, state, why, reason } = service;
  const head = sources.map((source) => `${sourceText(source)} of ${source.registry ?? ''}`).join(', ');
  const facts = [
    `namespace ${service.namespace}`,
    `created ${created ?? '(unknown)'}`,
    resolution,
    ...(addresses.length > 0 ? [`at ${addresses.join(', ')}`] : []),
    `ports ${orNone(ports.join(', '))}`,
  ];
  const verdict =
    state === 'left-out'
      ? `${paint.bad('left out')}: ${reason === undefined ? '' : reasonText(reason, paint)}`
      : `${paint.good(state)}: ${why ?? ''}`;
  return [
    `  ${state === 'left-out' ? paint.bad('-') : paint.good('+')} ${head}`,
    `      ${paint.faint(facts.join(', '))}`,
    `      ${verdict}`,
  ];
}

function reasonText({ code, text }: Reason, paint: Paint): string {
  return `${text} ${paint.faint(`[${code}]`)}`;
}

function leftOutLines(source: Source, more: string, reason: Reason, paint: Paint): string[] {
  return [`  ${paint.bad('-')} ${sourceText(source)}${more}`, `      ${reasonText(reason, paint)}`];
}

function seenLines(seen: SeenService, paint: Paint): string[] {
  const { aliases, aliasOf, rule, ports, inbound, leftOut } = seen;
  return [
    ...(aliases.length === 0 ? [] : ['', `Also known as ${aliases.join(', ')}`]),
    ...(aliasOf === undefined ? [] : ['', `It stands for ${aliasOf}: ask for that host`]),
    ...ruleLines(rule, paint),
    ...ports.flatMap((port) => portLines(port, paint)),
    ...(leftOut.length === 0
      ? []
      : ['', paint.title('Endpoints that are of no cluster'), ...leftOutEndpointLines(leftOut, '  ', paint)]),
    ...(inbound.length === 0
      ? []
      : ['', paint.title('The proxy serves it itself'), ...inbound.map((name) => `  ${name}`)]),
  ];
}

function ruleLines({ inForce, why, leftOut }: RuleExplanation, paint: Paint): string[] {
  return [
    '',
    paint.title('DestinationRule'),
    ...(inForce.length === 0 ? ['  none is in force'] : []),
    ...inForce.flatMap(({ source, host, gives }, index) => [
      `  ${paint.good('+')} ${sourceText(source)} for ${host}`,
      `      ${index === 0 ? `in force: ${why ?? ''}` : 'merged into the first one'}`,
      `      gives ${gives}`,
    ]),
    ...leftOut.flatMap(({ source, host, reason }) => leftOutLines(source, ` for ${host}`, reason, paint)),
  ];
}

function portLines(explained: PortExplanation, paint: Paint): string[] {
  const { port, name, protocol, protocolBy, clusters, reason } = explained;
  const protocolText = protocol === 'UnsupportedProtocol' ? 'sniffed' : protocol;
  return [
    '',
    `${paint.title(`Port ${port}`)}${name === '' ? '' : ` (${name})`}: ${protocolText}, ${protocolBy}`,
    ...(reason === undefined ? [] : [`  ${paint.bad('no cluster')}: ${reasonText(reason, paint)}`]),
    ...carrierLines(explained),
    ...clusters.flatMap((cluster) => clusterLines(cluster, paint)),
  ];
}

/** What leads to the clusters of a port. */
function carrierLines({ clusters, listeners, routes }: PortExplanation): string[] {
  if (clusters.length === 0) return [];
  return [
    `  listeners ${orNone(listeners.join(', '))}`,
    ...(routes.length === 0 ? [] : [`  routes    ${routes.join(', ')}`]),
  ];
}

function clusterLines(cluster: ClusterExplanation, paint: Paint): string[] {
  const { name, kind, kindBy, settings, notes, tls } = cluster;
  const { sni, subjectAltNames = [] } = tls;
  return [
    `  ${paint.title(name)}`,
    `    type      ${kind}: ${kindBy}`,
    `    TLS       ${tls.mode}: ${tls.why}`,
    ...(sni === undefined ? [] : [`              SNI ${sni}`]),
    ...(subjectAltNames.length === 0 ? [] : [`              accounts ${subjectAltNames.join(', ')}`]),
    ...(settings.length === 0 ? ['    settings  all as Istio has them by default'] : ['    settings']),
    ...settings.map(
      ({ path, value, from }) => `      ${path} = ${valueText(path, value)}  ${paint.faint(`from ${from}`)}`,
    ),
    ...notes.map((note) => `      ${paint.bad('!')} ${note}`),
    ...(kind === 'dynamic-forward-proxy' ? [] : endpointLines(cluster, paint)),
  ];
}

/** Fields that are durations, which are kept in milliseconds. */
const durations: ReadonlySet<string> = new Set([
  'connectTimeout',
  'dnsRefreshRate',
  'idleTimeout',
  'maxConnectionDuration',
  'interval',
  'baseEjectionTime',
  'time',
  'timeout',
  'ttl',
  'duration',
  'warmupDurationSecs',
  'budgetInterval',
]);

function valueText(path: string, value: unknown): string {
  const field = path.split('.').at(-1) ?? path;
  if (typeof value === 'number' && durations.has(field)) return `${value / 1000}s`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
