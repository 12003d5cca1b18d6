/** `pilotlight ca`: a mesh CA, and certificates for workloads. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { PilotError, errorMessage, systemErrorCode } from '../../base/errors.js';
import type { CertificateAuthority } from '../../ca/certificate-authority.js';
import { writeAuthorityFiles, writeCertificateFolder } from '../../ca/certificate-folder.js';
import { keyTypes, type KeyType } from '../../ca/keys.js';
import { spiffeUri } from '../../model/spiffe.js';
import { parseDuration } from '../../settings/setting.js';
import {
  exitCodes,
  listOption,
  switchOption,
  textOption,
  type Command,
  type CommandContext,
  type OptionValues,
} from '../command.js';

const dayMs = 24 * 3_600_000;
const defaultFolder = 'mesh-ca';

export const caCommand: Command = {
  name: 'ca',
  summary: 'make a mesh CA, and certificates for workloads',
  description: `\`ca init\` makes a CA for the occasion: ca.crt and ca.key in a folder. \`ca issue\` makes a certificate of a service account by it, or by a CA of your own: tls.crt, tls.key and ca.crt in a folder, as \`bootstrap --certificates\` takes it. Keys are written for you alone. Nothing is replaced without --force; Envoys follow a folder that is replaced.`,
  arguments: [{ name: '<init|issue>', help: 'what to do' }],
  options: [
    { flags: '-d, --directory <DIR>', help: 'the folder of the CA', default: defaultFolder },
    {
      flags: '--ca-cert <FILE>',
      help: 'issue: a CA of your own, in PEM, followed by those that lead from it to its root',
    },
    { flags: '--ca-key <FILE>', help: 'issue: its key, in PEM, without a passphrase' },
    { flags: '--namespace <namespace>', help: 'issue: namespace of the workload', default: 'default' },
    { flags: '--service-account <name>', help: 'issue: service account of the workload', default: 'default' },
    { flags: '--trust-domain <domain>', help: 'issue: as in mesh.yaml', default: 'cluster.local' },
    {
      flags: '--dns <name>',
      help: 'issue: a DNS name that the certificate is for as well (repeatable)',
      repeatable: true,
    },
    { flags: '--ip <address>', help: 'issue: an IP address, likewise (repeatable)', repeatable: true },
    {
      flags: '-o, --output <DIR>',
      help: 'issue: where to write it (default: DIR/NAMESPACE/SERVICE-ACCOUNT)',
    },
    { flags: '--name <name>', help: 'init: common name of the CA', default: 'mesh CA' },
    { flags: '--key-type <type>', help: 'kind of key', choices: keyTypes, default: 'ecdsa-p256' },
    {
      flags: '--lifetime <duration>',
      help: 'how long it is valid, such as 12h or 30d (default: 3650d for a CA, 90d for a certificate)',
    },
    { flags: '--force', help: 'replace what is there' },
  ],
  examples: [
    { line: 'pilotlight ca init', says: `a CA in ${defaultFolder}` },
    {
      line: 'pilotlight ca issue --namespace shop --service-account web',
      says: `spiffe://cluster.local/ns/shop/sa/web, in ${defaultFolder}/shop/web`,
    },
    {
      line: 'pilotlight ca issue --service-account pilot --ip 127.0.0.1 --dns localhost',
      says: 'one for `pilotlight serve --tls-cert … --tls-key …`',
    },
    {
      line: 'pilotlight ca issue --ca-cert chain.pem --ca-key ca.key --lifetime 24h -o certs',
      says: 'by a CA of your own',
    },
  ],
  run: (context) => {
    const [action = ''] = context.arguments;
    switch (action) {
      case 'init':
        return init(context);
      case 'issue':
        return issue(context);
      default:
        throw new PilotError('USAGE', `ca: "${action}" is neither init nor issue`);
    }
  },
};

async function init({ options, output }: CommandContext): Promise<number> {
  for (const flag of ['--ca-cert', '--ca-key', '--dns', '--ip', '--output'])
    if (options[camelCase(flag)] !== undefined) throw new PilotError('USAGE', `${flag} is for \`ca issue\``);
  const folder = required(options, 'directory');
  const { CertificateAuthority: authorities } = await authorityModule();
  const authority = await authorities.create({
    name: required(options, 'name'),
    keyType: keyTypeOption(options),
    lifetime: lifetimeOption(options, 3650 * dayMs),
  });
  await writeAuthorityFiles(
    folder,
    { 'ca.crt': authority.chain, 'ca.key': await authority.key() },
    { replace: switchOption(options, 'force') },
  );
  output.result(`${folder}: a CA, valid until ${dateOf(authority.notAfter)}\n`);
  return exitCodes.ok;
}

async function issue({ options, output }: CommandContext): Promise<number> {
  const namespace = nameOption(options, 'namespace');
  const account = nameOption(options, 'serviceAccount');
  const uri = spiffeUri(trustDomainOption(options), namespace, account);
  const authority = await openAuthority(options);
  const issued = await authority.issue({
    uri,
    dns: listOption(options, 'dns').map(checkedDnsName),
    ips: listOption(options, 'ip').map(checkedAddress),
    keyType: keyTypeOption(options),
    lifetime: lifetimeOption(options, 90 * dayMs),
  });
  const folder = textOption(options, 'output') ?? join(required(options, 'directory'), namespace, account);
  await writeCertificateFolder(
    folder,
    { 'tls.crt': issued.chain, 'tls.key': issued.key, 'ca.crt': issued.roots },
    { replace: switchOption(options, 'force') },
  );
  output.result(`${folder}: ${uri}, valid until ${dateOf(issued.notAfter)}\n`);
  if (issued.notAfter.getTime() === authority.notAfter.getTime())
    output.say(`It is valid no longer than the CA itself, which ends on ${dateOf(authority.notAfter)}.`);
  return exitCodes.ok;
}

async function openAuthority(options: OptionValues): Promise<CertificateAuthority> {
  const [cert, key] = [textOption(options, 'caCert'), textOption(options, 'caKey')];
  if ((cert === undefined) !== (key === undefined))
    throw new PilotError('USAGE', '--ca-cert and --ca-key are given together or not at all');
  const folder = required(options, 'directory');
  const files = { chain: cert ?? join(folder, 'ca.crt'), key: key ?? join(folder, 'ca.key') };
  const [chainPem, keyPem] = await Promise.all([readPem(files.chain), readPem(files.key)]);
  const { CertificateAuthority: authorities } = await authorityModule();
  return authorities.fromPem({ chain: chainPem, key: keyPem }, files);
}

/** Loaded when it is needed: no other command has a use for certificates, and it takes its time. */
function authorityModule() {
  return import('../../ca/certificate-authority.js');
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    const missing = systemErrorCode(error) === 'ENOENT';
    throw new PilotError(
      'TLS_INVALID',
      `${path}: ${missing ? 'there is no such file' : errorMessage(error)}`,
      {
        ...(missing && {
          hint: '`pilotlight ca init` makes a CA; --directory, or --ca-cert and --ca-key, name one.',
        }),
        cause: error,
      },
    );
  }
}

