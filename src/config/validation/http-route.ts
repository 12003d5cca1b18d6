/** The rules of one HTTP route of a VirtualService (Istio reference 10.5). */
import type { HttpRoute } from '../kinds/virtual-service.js';
import { optionalDurationProblem } from './duration.js';
import { type FindingSink, quote } from './finding.js';
import { isAuthorityHeader, validateHeaders } from './header.js';
import {
  mirrorPercentageProblem,
  validateDirectResponse,
  validateMirrors,
  validateRedirect,
  validateRewrite,
} from './http-actions.js';
import { validateHttpMatch } from './http-match.js';
import { validateCorsPolicy, validateFault, validateRetries } from './http-policies.js';
import { validateDestination, validateDestinations } from './route-destination.js';

/** Checks an HTTP route; a delegate's may not delegate again (Istio reference 10.5). */
export function validateHttpRoute(
  route: HttpRoute,
  inDelegate: boolean,
  path: string,
  sink: FindingSink,
): void {
  if (!inDelegate && route.delegate !== undefined) validateRoot(route, path, sink);
  else validateActions(route, path, sink);
  if (inDelegate && route.delegate !== undefined) {
    sink.error(
      `${path}.delegate`,
      'a VirtualService without hosts is a delegate and cannot delegate further',
    );
  }
  for (const [index, match] of (route.match ?? []).entries()) {
    validateHttpMatch(match, `${path}.match[${index}]`, sink);
  }
  validateHeaders(route.headers, `${path}.headers`, sink);
  if (route.corsPolicy !== undefined) validateCorsPolicy(route.corsPolicy, `${path}.corsPolicy`, sink);
  if (route.fault !== undefined) validateFault(route.fault, `${path}.fault`, sink);
  validateMirroring(route, path, sink);
  if (route.redirect !== undefined) {
    validateRedirect(route.redirect, route.match ?? [], `${path}.redirect`, sink);
  }
  if (route.directResponse !== undefined) {
    validateDirectResponse(route.directResponse, `${path}.directResponse`, sink);
  }
  if (route.retries !== undefined) validateRetries(route.retries, `${path}.retries`, sink);
  if (route.rewrite !== undefined) validateRewrite(route.rewrite, `${path}.rewrite`, sink);
  validateAuthority(route, path, sink);
  for (const [index, destination] of (route.route ?? []).entries()) {
    validateHeaders(destination.headers, `${path}.route[${index}].headers`, sink);
  }
  validateDestinations(route.route ?? [], `${path}.route`, sink);
  sink.error(`${path}.timeout`, optionalDurationProblem(route.timeout));
}

/** What a route that delegates leaves to its delegate. */
function validateRoot(route: HttpRoute, path: string, sink: FindingSink): void {
  if (route.redirect !== undefined) {
    sink.error(`${path}.redirect`, 'redirect has no place in a route that delegates');
  }
  if (hasDestinations(route)) sink.error(`${path}.route`, 'route has no place in a route that delegates');
}

/** A route does one of three things: it goes to destinations, redirects, or answers by itself. */
function validateActions(route: HttpRoute, path: string, sink: FindingSink): void {
  const answer =
    route.redirect !== undefined
      ? 'redirect'
      : route.directResponse !== undefined
        ? 'directResponse'
        : undefined;
  if (answer === undefined) {
    if (!hasDestinations(route)) {
      sink.error(path, 'route does nothing; it needs route, redirect or directResponse');
    }
  } else {
    const excluded = {
      route: hasDestinations(route),
      fault: route.fault !== undefined,
      rewrite: route.rewrite !== undefined,
      directResponse: answer === 'redirect' && route.directResponse !== undefined,
    };
    for (const [field, present] of Object.entries(excluded)) {
      if (present) {
        sink.error(`${path}.${field}`, `${field} and ${answer} exclude each other; keep one of them`);
      }
    }
  }
  if (route.mirror !== undefined && (route.mirrors ?? []).length > 0) {
    sink.error(`${path}.mirrors`, 'mirror and mirrors exclude each other; keep one of them');
  }
}

function validateMirroring(route: HttpRoute, path: string, sink: FindingSink): void {
  if (route.mirrorPercent !== undefined) {
    sink.error(`${path}.mirrorPercent`, mirrorPercentageProblem(route.mirrorPercent));
    sink.warn(`${path}.mirrorPercent`, 'mirrorPercent is deprecated; use mirrorPercentage');
  }
  sink.error(`${path}.mirrorPercentage`, mirrorPercentageProblem(route.mirrorPercentage));
  if (route.mirror !== undefined) validateDestination(route.mirror, `${path}.mirror`, sink);
  validateMirrors(route.mirrors ?? [], `${path}.mirrors`, sink);
}

/** The authority of a request can be given in one place only. */
function validateAuthority(route: HttpRoute, path: string, sink: FindingSink): void {
  const { set = {}, add = {} } = route.headers?.request ?? {};
  const headers = [...Object.keys(set), ...Object.keys(add)].filter(isAuthorityHeader);
  const rewritten = (route.rewrite?.authority ?? '') !== '';
  if (headers.length + (rewritten ? 1 : 0) <= 1) return;
  const places = [
    ...(rewritten ? ['rewrite.authority'] : []),
    ...headers.map((name) => `header ${quote(name)}`),
  ];
  sink.error(
    `${path}.headers.request`,
    `authority is given more than once: ${places.join(', ')}; keep one of them`,
  );
}

function hasDestinations(route: HttpRoute): boolean {
  return (route.route ?? []).length > 0;
}
