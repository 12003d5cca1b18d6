/** The order in which types are pushed, so that nothing is referred to before it is there (Istio reference 8.7). */
import { typeUrls } from '../envoy/type-urls.js';

const order: readonly string[] = [typeUrls.cds, typeUrls.eds, typeUrls.lds, typeUrls.rds, typeUrls.sds];

/** Types whose response always holds the whole subscribed set: what it lacks is deleted. */
const fullSetTypes: ReadonlySet<string> = new Set([typeUrls.cds, typeUrls.lds, typeUrls['debug-syncz']]);

/** A type's dependants: after a response of the key they are asked for again and must be answered. */
const dependants: ReadonlyMap<string, string> = new Map([
  [typeUrls.cds, typeUrls.eds],
  [typeUrls.lds, typeUrls.rds],
]);

/** The place of a type in push order; types without one come behind the others. */
export function pushRank(typeUrl: string): number {
  const place = order.indexOf(typeUrl);
  return place === -1 ? order.length : place;
}

/** Whether absence from a response means deletion for this type (CDS, LDS). */
export function isFullSetType(typeUrl: string): boolean {
  return fullSetTypes.has(typeUrl);
}

/** The type that depends on this one: EDS on CDS, RDS on LDS. */
export function dependantOf(typeUrl: string): string | undefined {
  return dependants.get(typeUrl);
}

/** Whether clients may go on referring to resources of this type that are gone, so that they are never told so (64). */
export function isNeverRemoved(typeUrl: string): boolean {
  return typeUrl === typeUrls.ecds;
}
