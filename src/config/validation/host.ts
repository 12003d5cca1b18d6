/** DNS labels, fully qualified names and domains with a wildcard (Istio reference 10.5, shared pieces). */
import { quote } from './finding.js';

const maxLabelLength = 63;
const maxNameLength = 255;
const labelPattern = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const wildcardLabelPattern = /^(?:\*|(?:\*-?)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;
const labelRule = `letters, digits and "-", beginning and ending with a letter or digit, at most ${maxLabelLength} characters`;

/** Whether a text is a DNS label in either case of letters. */
export function isDnsLabel(text: string): boolean {
  return text.length <= maxLabelLength && labelPattern.test(text);
}

/** What keeps a text from being a DNS label; `what` names it in the message. */
export function dnsLabelProblem(what: string, text: string): string | undefined {
  return isDnsLabel(text) ? undefined : `${what} ${quote(text)} is not a DNS label: it needs ${labelRule}`;
}

/** What keeps a name from being fully qualified, without a wildcard. A trailing dot is allowed. */
export function fqdnProblem(name: string): string | undefined {
  return lengthProblem(name) ?? labelsProblem(name, name);
}

/**
 * What keeps a name from being a domain whose first label may be `*` or begin with `*` or `*-`. A name of one
 * label may be all digits, as for Istio.
 */
export function wildcardDomainProblem(name: string): string | undefined {
  const tooLong = lengthProblem(name);
  if (tooLong !== undefined) return tooLong;
  const dot = name.indexOf('.');
  const first = dot < 0 ? name : name.slice(0, dot);
  if (first.length > maxLabelLength || !wildcardLabelPattern.test(first)) {
    return `host ${quote(name)} is not a domain name: its first label ${quote(first)} must be "*", or ${labelRule}, and may begin with "*" or "*-"`;
  }
  return dot < 0 ? undefined : labelsProblem(name, name.slice(dot + 1));
}

/** What is wrong with a wildcard that stands for part of a label, such as `*x.example.com`. */
export function partialWildcardProblem(host: string): string | undefined {
  if (!host.includes('*') || host === '*' || host.startsWith('*.')) return undefined;
  return `host ${quote(host)} has a wildcard for a part of a label; it should be "*." and a domain`;
}

/**
 * What keeps a name from being a host of a VirtualService on a gateway: a wildcard domain or, when the
 * VirtualService matches SNI, a name in the form that AUTO_PASSTHROUGH gateways see
 * (`outbound_.80_._.example.com`).
 */
export function gatewayHostProblem(name: string, matchesSni: boolean): string | undefined {
  if (!matchesSni || !name.startsWith('outbound_') || lengthProblem(name) !== undefined) {
    return wildcardDomainProblem(name);
  }
  const parts = name.split('_');
  const port = trimDots(parts[1] ?? '');
  const host = trimDots(parts[3] ?? '');
  if (parts.length >= 4 && /[0-9]/.test(port) && /[a-zA-Z]/.test(host)) return undefined;
  return `host ${quote(name)} begins with "outbound_" but is not of the form outbound_.<port>_._.<host>`;
}

function lengthProblem(name: string): string | undefined {
  if (name === '') return 'host is empty; it must be a domain name';
  if (name.length <= maxNameLength) return undefined;
  return `host ${quote(name)} has ${name.length} characters; at most ${maxNameLength} are allowed`;
}

function labelsProblem(name: string, labels: string): string | undefined {
  const parts = labels.split('.');
  const top = parts.at(-1) ?? '';
  if (/^[0-9]+$/.test(top)) {
    return `host ${quote(name)} is not a domain name: its last label ${quote(top)} is all digits`;
  }
  const checked = top === '' ? parts.slice(0, -1) : parts;
  const wrong = checked.find((label) => !isDnsLabel(label));
  return wrong === undefined
    ? undefined
    : `host ${quote(name)} is not a domain name: its label ${quote(wrong)} needs ${labelRule}`;
}

function trimDots(text: string): string {
  return text.replace(/^\.+|\.+$/g, '');
}
