/** What Envoy's refusals say of single resources, and which of them are for the machine that it runs on. */
import { networkInterfaces } from 'node:os';
import type { Refusal } from './repointed-envoy.js';

/** Refused resources as `type name: reason`; the name is `*` where Envoy names none. */
export function refusedResources(refusals: readonly Refusal[]): readonly string[] {
  return refusals.flatMap(({ type, message }) => {
    const text = withoutMessages(message);
    const listeners = /^Error adding\/updating listener\(s\) ([\s\S]*)$/.exec(text)?.[1];
    if (listeners === undefined) return [`${type} *: ${text.replaceAll('\n', ' ')}`];
    return listeners
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${type} ${line}`);
  });
}

/** Envoy shows the whole message that it refuses, each time with other spaces; or, if it is too long, its beginning. */
function withoutMessages(text: string): string {
  return text
    .replaceAll(/goo\.gle\/debug[\s\S]*?: (Proto constraint validation failed)/g, '$1')
    .replace(/goo\.gle\/debug[\s\S]*\(truncated\)$/, 'a message that is too long to be told');
}

const hasIpv6 = Object.values(networkInterfaces()).some((addresses = []) =>
  addresses.some(({ address }) => address === '::1'),
);

/**
 * Whether a resource was refused for what differs from machine to machine: ports below 1024 and transparent sockets
 * without the privilege, ports that another program has, and IPv6 where there is none.
 */
export function isCircumstance(refused: string): boolean {
  if (/: Permission denied$|: Operation not permitted$/.test(refused)) return process.getuid?.() !== 0;
  if (refused.endsWith(': Address already in use')) return true;
  return !hasIpv6 && /Address family not supported|cannot bind '\[/.test(refused);
}
