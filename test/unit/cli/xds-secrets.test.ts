/** `pilotlight xds --type sds`: the secrets of a gateway, without their keys unless these are asked for. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CertificateAuthority, type IssuedCertificate } from '../../certificate-authority.js';
import { run } from './run-command.js';

let folder: string;
let pair: IssuedCertificate;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-secrets-'));
  pair = await (await CertificateAuthority.create()).issue({ dns: ['web.example.com'] });
  const documents = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'web', namespace: 'edge' },
      stringData: { 'tls.crt': pair.cert, 'tls.key': pair.key, 'ca.crt': pair.cert },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'edge' },
      spec: {
        servers: [
          {
            port: { number: 443, name: 'https', protocol: 'HTTPS' },
            hosts: ['web.example.com'],
            tls: { mode: 'MUTUAL', credentialName: 'web' },
          },
        ],
      },
    },
  ];
  await writeFile(join(folder, 'gateway.yaml'), documents.map((each) => stringify(each)).join('---\n'));
  const metadata = { NAMESPACE: 'edge', CLUSTER_ID: 'Kubernetes', ISTIO_VERSION: '1.31.0' };
  const id = 'router~10.0.0.1~edge.edge~edge.svc.cluster.local';
  await writeFile(join(folder, 'proxies.yaml'), stringify([{ name: 'edge', id, metadata }]));
});

afterEach(() => rm(folder, { recursive: true }));

test('secrets are those that listeners name, and their private keys are left out', async () => {
  for (const output of ['json', 'yaml', 'table']) {
    const { code, result } = await run('xds', folder, '--proxy', 'edge', '--type', 'sds', '-o', output);
    expect(code).toBe(0);
    expect(result).toContain('kubernetes://web-cacert');
    expect(result).not.toContain(Buffer.from(pair.key).toString('base64').slice(0, 60));
  }
  const { result } = await run('xds', folder, '--proxy', 'edge', '--type', 'sds', '-o', 'json');
  expect(JSON.parse(result)).toEqual({
    sds: [
      {
        name: 'kubernetes://web',
        tls_certificate: {
          certificate_chain: { inline_bytes: Buffer.from(pair.cert).toString('base64') },
          private_key: { inline_bytes: '[redacted]' },
        },
      },
      {
        name: 'kubernetes://web-cacert',
        validation_context: { trusted_ca: { inline_bytes: Buffer.from(pair.cert).toString('base64') } },
      },
    ],
  });
});

test('private keys are printed when they are asked for', async () => {
  const { result } = await run(
    'xds',
    folder,
    '--proxy',
    'edge',
    '--type',
    'sds',
    '--show-keys',
    '-o',
    'json',
  );
  expect(JSON.parse(result)).toMatchObject({
    sds: [
      { tls_certificate: { private_key: { inline_bytes: Buffer.from(pair.key).toString('base64') } } },
      {},
    ],
  });
});

test('secrets are in no answer that does not ask for them', async () => {
  const { result } = await run('xds', folder, '--proxy', 'edge', '-o', 'json');
  expect(Object.keys(JSON.parse(result) as object)).not.toContain('sds');
  const cds = await run('xds', folder, '--proxy', 'edge', '--type', 'cds', '-o', 'json');
  expect(Object.keys(JSON.parse(cds.result) as object)).toEqual(['cds']);
});
