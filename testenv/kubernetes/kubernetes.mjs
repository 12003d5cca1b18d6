/** A real Kubernetes API on free loopback ports: etcd and kube-apiserver with RBAC, and nothing else of a cluster. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { freePorts } from '../ports.mjs';
import { Server, endWithProcess, eventually } from '../process.mjs';
import { KubernetesApi } from './api.mjs';
import { ClientAuthority, TokenSigner, tokenIssuer } from './credentials.mjs';
import { kubernetesParts } from './install.mjs';

const adminToken = 'admin-token';

/**
 * A running API. No controller runs beside it: nobody derives EndpointSlices, and a namespace that is deleted stays
 * in Terminating.
 */
export class Kubernetes {
  /** @type {string} */
  #folder;
  /** @type {Server} */
  #etcd;
  /** @type {Server | undefined} */
  #apiServer;
  #parts;
  #flags;
  #signer;
  #clients;
  /** The API as one who may do everything. @type {KubernetesApi} */
  api;
  /** URL of the API server; it stays the same when the server is stopped and started. @type {string} */
  server;
  /** Certificate that clients check the server by. @type {string} */
  ca;
  /** URL of etcd. @type {string} */
  etcd;

  /**
   * @param {{ folder: string, etcdServer: Server, etcd: string, port: number, parts: { apiServer: string, crds: string },
   *   flags: readonly string[], signer: TokenSigner, clients: ClientAuthority }} options
   */
  constructor({ folder, etcdServer, etcd, port, parts, flags, signer, clients }) {
    this.#folder = folder;
    this.#etcd = etcdServer;
    this.#parts = parts;
    this.#flags = flags;
    this.#signer = signer;
    this.#clients = clients;
    this.etcd = etcd;
    this.server = `https://127.0.0.1:${port}`;
    this.ca = '';
    this.api = new KubernetesApi({ server: this.server, ca: '', token: adminToken });
  }

  /**
   * Starts both servers and waits until the API is ready.
   * @param {{ flags?: readonly string[] }} [options] further flags of kube-apiserver
   */
  static async start({ flags = [] } = {}) {
    const parts = await kubernetesParts();
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-kubernetes-'));
    await mkdir(join(folder, 'certs'));
    const signer = new TokenSigner();
    const clients = await ClientAuthority.create();
    // Token, user, uid, groups: this group is allowed everything.
    await writeFile(join(folder, 'tokens.csv'), `${adminToken},admin,1,"system:masters"\n`);
    await writeFile(join(folder, 'sa.key'), signer.pem);
    await writeFile(join(folder, 'clients.crt'), clients.pem);
    const [client, peer, port] = await freePorts(3);
    const etcd = `http://127.0.0.1:${client}`;
    const etcdServer = new Server('etcd', parts.etcd, etcdFlags(folder, client ?? 0, peer ?? 0));
    endWithProcess(etcdServer);
    const kubernetes = new Kubernetes({
      folder,
      etcdServer,
      etcd,
      port: port ?? 0,
      parts,
      flags: [...apiServerFlags(folder, etcd, port ?? 0), ...flags],
      signer,
      clients,
    });
    try {
      await etcdServer.until('being healthy', async () => (await fetch(`${etcd}/health`)).ok || undefined);
      await kubernetes.startApiServer();
    } catch (error) {
      await kubernetes.stop();
      throw error;
    }
    return kubernetes;
  }

