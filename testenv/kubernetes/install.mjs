/** etcd and kube-apiserver, built from pinned Go modules into the cache, and Istio's CRDs. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from '../cache.mjs';
import { goEnv, goVersion } from '../go.mjs';
import { goTool, moduleVersion } from '../go-tool.mjs';
import { runTool } from '../run-tool.mjs';

const folderOf = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** The module of Istio's API is pinned by that of Istio itself. */
const istioSource = folderOf('../istiod');
const istioApi = 'istio.io/api';

/**
 * Everything that a cluster is started from.
 * @returns {Promise<{ etcd: string, apiServer: string, crds: string }>} paths of two binaries and a YAML file
 * @throws {import('../cache.mjs').NotAvailable} when there is no Go, or an older one than the modules need
 */
export async function kubernetesParts() {
  return { etcd: await etcdBinary(), apiServer: await apiServerBinary(), crds: await istioCrds() };
}

/** The path of etcd. */
export function etcdBinary() {
  return goTool({
    name: 'etcd',
    source: folderOf('etcd'),
    module: 'go.etcd.io/etcd/server/v3',
    main: 'go.etcd.io/etcd/server/v3',
    buildArgs: () => ['-ldflags=-s -w'],
    duration: 'about two minutes on two cores',
  });
}

/** The path of kube-apiserver. */
export function apiServerBinary() {
  return goTool({
    name: 'kube-apiserver',
    source: folderOf('kube-apiserver'),
    module: 'k8s.io/kubernetes',
    main: 'k8s.io/kubernetes/cmd/kube-apiserver',
    buildArgs: (version) => [`-ldflags=-s -w ${versionFlags(version)}`],
    duration: 'about seven minutes on two cores',
  });
}

/** The path of a YAML file with the definitions of Istio's kinds, as its module publishes them. */
export async function istioCrds() {
  const version = await moduleVersion(istioSource, istioApi);
  const folder = await installed(`istio-crds-${version.replace(/^v/, '')}`, async (target) => {
    await goVersion(istioSource, "what reads Istio's API");
    const options = { cwd: istioSource, env: goEnv };
    const said = await runTool('go', ['mod', 'download', '-json', `${istioApi}@${version}`], options);
    const { Dir: directory } = JSON.parse(said);
    await copyFile(
      join(directory, 'kubernetes', 'customresourcedefinitions.gen.yaml'),
      join(target, 'crds.yaml'),
    );
  });
  return join(folder, 'crds.yaml');
}

/** Linker flags by which a server says its own version. @param {string} version such as `v1.36.1` */
function versionFlags(version) {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: 'unknown',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
  };
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
}
