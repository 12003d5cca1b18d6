/**
 * The decoders of the Kubernetes Secret and ConfigMap, of which only certificates, their keys and CAs are kept. What is
 * wrong is said without the value, and also who only mistypes a Secret does not find it in a log.
 */
import { caKeys, secretKeys, type CaKey, type SecretKey } from '../../credential-keys.js';
import { isRecord } from '../../../base/is-record.js';
import type { ConfigMap, Secret } from '../../kinds/kubernetes.js';
import { openObject } from '../composites.js';
import type { Cursor } from '../cursor.js';
import { mapped, type Decoder } from '../decoder.js';

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Base64 as the API server takes it, where lines may be broken. */
function base64Value(text: string, at: Cursor): string {
  const joined = text.replace(/[\r\n]/g, '');
  if (base64Text.test(joined)) return joined;
  at.error('expected bytes in base64');
  return '';
}

/** Values under some of the keys. @param read makes the value of the text, or says what is wrong with it */
function valuesOf<Key extends string>(
  keys: readonly Key[],
  read: (text: string, at: Cursor) => string,
): Decoder<Partial<Record<Key, string>>> {
  return {
    zero: {},
    decode: (value, at) => {
      const found: Partial<Record<Key, string>> = {};
      if (!isRecord(value)) {
        at.error('expected an object');
        return found;
      }
      for (const key of keys) {
        const text = value[key];
        if (text === undefined || text === null) continue;
        if (typeof text === 'string') found[key] = read(text, at.key(key));
        else at.key(key).error('expected a string; put it in quotes');
      }
      return found;
    },
  };
}

const asBase64 = (text: string): string => Buffer.from(text).toString('base64');

type Data = Partial<Record<SecretKey, string>>;

/** Secret of v1. What is written as text counts over what is written in base64. */
export const secret: Decoder<Secret> = mapped(
  openObject<{ readonly data: Data; readonly stringData: Data }>({
    data: valuesOf(secretKeys, base64Value),
    stringData: valuesOf(secretKeys, asBase64),
  }),
  ({ data, stringData }) => ({ data: { ...data, ...stringData } }),
);

/** ConfigMap of v1. */
export const configMap: Decoder<ConfigMap> = openObject<{ readonly data: Partial<Record<CaKey, string>> }>({
  data: valuesOf(caKeys, (text) => text),
});
