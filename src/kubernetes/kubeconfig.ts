/**
 * A kubeconfig: clusters, users, and contexts that pair them, as kubectl reads it. Read from a file it may name other
 * files and programs; one that came from somewhere else, such as a secret, must not (`refuseReferences`).
 */
import { isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { errorMessage, PilotError } from '../base/errors.js';

/** A value that stands in the kubeconfig, or the path of the file that holds it. */
export type Material = { readonly text: string } | { readonly file: string };

/** A cluster's API server. */
export interface KubeconfigCluster {
  readonly server: URL;
  /** Certificates to trust; those of the system when absent. */
  readonly ca?: Material;
  /** Name that the server's certificate has to be for, in place of the host. */
  readonly serverName?: string;
  /** The server's certificate is not checked. */
  readonly insecure: boolean;
  /** HTTP proxy to connect through. */
  readonly proxy?: URL;
}

/** A program that prints credentials. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What to do when the program is missing. */
  readonly installHint?: string;
  /** The program is told about the cluster. */
  readonly provideClusterInfo: boolean;
  /** What the kubeconfig says of the cluster for this program. */
  readonly config?: unknown;
}

/** Who to be. */
export interface KubeconfigUser {
  readonly token?: Material;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly cert?: Material;
  readonly key?: Material;
  readonly exec?: ExecPlugin;
  /** Somebody else to act as. */
  readonly actAs?: { readonly user: string; readonly groups: readonly string[] };
}

/** A cluster and a user under one name. */
export interface KubeconfigContext {
  readonly name: string;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
  /** The namespace of objects that name none. */
  readonly namespace?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** A kubeconfig whose entries have been read by name and not been looked at any closer. */
export interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
  readonly contexts: ReadonlyMap<string, Entry>;
}

interface Entry {
  readonly fields: Fields;
  /** Where the entry stands, for messages. */
  readonly source: string;
  /** Relative paths of the entry are relative to this folder. */
  readonly folder: string;
}

/**
 * Reads the text of a kubeconfig, which is YAML or JSON.
 *
 * @param source for messages: the path of a file, or what else the text is from.
 * @param folder that relative paths are relative to.
 * @throws PilotError KUBECONFIG_INVALID.
 */
export function parseKubeconfig(text: string, source: string, folder: string): Kubeconfig {
  const document = parseYaml(text, source);
  if (!isFields(document)) throw invalid(source, 'is no kubeconfig: it has to be an object');
  const entries = (list: string, field: string): ReadonlyMap<string, Entry> => {
    const values = document[list] ?? [];
    if (!Array.isArray(values)) throw invalid(source, `${list} has to be a list`);
    const named = values.map((value: unknown): [string, Entry] => {
      const name = isFields(value) ? textField(value, 'name', source) : undefined;
      const fields = isFields(value) ? (value[field] ?? {}) : undefined;
      if (name === undefined || !isFields(fields))
        throw invalid(source, `each of ${list} has to have a name and a ${field}`);
      return [name, { fields, source, folder }];
    });
    // Of two entries of one name the first counts.
    return new Map(named.reverse());
  };
  return {
    currentContext: textField(document, 'current-context', source) ?? '',
    clusters: entries('clusters', 'cluster'),
    users: entries('users', 'user'),
    contexts: entries('contexts', 'context'),
  };
}

