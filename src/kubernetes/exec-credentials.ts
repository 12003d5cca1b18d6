/** Credentials that a program prints: the plugins of `client.authentication.k8s.io`, as kubectl runs them. */
import { spawn } from 'node:child_process';
import { errorMessage, PilotError, systemErrorCode } from '../base/errors.js';
import type { ExecPlugin } from './kubeconfig.js';

/** What a plugin gave. */
export interface ExecCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds since the epoch; absent when it does not end by itself. */
  readonly expires?: number;
}

/** What a plugin may be told of the cluster. */
export interface ExecCluster {
  readonly server: string;
  readonly serverName?: string;
  readonly insecure: boolean;
  readonly ca?: string;
}

/** A plugin may ask a person something, but not for ever. */
const timeoutMs = 60_000;

/** More than this is no credential. */
const longestOutput = 1_000_000;

/** Runs a plugin when there is no credential yet or the last one ended or was refused; never twice at a time. */
export class ExecCredentials {
  #running: { readonly key: string; readonly credential: Promise<ExecCredential> } | undefined;
  #last: { readonly key: string; readonly credential: ExecCredential } | undefined;

  /** The credential of now. @throws PilotError KUBECONFIG_INVALID when the plugin does not give one. */
  async get(plugin: ExecPlugin, cluster: ExecCluster): Promise<ExecCredential> {
    const key = JSON.stringify([plugin, cluster]);
    if (this.#last?.key === key && (this.#last.credential.expires ?? Infinity) > Date.now())
      return this.#last.credential;
    if (this.#running?.key !== key) this.#running = { key, credential: this.#run(key, plugin, cluster) };
    return this.#running.credential;
  }

  /** Forgets the credential: it is not accepted any more. */
  forget(): void {
    this.#last = undefined;
  }

  async #run(key: string, plugin: ExecPlugin, cluster: ExecCluster): Promise<ExecCredential> {
    try {
      const credential = await runPlugin(plugin, cluster);
      this.#last = { key, credential };
      return credential;
    } finally {
      if (this.#running?.key === key) this.#running = undefined;
    }
  }
}

async function runPlugin(plugin: ExecPlugin, cluster: ExecCluster): Promise<ExecCredential> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(plugin.provideClusterInfo && { cluster: clusterInfo(cluster, plugin.config) }),
    },
  };
  const text = await outputOf(plugin, { ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) });
  return readCredential(text, plugin);
}

function clusterInfo({ server, serverName, insecure, ca }: ExecCluster, config: unknown): unknown {
  return {
    server,
    ...(serverName === undefined ? {} : { 'tls-server-name': serverName }),
    ...(insecure && { 'insecure-skip-tls-verify': true }),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(config === undefined ? {} : { config }),
  };
}

function outputOf(plugin: ExecPlugin, env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, [...plugin.args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length > longestOutput) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    child.once('error', (error) => reject(pluginError(plugin, missingText(error))));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(pluginError(plugin, `ended with ${signal ?? code ?? 'no code'}${said && `: ${said.trim()}`}`));
    });
  });
}

function missingText(error: Error): string {
  return systemErrorCode(error) === 'ENOENT' ? 'does not exist' : `cannot be run: ${error.message}`;
}

function readCredential(text: string, plugin: ExecPlugin): ExecCredential {
  const status = statusOf(text, plugin);
  const field = (name: string): string | undefined => {
    const value = status[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const token = field('token');
  const cert = field('clientCertificateData');
  const key = field('clientKeyData');
  if (token === undefined && (cert === undefined || key === undefined))
    throw pluginError(plugin, 'printed neither a token nor a client certificate with its key');
  const expires = Date.parse(field('expirationTimestamp') ?? '');
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

function statusOf(text: string, plugin: ExecPlugin): Readonly<Record<string, unknown>> {
  try {
    const credential = JSON.parse(text) as { readonly status?: Readonly<Record<string, unknown>> } | null;
    return credential?.status ?? {};
  } catch (error) {
    throw pluginError(plugin, `printed what is no ExecCredential: ${errorMessage(error)}`);
  }
}

function pluginError({ command, installHint }: ExecPlugin, what: string): PilotError {
  return new PilotError(
    'KUBECONFIG_INVALID',
    `the credential plugin ${command} ${what}`,
    installHint === undefined ? {} : { hint: installHint },
  );
}
