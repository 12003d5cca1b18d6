/** Where an endpoint or a proxy is, as `region/zone/subzone` (Istio reference 2.6). */

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export const noLocality: Locality = Object.freeze({ region: '', zone: '', subZone: '' });

/** Splits `region/zone/subzone`; parts beyond the third are dropped. */
export function parseLocality(label: string): Locality {
  const [region = '', zone = '', subZone = ''] = label.split('/');
  return { region, zone, subZone };
}

/** The text form of a locality: `region/zone/subzone` without empty parts at its end. */
export function formatLocality(locality: Locality): string {
  if (locality.subZone !== '') return `${locality.region}/${locality.zone}/${locality.subZone}`;
  if (locality.zone !== '') return `${locality.region}/${locality.zone}`;
  return locality.region;
}

/** The value of a locality label, where dots stand for slashes unless it has a slash (Istio reference 2.6). */
export function localityFromLabel(value: string): string {
  return value.includes('/') ? value : value.replaceAll('.', '/');
}
