/** The virtual host of a request, found by domain as Envoy does. */
import { bracketed, splitHostPort } from '../../base/host-port.js';
import type { JsonObject } from '../../envoy/json-value.js';
import type { Choice } from './explanation.js';
import { field, objects, text, texts } from './fields.js';

/** A virtual host with why it was chosen. */
export interface FoundHost extends Choice {
  readonly host: JsonObject;
}

/** The virtual host for an authority; undefined if no domain fits. */
export function findVirtualHost(configuration: JsonObject, authority: string): FoundHost | undefined {
  const asked = authority.toLowerCase();
  const name = field(configuration, 'ignore_port_in_host_matching') === true ? withoutPort(asked) : asked;
  const hosts = objects(configuration, 'virtual_hosts').flatMap((host) =>
    texts(host, 'domains').map((domain) => ({ host, domain: domain.toLowerCase() })),
  );
  const exact = hosts.find(({ domain }) => domain === name);
  if (exact !== undefined) return found(exact, `${name} is one of its domains`);
  const longest = (entries: typeof hosts): (typeof hosts)[number] | undefined =>
    entries.reduce<(typeof hosts)[number] | undefined>(
      (best, entry) => (best === undefined || entry.domain.length > best.domain.length ? entry : best),
      undefined,
    );
  const suffix = longest(
    hosts.filter(
      ({ domain }) => domain.length > 1 && domain.startsWith('*') && covers(name, domain.slice(1), 'end'),
    ),
  );
  const prefix = longest(
    hosts.filter(
      ({ domain }) => domain.length > 1 && domain.endsWith('*') && covers(name, domain.slice(0, -1), 'start'),
    ),
  );
  const wild = suffix ?? prefix;
  if (wild !== undefined) return found(wild, `its domain ${wild.domain} covers ${name}`);
  const all = hosts.find(({ domain }) => domain === '*');
  return all && found(all, `it is for every host that no other is for (here ${name})`);
}

function found({ host }: { readonly host: JsonObject }, why: string): FoundHost {
  return { host, name: text(host, 'name'), why };
}

/** Whether a name has this end or start and something else. */
function covers(name: string, part: string, where: 'start' | 'end'): boolean {
  if (name.length <= part.length) return false;
  return where === 'end' ? name.endsWith(part) : name.startsWith(part);
}

function withoutPort(authority: string): string {
  const parts = splitHostPort(authority);
  if (parts === undefined) return authority;
  return bracketed(parts.host);
}
