import { beforeAll, describe, expect, it } from 'vitest';
import type { ConfigMap, Secret as SecretSpec } from '../../../../src/config/kinds/kubernetes.js';
import { Secret, type SecretMessage } from '../../../../src/envoy/messages.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../../src/mesh/snapshot.js';
import type { Proxy, ProxyConnection } from '../../../../src/model/proxy.js';
import { Memo } from '../../../../src/translate/memo.js';
import { KubernetesSecrets, type SecretRights } from '../../../../src/translate/secret/kubernetes-secrets.js';
import type { SecretAnswer } from '../../../../src/translate/secret/secret-source.js';
import { translateSecrets } from '../../../../src/translate/secret/secrets.js';
import { CertificateAuthority, type IssuedCertificate } from '../../../certificate-authority.js';
import { object, proxyOf, snapshotOf } from '../../mesh/builders.js';

const local: ProxyConnection = { kind: 'local' };
const certified = (namespace: string, serviceAccount = 'edge'): ProxyConnection => ({
  kind: 'certified',
  identities: [{ namespace, serviceAccount }],
});

let pair: IssuedCertificate;
let ca: string;

beforeAll(async () => {
  const authority = await CertificateAuthority.create();
  ca = authority.cert;
  pair = await authority.issue({ dns: ['web.example.com'] });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function mesh(
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
  configMaps: Readonly<Record<string, ConfigMap['data']>> = {},
): Snapshot {
  const encoded = (data: Readonly<Record<string, string>>): SecretSpec['data'] =>
    Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
  return snapshotOf({
    objects: {
      secrets: Object.entries(secrets).map(([key, data]) => object('Secret', key, { data: encoded(data) })),
      configMaps: Object.entries(configMaps).map(([key, data]) => object('ConfigMap', key, { data })),
    },
  });
}

interface Asked {
  readonly connection?: ProxyConnection | undefined;
  readonly rights?: SecretRights;
  readonly metadata?: object;
  readonly memo?: Memo;
}

function proxy({ connection = local, metadata = {} }: Asked): Proxy {
  return { ...proxyOf('edge', { ...metadata }, 'router'), connection };
}

function ask(snapshot: Snapshot, name: string, asked: Asked = {}): SecretAnswer | undefined {
  const source = new KubernetesSecrets(() => 'Kubernetes', asked.rights);
  const { connection: _, ...unknown } = proxy(asked);
  const who = 'connection' in asked && asked.connection === undefined ? unknown : proxy(asked);
  return source.secret(resolveProxy(snapshot, who), name, asked.memo ?? new Memo());
}

function secret(answer: SecretAnswer | undefined): SecretMessage {
  if (answer?.resource === undefined) throw new Error(`no secret: ${JSON.stringify(answer)}`);
  return Secret.decode(answer.resource.body);
}

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();
const reason = (answer: SecretAnswer | undefined): string | undefined => {
  expect(answer?.resource).toBeUndefined();
  return answer?.problem?.message;
};

describe('a Secret', () => {
  it('of either form is a certificate with its key, under the name that was asked for', () => {
    for (const data of [
      { 'tls.crt': pair.cert, 'tls.key': pair.key },
      { cert: pair.cert, key: pair.key },
    ]) {
      const { name, tlsCertificate } = secret(ask(mesh({ 'edge/web': data }), 'kubernetes://web'));
      expect(name).toBe('kubernetes://web');
      expect(text(tlsCertificate?.certificateChain?.inlineBytes)).toBe(pair.cert);
      expect(text(tlsCertificate?.privateKey?.inlineBytes)).toBe(pair.key);
    }
  });

  it('with both forms counts by its generic keys', () => {
    const data = { cert: pair.cert, key: 'generic', 'tls.crt': ca, 'tls.key': 'of TLS' };
    const { tlsCertificate } = secret(ask(mesh({ 'edge/web': data }), 'kubernetes://web'));
    expect(text(tlsCertificate?.privateKey?.inlineBytes)).toBe('generic');
  });

  it('gives what proves that its certificate is not revoked', () => {
    const data = { 'tls.crt': pair.cert, 'tls.key': pair.key, 'tls.ocsp-staple': 'staple' };
    const { tlsCertificate } = secret(ask(mesh({ 'edge/web': data }), 'kubernetes://web'));
    expect(text(tlsCertificate?.ocspStaple?.inlineBytes)).toBe('staple');
  });

  it('gives the CA for clients, of its own Secret or of that of the certificate, with what is revoked', () => {
    const beside = { 'tls.crt': pair.cert, 'tls.key': pair.key, 'ca.crt': ca, 'ca.crl': 'revoked' };
    const name = 'kubernetes://web-cacert';
    const found = secret(ask(mesh({ 'edge/web': beside }), name)).validationContext;
    expect(text(found?.trustedCa?.inlineBytes)).toBe(ca);
    expect(text(found?.crl?.inlineBytes)).toBe('revoked');
    const own = mesh({ 'edge/web': beside, 'edge/web-cacert': { cacert: `${ca}\n` } });
    expect(text(secret(ask(own, name)).validationContext?.trustedCa?.inlineBytes)).toBe(`${ca}\n`);
  });

  it('is the very same resource as long as it has the same content', () => {
    const snapshot = mesh({ 'edge/web': { cert: pair.cert, key: pair.key } });
    const memo = new Memo();
    const first = ask(snapshot, 'kubernetes://web', { memo });
    expect(ask(snapshot, 'kubernetes://web', { memo })?.resource).toBe(first?.resource);
  });

  it('that is not there, or lacks something, is missed by name and with no word of its content', () => {
    expect(reason(ask(mesh({}), 'kubernetes://web'))).toBe('there is no Secret edge/web');
    expect(reason(ask(mesh({}), 'kubernetes://web-cacert'))).toBe('there is no Secret edge/web');
    const keyOnly = mesh({ 'edge/web': { 'tls.key': pair.key, 'tls.crt': '' } });
    expect(reason(ask(keyOnly, 'kubernetes://web'))).toBe(
      'Secret edge/web has neither cert and key nor tls.crt and tls.key; it has tls.crt, tls.key',
    );
    expect(reason(ask(keyOnly, 'kubernetes://web-cacert'))).toBe(
      'Secret edge/web has neither cacert nor ca.crt; it has tls.crt, tls.key',
    );
  });

  it('that holds no certificate is given, for Envoy to refuse, and said to hold none', () => {
    const answer = ask(mesh({ 'edge/web': { cert: 'nonsense', key: pair.key } }), 'kubernetes://web');
    expect(text(secret(answer).tlsCertificate?.certificateChain?.inlineBytes)).toBe('nonsense');
    expect(answer?.problem?.message).toBe('Secret edge/web holds something else than a certificate in PEM');
  });
});

describe('a ConfigMap', () => {
  it('gives a CA to proxies of all namespaces', () => {
    const snapshot = mesh({}, { 'shop/roots': { 'ca.crt': ca } });
    for (const name of ['configmap://shop/roots', 'configmap://shop/roots-cacert'])
      expect(text(secret(ask(snapshot, name)).validationContext?.trustedCa?.inlineBytes)).toBe(ca);
    expect(reason(ask(snapshot, 'configmap://shop/others'))).toBe('there is no ConfigMap shop/others');
  });
});

describe('who may have a Secret', () => {
  const snapshot = (): Snapshot =>
    mesh(
      {
        'edge/web': { cert: pair.cert, key: pair.key, cacert: ca },
        'shop/web': { cert: pair.cert, key: pair.key },
      },
      { 'shop/roots': { cacert: ca } },
    );

  it('is nobody who has shown no certificate and is not on this machine', () => {
    for (const name of ['kubernetes://web', 'kubernetes://web-cacert', 'configmap://shop/roots'])
      expect(reason(ask(snapshot(), name, { connection: undefined }))).toBe(
        'it is not given to web.edge: it has shown no certificate, and secrets are not given to just anybody who connects',
      );
  });

  it('is a proxy of its namespace: by its certificate where it has one, whatever it says of itself', () => {
    expect(ask(snapshot(), 'kubernetes://edge/web')?.resource).toBeDefined();
    expect(reason(ask(snapshot(), 'kubernetes://shop/web'))).toContain('it is of edge');
    const other = { connection: certified('bank') };
    expect(reason(ask(snapshot(), 'kubernetes://edge/web', other))).toContain('it is of bank');
    expect(reason(ask(snapshot(), 'kubernetes://web', other))).toBe('there is no Secret bank/web');
  });

  it('is a proxy whose service account may read Secrets, where the cluster says who may; a CA is for all', () => {
    const rights: SecretRights = { mayReadSecrets: ({ serviceAccount }) => serviceAccount === 'edge' };
    const connection = certified('edge', 'web');
    expect(
      ask(snapshot(), 'kubernetes://web', { rights, connection: certified('edge') })?.resource,
    ).toBeDefined();
    expect(reason(ask(snapshot(), 'kubernetes://web', { rights, connection }))).toBe(
      'it is not given to web.edge: its service account web may not list Secrets of namespace edge',
    );
    expect(ask(snapshot(), 'kubernetes://web-cacert', { rights, connection })?.resource).toBeDefined();
  });

  it('is not told as long as the cluster has not answered, and nothing is said to be wrong', () => {
    const rights: SecretRights = { mayReadSecrets: () => undefined };
    expect(ask(snapshot(), 'kubernetes://web', { rights, connection: certified('edge') })).toEqual({});
  });

  it('is no proxy of another cluster', () => {
    expect(reason(ask(snapshot(), 'kubernetes://web', { metadata: { CLUSTER_ID: 'far' } }))).toContain(
      'only Secrets of Kubernetes are read',
    );
  });
});

describe('names', () => {
  it('of other schemes are for other sources', () => {
    for (const name of ['default', 'ROOTCA', 'file-root:/ca.pem', 'web'])
      expect(ask(mesh({}), name)).toBeUndefined();
  });

  it('that no object can have, and those of the Gateway API, stand for nothing', () => {
    for (const name of [
      'kubernetes://../../x',
      'kubernetes://edge/a?watch=1',
      'kubernetes://',
      'configmap://roots',
      'configmap://Shop/roots',
      'kubernetes-gateway://edge/web',
      'invalid://',
    ])
      expect(reason(ask(mesh({}), name)), name).toContain('it is not given to web.edge');
  });

  it('that nobody knows are said to be unknown', () => {
    const context = resolveProxy(mesh({}), proxy({}));
    const { resources, problems } = translateSecrets(context, new Memo(), new Set(['web']), [
      new KubernetesSecrets(() => 'Kubernetes'),
    ]);
    expect(resources).toEqual([]);
    expect(problems).toEqual([{ subject: 'web', message: 'no secret has a name of this form' }]);
  });
});

describe('objects that are wanted', () => {
  const wanted = (name: string, connection: ProxyConnection = local): readonly string[] =>
    new KubernetesSecrets(() => 'Kubernetes')
      .wanted(proxy({ connection }), name)
      .map(({ kind, namespace, name: own }) => `${kind} ${namespace}/${own}`);

  it('are those that a name can stand for', () => {
    expect(wanted('kubernetes://web')).toEqual(['Secret edge/web']);
    expect(wanted('kubernetes://web-cacert')).toEqual(['Secret edge/web-cacert', 'Secret edge/web']);
    expect(wanted('configmap://shop/roots-cacert')).toEqual(['ConfigMap shop/roots']);
  });

  it('are none that the proxy may not have', () => {
    expect(wanted('kubernetes://shop/web')).toEqual([]);
    expect(wanted('kubernetes://edge/web', certified('bank'))).toEqual([]);
    expect(wanted('default')).toEqual([]);
  });
});
