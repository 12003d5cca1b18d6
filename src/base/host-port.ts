/** A host and a port as one text, written and read as Go does it. */

/** A host as it stands before a port and in URLs: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `host:port`. */
export function joinHostPort(host: string, port: number | string): string {
  return `${bracketed(host)}:${port}`;
}

export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  /** As it was written, which need not be a number; may be empty. */
  readonly port: string;
}

/** The parts of `host:port`; undefined for a text without a port, or with a colon too many. */
export function splitHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[(?<inBrackets>[^[\]]*)\]|(?<plain>[^:[\]]*)):(?<port>[^:[\]]*)$/.exec(text);
  if (match?.groups === undefined) return undefined;
  const { inBrackets, plain = '', port = '' } = match.groups;
  return { host: inBrackets ?? plain, port };
}
