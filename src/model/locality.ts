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

/** The text form of a locality: `region/zone/subzone`, up to its first empty part, as Istio writes it. */
export function formatLocality({ region, zone, subZone }: Locality): string {
  const parts = [region, zone, subZone];
  const end = parts.indexOf('');
  return parts.slice(0, end === -1 ? parts.length : end).join('/');
}

/** The value of a locality label, where dots stand for slashes unless it has a slash (Istio reference 2.6). */
export function localityFromLabel(value: string): string {
  return value.includes('/') ? value : value.replaceAll('.', '/');
}
