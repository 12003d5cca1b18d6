/** The endpoints of a cluster as lines of text. */
import { aligned } from '../base/aligned.js';
import type {
  ClusterExplanation,
  EndpointExplanation,
  LeftOutEndpoint,
  TlsExplanation,
} from './explanation.js';
import type { Paint } from './report.js';
import { sourceText } from './source.js';

/** Endpoints that are served, as a table, and those that are not, each with its reason. */
export function endpointLines(cluster: ClusterExplanation, paint: Paint): string[] {
  const { endpoints, leftOut } = cluster;
  const missing = leftOut.length === 0 ? '' : `, ${leftOut.length} left out`;
  return [
    `    endpoints ${endpoints.length === 0 ? 'none' : endpoints.length}${missing}`,
    ...(endpoints.length === 0 ? [] : servedLines(cluster, paint)),
    ...leftOutEndpointLines(leftOut, '      ', paint),
  ];
}

/** Endpoints that are not served. */
export function leftOutEndpointLines(
  leftOut: readonly LeftOutEndpoint[],
  indent: string,
  paint: Paint,
): string[] {
  return leftOut.flatMap(({ address, workload, source, reason }) => {
    const parts = [address, workload ?? '', sourceText(source)].filter((text) => text !== '');
    return [
      `${indent}${paint.bad('-')} ${parts.join('  ')}`,
      `${indent}    ${reason.text} ${paint.faint(`[${reason.code}]`)}`,
    ];
  });
}

const headings = ['ADDRESS', 'HEALTH', 'LOCALITY', 'WEIGHT', 'PRIORITY', 'TLS', 'WORKLOAD', 'FROM'];

function servedLines({ endpoints, tls }: ClusterExplanation, paint: Paint): string[] {
  const rows = endpoints.map((endpoint) => [
    endpoint.address,
    endpoint.health ?? 'gateway',
    endpoint.locality === '' ? '(none)' : endpoint.locality,
    `${endpoint.weight}`,
    `${endpoint.priority}`,
    tlsText(tls.mode, endpoint),
    endpoint.workload ?? (endpoint.source === undefined ? '' : '(unknown)'),
    endpoint.source === undefined ? '' : sourceText(endpoint.source),
  ]);
  const [heading = '', ...lines] = aligned([headings, ...rows]);
  return [
    `        ${paint.faint(heading)}`,
    ...endpoints.flatMap((endpoint, index) => [
      `      ${paint.good('+')} ${lines[index] ?? ''}`,
      ...(endpoint.plainBecause === undefined || tls.mode !== 'mutual-by-endpoint'
        ? []
        : [`          ${paint.faint(`plain: ${endpoint.plainBecause}`)}`]),
      ...(endpoint.standsFor ?? []).map(
        ({ address, source }) => `          stands for ${address}  ${sourceText(source)}`,
      ),
    ]),
  ];
}

/** What is spoken to an endpoint. */
function tlsText(mode: TlsExplanation['mode'], { mutualTls, tunnel }: EndpointExplanation): string {
  if (tunnel === true) return 'tunnel';
  switch (mode) {
    case 'none':
      return 'plain';
    case 'mutual':
      return 'mutual';
    case 'mutual-by-endpoint':
      return mutualTls ? 'mutual' : 'plain';
    case 'origination':
      return 'TLS';
  }
}
