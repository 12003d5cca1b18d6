/** Names and labels of registries made legal, where that can be done without a doubt about what was meant. */
import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';

const longestLabel = 63;
const longestHost = 253;

/**
 * Text as part of a DNS name: lower case, other scripts as IDNA writes them, what is no letter, digit, dot or hyphen as
 * a hyphen. Empty when nothing is left of it.
 */
export function legalHostPart(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .split('.')
    .map(legalHostLabel)
    .filter((label) => label !== '')
    .join('.');
}

/** What keeps a host name from being one, as a sentence part; undefined when nothing does. */
export function hostFault(host: string): string | undefined {
  const shown = JSON.stringify(host);
  if (host.length > longestHost) return `the host ${shown} has more than ${longestHost} characters`;
  return host.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
    ? undefined
    : `the host ${shown} is no DNS name`;
}

function legalHostLabel(text: string): string {
  const kept = text.replace(/[^\p{L}\p{M}\p{N}-]+/gu, '-').replace(/^-+|-+$/g, '');
  const ascii = /^[a-z0-9-]*$/.test(kept) ? kept : domainToASCII(kept);
  return ascii.length <= longestLabel ? ascii : shortened(ascii, text);
}

/** Still told apart from another text that begins alike. */
function shortened(ascii: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${ascii.slice(0, longestLabel - hash.length - 1).replace(/-+$/, '')}-${hash}`;
}

const labelText = /^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/;

/** Text as the value of a label; undefined when nothing is left of it. */
export function legalLabelValue(text: string): string | undefined {
  if (text.length <= longestLabel && labelText.test(text)) return text;
  const legal = trimmed(text.replace(/[^A-Za-z0-9_.-]+/g, '-')).slice(0, longestLabel);
  return trimmed(legal) || undefined;
}

/** Text as the key of a label, with its prefix; undefined when nothing is left of it. */
export function legalLabelKey(text: string): string | undefined {
  const slash = text.lastIndexOf('/');
  const prefix = slash === -1 ? '' : legalHostPart(text.slice(0, slash).replaceAll('/', '.'));
  const name = legalLabelValue(text.slice(slash + 1)) ?? '';
  if (name === '') return undefined;
  return prefix === '' ? name : `${prefix}/${name}`;
}

function trimmed(text: string): string {
  return text.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
