/** RDS of Envoys, by name (Istio reference 7.6, 7.8). */
import { errorMessage } from '../../base/errors.js';
import type { Piecewise } from '../../base/piecewise.js';
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { gatewayRoutes } from '../gateway/routes.js';
import { patchRoutes } from '../envoy-filter/patched-resources.js';
import type { Memo } from '../memo.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { sidecarRoutes } from './sidecar-routes.js';

/**
 * The routes of these names, which listeners give. A name that none gives has an empty configuration, as a listener
 * that is gone may still be draining. What cannot be translated is a problem and is left out, so that a proxy keeps
 * what it has.
 */
export function* translateRoutes(
  context: ProxyContext,
  memo: Memo,
  names: ReadonlySet<string>,
): Piecewise<Translation> {
  const isRouter = context.proxy.type === 'router';
  const routesOf = isRouter ? gatewayRoutes : sidecarRoutes;
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  for (const name of names) {
    try {
      const made = yield* routesOf(context, memo, name);
      const patched = patchRoutes(context, made, memo);
      resources.push(...patched.resources);
      problems.push(...patched.problems);
    } catch (error) {
      problems.push({ subject: name, message: `its routes cannot be translated: ${errorMessage(error)}` });
    }
    yield;
  }
  return { resources, problems };
}
