/** Addresses of Unix domain sockets, as Istio's configuration writes them. */

/** What such an address begins with; a path follows, or `@` and a name. */
export const unixPrefix = 'unix://';

/** The path of an address that may be that of a socket; any other one is given back as it is. */
export function unixPath(address: string): string {
  return address.startsWith(unixPrefix) ? address.slice(unixPrefix.length) : address;
}