function keyTypeOption(options: OptionValues): KeyType {
  const name = required(options, 'keyType');
  return keyTypes.find((type) => type === name) ?? 'ecdsa-p256';
}

/** A duration as everywhere, and days. */
function lifetimeOption(options: OptionValues, usual: number): number {
  const text = textOption(options, 'lifetime');
  if (text === undefined) return usual;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  try {
    const lifetime = days === undefined ? parseDuration(text) : Number(days) * dayMs;
    if (lifetime > 0) return lifetime;
  } catch (error) {
    throw new PilotError('USAGE', `--lifetime: "${text}" is not a duration such as 12h or 30d`, {
      cause: error,
    });
  }
  throw new PilotError('USAGE', '--lifetime must be more than nothing');
}

/** A name of Kubernetes: anything else would say something else in a SPIFFE id. */
function nameOption(options: OptionValues, name: 'namespace' | 'serviceAccount'): string {
  const value = required(options, name);
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value) && value.length <= 253) return value;
  throw new PilotError(
    'USAGE',
    `${flagOf(name)}: "${value}" is not a name of small letters, digits, "-" and "."`,
  );
}

function trustDomainOption(options: OptionValues): string {
  const value = required(options, 'trustDomain');
  if (/^[a-z0-9._-]+$/.test(value)) return value;
  throw new PilotError(
    'USAGE',
    `--trust-domain: "${value}" is not a trust domain of small letters, digits, ".", "-" and "_"`,
  );
}

function checkedDnsName(name: string): string {
  if (/^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(name)) return name;
  throw new PilotError('USAGE', `--dns: "${name}" is not a DNS name`);
}

function checkedAddress(address: string): string {
  if (isIP(address) !== 0) return address;
  throw new PilotError('USAGE', `--ip: "${address}" is not an IP address`);
}

function required(options: OptionValues, name: string): string {
  const value = textOption(options, name);
  if (value === undefined || value === '') throw new PilotError('USAGE', `${flagOf(name)} must not be empty`);
  return value;
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function camelCase(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function dateOf(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
