/** What SDS says of certificates that a proxy has in files. */
import { describe, expect, test } from 'vitest';
import { defaultMeshConfig } from '../../../../src/config/decode/mesh-config.js';
import { noMeshNetworks } from '../../../../src/config/mesh-config.js';
import { decodeToJson } from '../../../../src/envoy/json.js';
import { proxyFromNode } from '../../../../src/mesh/node.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import { MeshState } from '../../../../src/mesh/mesh-state.js';
import { Memo } from '../../../../src/translate/memo.js';
import { fileSecrets } from '../../../../src/translate/secret/file-secrets.js';
import type { SecretAnswer } from '../../../../src/translate/secret/secret-source.js';

const memo = new Memo();

function asked(name: string, metadata: Readonly<Record<string, unknown>> = {}): SecretAnswer | undefined {
  const mesh = new MeshState();
  mesh.setMesh(defaultMeshConfig(), noMeshNetworks);
  const node = { id: 'sidecar~127.0.7.11~web-1.shop~shop.svc.cluster.local', metadata };
  const context = resolveProxy(mesh.snapshot(), proxyFromNode(node));
  mesh.dispose();
  return fileSecrets.secret(context, name, memo);
}

function secret(name: string, metadata?: Readonly<Record<string, unknown>>): unknown {
  const resource = asked(name, metadata)?.resource;
  return resource && { ...decodeToJson(resource.typeUrl, resource.body), sent: resource.name };
}

const inFolder = { PILOTLIGHT_CERTIFICATES: '/etc/certs' };

describe('the certificate of a workload', () => {
  test('is where its metadata say, and its folder is followed', () => {
    expect(secret('default', inFolder)).toEqual({
      name: 'default',
      sent: 'default',
      tls_certificate: {
        certificate_chain: { filename: '/etc/certs/tls.crt' },
        private_key: { filename: '/etc/certs/tls.key' },
        watched_directory: { path: '/etc/certs' },
      },
    });
    expect(secret('ROOTCA', { PILOTLIGHT_CERTIFICATES: 'certs' })).toEqual({
      name: 'ROOTCA',
      sent: 'ROOTCA',
      validation_context: {
        trusted_ca: { filename: 'certs/ca.crt' },
        watched_directory: { path: 'certs' },
      },
    });
  });

  test('is missing, and said to be, when they name none', () => {
    for (const metadata of [{}, { PILOTLIGHT_CERTIFICATES: '' }, { PILOTLIGHT_CERTIFICATES: 1 }]) {
      const answer = asked('default', metadata);
      expect(answer?.resource).toBeUndefined();
      expect(answer?.problem).toMatchObject({
        subject: 'web-1.shop',
        message: expect.stringContaining('PILOTLIGHT_CERTIFICATES'),
      });
    }
  });

  test('is the very same resource as long as it is in the same place', () => {
    expect(asked('default', inFolder)?.resource).toBe(asked('default', inFolder)?.resource);
  });
});

test('files that a rule names are where it says', () => {
  expect(secret('file-cert:/a/chain.pem~/a/key.pem')).toMatchObject({
    tls_certificate: {
      certificate_chain: { filename: '/a/chain.pem' },
      private_key: { filename: '/a/key.pem' },
      watched_directory: { path: '/a' },
    },
  });
  expect(secret('file-root:/b/roots.pem')).toMatchObject({
    validation_context: { trusted_ca: { filename: '/b/roots.pem' }, watched_directory: { path: '/b' } },
  });
  expect(secret('file-root:system')).toMatchObject({ validation_context: { system_root_certs: {} } });
});

test.each(['kubernetes://shop-tls', 'file-cert:/a/chain.pem', 'file-root:', 'other'])(
  'leaves %s to other sources',
  (name) => {
    expect(asked(name, inFolder)).toBeUndefined();
  },
);