  /** Starts the API server, again after it was stopped. */
  async startApiServer() {
    const server = new Server('kube-apiserver', this.#parts.apiServer, this.#flags);
    endWithProcess(server);
    this.#apiServer = server;
    this.ca = await server.until('its certificate', () =>
      readFile(join(this.#folder, 'certs', 'apiserver.crt'), 'utf8'),
    );
    this.api.close();
    this.api = new KubernetesApi({ server: this.server, ca: this.ca, token: adminToken });
    await server.until(
      'being ready',
      async () => (await this.api.ask('GET', '/readyz')) === 'ok' || undefined,
    );
    // The namespace is made a moment after the server is ready.
    await server.until('the default namespace', () => this.api.ask('GET', '/api/v1/namespaces/default'));
  }

  /** Stops the API server; what it stored is there when it is started again. @param {NodeJS.Signals} [signal] */
  async stopApiServer(signal = 'SIGKILL') {
    await this.#apiServer?.stop(signal);
    this.#apiServer = undefined;
  }

  /** Stops everything. */
  async stop() {
    this.api.close();
    await this.stopApiServer();
    await this.#etcd.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What the API server printed since it was started last. */
  get output() {
    return this.#apiServer?.output ?? '';
  }

  /**
   * A kubeconfig of one context, `test`.
   * @param {{ server?: string, user?: Readonly<Record<string, unknown>> }} [options] server: another way to the API;
   *   user: what kubeconfig says of a user, by default one who may do everything
   */
  kubeconfig({ server = this.server, user = { token: adminToken } } = {}) {
    const cluster = { server, 'certificate-authority-data': Buffer.from(this.ca).toString('base64') };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    });
  }

  /** Makes a namespace if there is none. @param {string} name @param {Readonly<Record<string, string>>} [labels] */
  async createNamespace(name, labels = {}) {
    await this.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }

  /**
   * Makes a service account that may do what the rules say, anywhere.
   * @param {string} namespace @param {string} name @param {readonly unknown[]} rules of a ClusterRole
   */
  async createServiceAccount(namespace, name, rules) {
    await this.createNamespace(namespace);
    await this.api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
    await this.grant(`${namespace}-${name}`, rules, { kind: 'ServiceAccount', name, namespace });
  }

  /**
   * Lets somebody do what the rules say, and no more than that; a later call under the same name takes its place.
   * @param {string} name @param {readonly unknown[]} rules @param {unknown} subject
   */
  async grant(name, rules, subject) {
    const rbac = 'rbac.authorization.k8s.io';
    await this.api.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules });
    await this.api.apply({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [subject],
    });
  }

  /** A token of a service account. @param {string} namespace @param {string} name @param {number} [seconds] until it ends */
  async token(namespace, name, seconds = 3600) {
    const { metadata } = await this.api.get({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
    });
    return this.#signer.token({ namespace, name, uid: metadata.uid }, seconds);
  }

  /** A client certificate and its key, as PEM. @param {string} user @param {string} [group] @param {number} [seconds] until it ends */
  clientCertificate(user, group, seconds) {
    return this.#clients.issue(user, group, seconds);
  }

  /** The definitions of Istio's kinds by `plural.group`. @returns {Promise<Map<string, import('./api.mjs').KubernetesObject>>} */
  async istioCrds() {
    const documents = parseAllDocuments(await readFile(this.#parts.crds, 'utf8'));
    return new Map(
      documents.flatMap((document) => {
        const crd = document.toJS();
        return crd === null ? [] : [[crd.metadata.name, crd]];
      }),
    );
  }

  /** Defines kinds of Istio's, and waits until the API server serves them. @param {readonly string[]} [names] all without */
  async installCrds(names) {
    for (const [name, crd] of await this.istioCrds()) {
      if (names === undefined || names.includes(name)) await this.installCrd(crd);
    }
  }

  /** Defines a kind, and waits until the API server serves it. @param {import('./api.mjs').KubernetesObject} crd */
  async installCrd(crd) {
    await this.api.apply(crd);
    const { group, names, versions } = crd.spec;
    const served = versions.filter((/** @type {any} */ version) => version.served);
    for (const { name } of served) {
      await eventually(`${names.plural}.${group} of ${name}`, () =>
        this.api.ask('GET', `/apis/${group}/${name}/${names.plural}?limit=1`),
      );
    }
  }

  /** Lets etcd forget everything but the newest version of each object. */
  async compact() {
    const key = Buffer.from('compaction').toString('base64');
    const { header } = await this.#askEtcd('/v3/kv/put', { key, value: key });
    await this.#askEtcd('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  /** @param {string} path @param {unknown} body @returns {Promise<any>} */
  async #askEtcd(path, body) {
    const answer = await fetch(`${this.etcd}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

/** @param {string} folder @param {number} client @param {number} peer */
function etcdFlags(folder, client, peer) {
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    '--log-level=warn',
  ];
}

/** @param {string} folder @param {string} etcd @param {number} port */
function apiServerFlags(folder, etcd, port) {
  return [
    `--etcd-servers=${etcd}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--cert-dir=${join(folder, 'certs')}`,
    `--client-ca-file=${join(folder, 'clients.crt')}`,
    `--service-account-issuer=${tokenIssuer}`,
    `--service-account-key-file=${join(folder, 'sa.key')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/12,fd00:96::/108',
    // Nobody makes the default service accounts that this would wait for.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    '--profiling=false',
  ];
}
