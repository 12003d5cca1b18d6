/** Which names and domains are taken: no two virtual hosts of a listener may have one in common (Istio reference 7.6). */
import type { ServiceDomains } from './virtual-host-domains.js';

export class DomainTable {
  readonly #names = new Set<string>();
  readonly #domains = new Set<string>();
  /** Names of services in full, with and without their port. */
  readonly #known: ReadonlySet<string>;

  /** @param known the names of all services in full, with and without their port */
  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  /** Takes a virtual host's name; false if it is taken. */
  takeName(name: string): boolean {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    return true;
  }

  /**
   * Takes the domains that are free; the very same array if all are. What is the name of a service in full is no other
   * service's short name.
   */
  takeDomains({ domains, derived }: ServiceDomains): readonly string[] {
    const free = domains.filter((domain) => {
      const key = domain.toLowerCase();
      if (this.#domains.has(key) || (derived.has(domain) && this.#known.has(domain))) return false;
      this.#domains.add(key);
      return true;
    });
    return free.length === domains.length ? domains : free;
  }
}