/** Several kubeconfigs as one: of entries of one name, and of current contexts, the first counts. */
export function mergeKubeconfigs(kubeconfigs: readonly Kubeconfig[]): Kubeconfig {
  const merge = (pick: (kubeconfig: Kubeconfig) => ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> =>
    new Map(kubeconfigs.toReversed().flatMap((kubeconfig) => [...pick(kubeconfig)]));
  return {
    currentContext: kubeconfigs.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
    clusters: merge(({ clusters }) => clusters),
    users: merge(({ users }) => users),
    contexts: merge(({ contexts }) => contexts),
  };
}

/**
 * A context of a kubeconfig, the current one when no name is given.
 * @throws PilotError KUBECONFIG_INVALID.
 */
export function selectContext(kubeconfig: Kubeconfig, name = kubeconfig.currentContext): KubeconfigContext {
  const known = [...kubeconfig.contexts.keys()].sort().join(', ');
  if (name === '') {
    throw new PilotError('KUBECONFIG_INVALID', 'the kubeconfig has no current context', {
      hint: `Name one of its contexts: ${known === '' ? 'there is none' : known}.`,
    });
  }
  const context = kubeconfig.contexts.get(name);
  if (context === undefined) {
    throw new PilotError('KUBECONFIG_INVALID', `the kubeconfig has no context "${name}"`, {
      hint: known === '' ? 'It has no contexts at all.' : `It has ${known}.`,
    });
  }
  const namespace = textField(context.fields, 'namespace', context.source);
  return {
    name,
    cluster: readCluster(entryOf(kubeconfig.clusters, context, 'cluster', name)),
    user: readUser(entryOf(kubeconfig.users, context, 'user', name), kubeconfig, context),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/**
 * Refuses a context that reads files or runs programs of this machine: what Istio refuses of a remote secret
 * (Istio reference 2.12), since whoever may write the secret would have the say over this machine.
 * @throws PilotError KUBECONFIG_INVALID.
 */
export function refuseReferences({ name, cluster, user }: KubeconfigContext): void {
  const isFile = (material: Material | undefined): boolean => material !== undefined && 'file' in material;
  const found = [
    isFile(cluster.ca) ? 'certificate-authority' : undefined,
    cluster.insecure ? 'insecure-skip-tls-verify' : undefined,
    isFile(user.token) ? 'tokenFile' : undefined,
    isFile(user.cert) ? 'client-certificate' : undefined,
    isFile(user.key) ? 'client-key' : undefined,
    user.exec === undefined ? undefined : 'exec',
    user.actAs === undefined ? undefined : 'as',
  ].find((field) => field !== undefined);
  if (found === undefined) return;
  throw new PilotError('KUBECONFIG_INVALID', `context "${name}" uses ${found}, which is not allowed here`, {
    hint: 'Put the certificates and a token into the kubeconfig itself.',
  });
}

function entryOf(
  entries: ReadonlyMap<string, Entry>,
  context: Entry,
  what: 'cluster' | 'user',
  name: string,
): Entry {
  const named = textField(context.fields, what, context.source) ?? '';
  const entry = entries.get(named);
  // A context without a user is one of nobody in particular.
  if (entry === undefined && what === 'user' && named === '') return { ...context, fields: {} };
  if (entry === undefined)
    throw invalid(context.source, `context "${name}" names the ${what} "${named}", which there is not`);
  return entry;
}

function readCluster({ fields, source, folder }: Entry): KubeconfigCluster {
  const ca = material(fields, 'certificate-authority', { source, folder });
  const serverName = textField(fields, 'tls-server-name', source);
  const proxy = textField(fields, 'proxy-url', source);
  return {
    server: urlOf(textField(fields, 'server', source), 'server', ['https:', 'http:'], source),
    insecure: fields['insecure-skip-tls-verify'] === true,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(proxy === undefined ? {} : { proxy: urlOf(proxy, 'proxy-url', ['http:'], source) }),
  };
}

function readUser({ fields, source, folder }: Entry, kubeconfig: Kubeconfig, context: Entry): KubeconfigUser {
  if (fields['auth-provider'] !== undefined) {
    throw new PilotError('KUBECONFIG_INVALID', `${source}: auth-provider is not supported`, {
      hint: 'Use an exec plugin of the provider, or a token.',
    });
  }
  const place = { source, folder };
  const token = textField(fields, 'token', source);
  const tokenFile = textField(fields, 'tokenFile', source);
  const username = textField(fields, 'username', source);
  const cert = material(fields, 'client-certificate', place);
  const key = material(fields, 'client-key', place);
  const actAs = textField(fields, 'as', source);
  const { exec } = fields;
  return {
    // A file that may be renewed counts more than the token that it held once.
    ...(tokenFile !== undefined
      ? { token: { file: absolute(tokenFile, folder) } }
      : token !== undefined && { token: { text: token } }),
    ...(username !== undefined && {
      basic: { username, password: textField(fields, 'password', source) ?? '' },
    }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(isFields(exec) && { exec: readExec(exec, place, execConfig(kubeconfig, context)) }),
    ...(actAs !== undefined && { actAs: { user: actAs, groups: textList(fields['as-groups']) } }),
  };
}

function readExec(exec: Fields, { source, folder }: Place, config: unknown): ExecPlugin {
  const command = textField(exec, 'command', source);
  if (command === undefined) throw invalid(source, 'an exec plugin has to have a command');
  const installHint = textField(exec, 'installHint', source);
  const env: readonly unknown[] = Array.isArray(exec['env']) ? exec['env'] : [];
  return {
    apiVersion: textField(exec, 'apiVersion', source) ?? 'client.authentication.k8s.io/v1',
    // A bare name is looked up in the PATH.
    command: command.includes('/') ? absolute(command, folder) : command,
    args: textList(exec['args']),
    env: Object.fromEntries(
      env
        .filter(isFields)
        .map((variable) => [
          textField(variable, 'name', source) ?? '',
          textField(variable, 'value', source) ?? '',
        ]),
    ),
    provideClusterInfo: exec['provideClusterInfo'] === true,
    ...(installHint === undefined ? {} : { installHint }),
    ...(config === undefined ? {} : { config }),
  };
}

/** The extension of a cluster that is meant for exec plugins. */
function execConfig({ clusters }: Kubeconfig, context: Entry): unknown {
  const extensions = clusters.get(textField(context.fields, 'cluster', context.source) ?? '')?.fields[
    'extensions'
  ];
  const found = (Array.isArray(extensions) ? extensions.filter(isFields) : []).find(
    ({ name }) => name === 'client.authentication.k8s.io/exec',
  );
  return found?.['extension'];
}

interface Place {
  readonly source: string;
  readonly folder: string;
}

function material(fields: Fields, name: string, { source, folder }: Place): Material | undefined {
  const data = textField(fields, `${name}-data`, source);
  if (data !== undefined) return { text: Buffer.from(data, 'base64').toString('utf8') };
  const file = textField(fields, name, source);
  return file === undefined ? undefined : { file: absolute(file, folder) };
}

function absolute(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function urlOf(text: string | undefined, name: string, protocols: readonly string[], source: string): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol)) return url;
  const wanted = protocols.map((protocol) => `${protocol}//`).join(' or ');
  throw invalid(source, `${name} "${text ?? ''}" is not a URL that begins with ${wanted}`);
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function textField(fields: Fields, name: string, source: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw invalid(source, `${name} has to be a string`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(source, `cannot be parsed: ${errorMessage(error)}`);
  }
}

function invalid(source: string, message: string): PilotError {
  return new PilotError('KUBECONFIG_INVALID', `${source}: ${message}`);
}
