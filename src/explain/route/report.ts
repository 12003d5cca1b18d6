/** The way of a request as text. */
import type { Paint } from '../report.js';
import { noPaint } from '../report.js';
import type { Choice, ClusterTaken, RouteExplanation, RouteTried } from './explanation.js';

/** A heading with what was chosen and why, and below it what was looked at. */
export function routeReport(explanation: RouteExplanation, paint: Paint = noPaint): string {
  const { request, listener, filterChain, routeConfiguration, virtualHost, outcome, summary } = explanation;
  const good = outcome === 'sent' ? paint.good : paint.bad;
  const lines = [
    paint.title(`${request.method} ${request.scheme}://${request.authority}${request.path}`),
    ...(listener === undefined ? [] : [choice(`listener (${listener.destination})`, listener, paint)]),
    ...(filterChain === undefined ? [] : [choice('filter chain', filterChain, paint)]),
    ...(routeConfiguration === undefined ? [] : [choice('routes', routeConfiguration, paint)]),
    ...(virtualHost === undefined ? [] : [choice('virtual host', virtualHost, paint)]),
    ...explanation.routes.flatMap((route) => tried(route, paint)),
    ...explanation.effects.map((effect) => `    ${effect}`),
    ...explanation.clusters.flatMap((cluster) => taken(cluster, paint)),
    good(`=> ${summary}`),
  ];
  return `${lines.join('\n')}\n`;
}

function choice(kind: string, { name, why }: Choice, paint: Paint): string {
  return `${kind}: ${name === '' ? '(no name)' : name} ${paint.faint(`(${why})`)}`;
}

function tried({ place, name, object, match, matched, because }: RouteTried, paint: Paint): string[] {
  const of = object === undefined ? '' : ` of ${object}`;
  const named = name === '' || name === '.' ? '' : ` ${name}`;
  const head = `  route ${place}${named}${of}: ${match}`;
  return matched
    ? [paint.good(head)]
    : [head, ...because.map((reason) => `    ${paint.faint(`no: ${reason}`)}`)];
}

function taken({ name, share, type, endpoints, notes }: ClusterTaken, paint: Paint): string[] {
  const kind = type === undefined ? '' : ` ${type}`;
  return [
    `cluster: ${name}${share === 100 ? '' : ` ${share} %`}${kind}`,
    ...notes.map((note) => `    ${note}`),
    ...endpoints.map(({ address, health, weight, priority, locality }) => {
      const where = locality === '' ? '' : `, ${locality}`;
      const rank = priority === 0 ? '' : `, priority ${priority}`;
      return `    ${address} ${paint.faint(`(${health}, weight ${weight}${rank}${where})`)}`;
    }),
  ];
}
