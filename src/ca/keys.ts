/** Keys of certificates: what kinds there are, and how they come from PEM and go there. */
import { createPrivateKey, webcrypto, type KeyObject } from 'node:crypto';
import { PilotError } from '../base/errors.js';

const rsa = 'RSASSA-PKCS1-v1_5';

/** How a key of each kind is made, in WebCrypto's words. Envoy takes all of them. */
const generation = {
  'ecdsa-p256': { name: 'ECDSA', namedCurve: 'P-256' },
  'ecdsa-p384': { name: 'ECDSA', namedCurve: 'P-384' },
  'rsa-2048': rsaKey(2048),
  'rsa-3072': rsaKey(3072),
  'rsa-4096': rsaKey(4096),
} as const;

/** A kind of key. */
export type KeyType = keyof typeof generation;

/** Every kind, the usual one first. */
export const keyTypes = Object.keys(generation) as readonly KeyType[];

/** Both keys of one who signs, and how that is done. */
export interface SigningKeys {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

/** A fresh key. */
export async function newKeys(type: KeyType): Promise<SigningKeys> {
  const made = generation[type];
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(made, true, ['sign', 'verify']);
  return { publicKey, privateKey, algorithm: signing(made) };
}

/**
 * A signing key from PEM: PKCS#8, PKCS#1 or SEC1, without a passphrase.
 * @param where for people: the file that it is from
 * @throws PilotError TLS_INVALID
 */
export async function keysFromPem(
  pem: string,
  where: string,
): Promise<SigningKeys & { readonly object: KeyObject }> {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw unusable(where, 'the key is encrypted; it has to be there without a passphrase');
  const object = readKey(pem, where);
  const imported = importParameters(object, where);
  const der = object.export({ type: 'pkcs8', format: 'der' });
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, imported, true, ['sign']);
  const jwk = await webcrypto.subtle.exportKey('jwk', privateKey);
  const { kty, n, e, crv, x, y } = jwk;
  const publicJwk = kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y };
  const publicKey = await webcrypto.subtle.importKey(
    'jwk',
    publicJwk as webcrypto.JsonWebKey,
    imported,
    true,
    ['verify'],
  );
  return { object, publicKey, privateKey, algorithm: signing(imported) };
}

/** A private key as PKCS#8 in PEM. */
export async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function rsaKey(modulusLength: number) {
  return { name: rsa, modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' } as const;
}

/** ECDSA signs with the hash that is as strong as its curve. */
function signing(key: { readonly name: string; readonly namedCurve?: string }): SigningKeys['algorithm'] {
  const hashes: Readonly<Record<string, string>> = { 'P-384': 'SHA-384', 'P-521': 'SHA-512' };
  return { name: key.name, hash: hashes[key.namedCurve ?? ''] ?? 'SHA-256' };
}

function readKey(pem: string, where: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // What OpenSSL says of a key that it cannot read says nothing to a person.
    throw unusable(where, 'it holds no private key in PEM that can be read', error);
  }
}

const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function importParameters(key: KeyObject, where: string) {
  if (key.asymmetricKeyType === 'rsa') return { name: rsa, hash: 'SHA-256' };
  const namedCurve = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && namedCurve !== undefined) return { name: 'ECDSA', namedCurve };
  throw unusable(
    where,
    `certificates cannot be signed with a key of the type ${key.asymmetricKeyType ?? 'unknown'}; RSA and ECDSA with P-256, P-384 or P-521 can be used`,
  );
}

function unusable(where: string, reason: string, cause?: unknown): PilotError {
  return new PilotError('TLS_INVALID', `${where}: ${reason}`, { cause });
}
