/** Addresses of a range one after the other. */
import ipaddr from 'ipaddr.js';
import { PilotError } from '../../base/errors.js';
import { bitLength, parsePrefix } from '../../base/ip.js';

/** Gives out the free addresses of a range. */
export interface PrefixCursor {
  /** Where in the range the last address was that it gave out; at the start, where it was told to begin. */
  readonly position: bigint;
  /** The next address that is not used, or undefined when the range is exhausted. */
  next(): string | undefined;
}

/**
 * A cursor that starts at the first address after the network's, or after another one, and goes once around. `used`
 * holds canonical texts of addresses to leave out, and may grow meanwhile.
 *
 * @param after position of another cursor of the range.
 * @throws PilotError USAGE when the prefix is not `address/bits`.
 */
export function createPrefixCursor(
  text: string,
  used: { readonly has: (address: string) => boolean },
  after = 0n,
): PrefixCursor {
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    throw new PilotError('USAGE', `"${text}" is not a range of addresses to allocate from`, {
      hint: 'Write it as ADDRESS/BITS, for example 240.240.0.0/16.',
    });
  }
  const length = bitLength(prefix.address);
  const size = 1n << BigInt(length - prefix.bits);
  const base = (toNumber(prefix.address.toByteArray()) / size) * size;
  let position = after;
  let left = size - 1n;
  return {
    get position() {
      return position;
    },
    next() {
      for (; left > 0n; left -= 1n) {
        position = position + 1n < size ? position + 1n : 1n;
        const address = toText(base + position, length / 8);
        if (used.has(address)) continue;
        left -= 1n;
        return address;
      }
      return undefined;
    },
  };
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toText(value: bigint, length: number): string {
  const bytes = Array.from({ length }, (_, index) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}
