/**
 * Certificates that a proxy has in files of its own machine. What it is served says where they are; it reads and
 * follows them itself, so no key is ever sent. Istio's agent answers for the same names.
 */
import { posix } from 'node:path';
import { Secret, type SecretShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { meshRoots, workloadCertificate } from '../cluster/tls-context.js';
import type { Memo } from '../memo.js';
import type { SecretAnswer, SecretSource } from './secret-source.js';

/** The metadata that name the folder with a workload's certificate: `tls.crt`, `tls.key` and `ca.crt`. */
const certificatesMetadata = 'PILOTLIGHT_CERTIFICATES';

/** Where a secret is. A field of its own for each thing, so that equal ones are made once. */
type FileSecret =
  | { readonly kind: 'certificate'; readonly name: string; readonly chain: string; readonly key: string }
  | { readonly kind: 'roots'; readonly name: string; readonly path: string }
  | { readonly kind: 'system-roots'; readonly name: string };

/** Answers for `default` and `ROOTCA`, and for the names of files that rules and metadata name. */
export const fileSecrets: SecretSource = {
  secret: (context, name, memo) => {
    if (name === workloadCertificate.name || name === meshRoots.name) return ofWorkload(context, name, memo);
    const found = ofName(name);
    return found === undefined ? undefined : { resource: made(found, memo) };
  },
};

function ofWorkload({ proxy }: ProxyContext, name: string, memo: Memo): SecretAnswer {
  const folder = proxy.metadata[certificatesMetadata];
  if (typeof folder !== 'string' || folder === '') {
    const message = `it needs a certificate for mutual TLS and has none: ${certificatesMetadata} in its metadata names no folder. What needs it waits`;
    return { problem: { subject: proxy.name, message } };
  }
  const inFolder = (file: string): string => posix.join(folder, file);
  const secret: FileSecret =
    name === meshRoots.name
      ? { kind: 'roots', name, path: inFolder('ca.crt') }
      : { kind: 'certificate', name, chain: inFolder('tls.crt'), key: inFolder('tls.key') };
  return { resource: made(secret, memo) };
}

/** `file-cert:CHAIN~KEY`, `file-root:FILE`, and the roots of the machine (Istio reference 5.7). */
function ofName(name: string): FileSecret | undefined {
  const [, chain, key] = /^file-cert:([^~]+)~([^~]+)$/.exec(name) ?? [];
  if (chain !== undefined && key !== undefined) return { kind: 'certificate', name, chain, key };
  const path = /^file-root:(.+)$/.exec(name)?.[1];
  if (path === undefined) return undefined;
  return path === 'system' ? { kind: 'system-roots', name } : { kind: 'roots', name, path };
}

function made(secret: FileSecret, memo: Memo): EncodedResource {
  return memo
    .group('secrets in files')
    .compute(secret.name, secret, (input) =>
      encodedResource(input.name, Secret.typeUrl, Secret.encode(secretShape(input))),
    );
}

function secretShape(secret: FileSecret): SecretShape {
  const { name, kind } = secret;
  switch (kind) {
    case 'certificate':
      return {
        name,
        tlsCertificate: {
          certificateChain: file(secret.chain),
          privateKey: file(secret.key),
          watchedDirectory: folderOf(secret.chain),
        },
      };
    case 'roots':
      return {
        name,
        validationContext: { trustedCa: file(secret.path), watchedDirectory: folderOf(secret.path) },
      };
    case 'system-roots':
      return { name, validationContext: { systemRootCerts: {} } };
  }
}

function file(filename: string): { readonly filename: string } {
  return { filename };
}

function folderOf(path: string): { readonly path: string } {
  return { path: posix.dirname(path) };
}
