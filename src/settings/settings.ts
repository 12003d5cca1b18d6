/** The one table of settings: flags, variables, pilotlight.yaml, help and docs/settings.md are made from it. */
import { address, choice, duration, flag, optionalPath, text, type Setting } from './setting.js';

/** Gives a row its value's type. */
function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

export const settings = {
  directory: setting<string | undefined>({
    key: 'directory',
    flag: '--directory',
    env: ['PILOTLIGHT_DIRECTORY'],
    type: { ...optionalPath, placeholder: 'DIR' },
    default: undefined,
    help: 'The mesh directory to read; the same as the argument DIR.',
  }),
  xdsAddress: setting({
    key: 'xdsAddress',
    flag: '--xds-address',
    env: ['PILOTLIGHT_XDS_ADDRESS'],
    type: address,
    default: { host: '127.0.0.1', port: 15010 },
    help: 'Where ADS is served (plaintext gRPC). Port 0 asks for a free one.',
  }),
  httpAddress: setting({
    key: 'httpAddress',
    flag: '--http-address',
    env: ['PILOTLIGHT_HTTP_ADDRESS'],
    type: address,
    default: { host: '127.0.0.1', port: 15014 },
    help: 'Where health, metrics and debug pages are served. Port 0 asks for a free one.',
  }),
  readyFile: setting<string | undefined>({
    key: 'readyFile',
    flag: '--ready-file',
    env: ['PILOTLIGHT_READY_FILE'],
    type: optionalPath,
    default: undefined,
    help: 'Written once the server is ready: the real addresses, as JSON.',
  }),
  strict: setting({
    key: 'strict',
    flag: '--strict',
    env: ['PILOTLIGHT_STRICT'],
    type: flag,
    default: false,
    help: 'Refuse to start when a document is refused or holds a security policy that is not enforced.',
  }),
  debounceAfter: setting({
    key: 'debounceAfter',
    flag: '--debounce-after',
    env: ['PILOTLIGHT_DEBOUNCE_AFTER', 'PILOT_DEBOUNCE_AFTER'],
    type: duration,
    default: 100,
    help: 'How long it must be quiet before changes are pushed.',
  }),
  debounceMax: setting({
    key: 'debounceMax',
    flag: '--debounce-max',
    env: ['PILOTLIGHT_DEBOUNCE_MAX', 'PILOT_DEBOUNCE_MAX'],
    type: duration,
    default: 10_000,
    help: 'How long a change may wait for quiet at the most.',
  }),
  rescanInterval: setting({
    key: 'rescanInterval',
    flag: '--rescan-interval',
    env: ['PILOTLIGHT_RESCAN_INTERVAL'],
    type: duration,
    default: 2000,
    help: 'How often the directory is looked through even if no change was notified.',
  }),
  shutdownGrace: setting({
    key: 'shutdownGrace',
    flag: '--shutdown-grace',
    env: ['PILOTLIGHT_SHUTDOWN_GRACE'],
    type: duration,
    default: 2000,
    help: 'How long streams may take to end when the server is stopped.',
  }),
  domainSuffix: setting({
    key: 'domainSuffix',
    flag: '--domain',
    env: ['PILOTLIGHT_DOMAIN'],
    type: { ...text, placeholder: 'DOMAIN' },
    default: 'cluster.local',
    help: 'DNS domain of Kubernetes services.',
  }),
  autoAllocate: setting({
    key: 'autoAllocate',
    flag: '--auto-allocate',
    env: ['PILOTLIGHT_AUTO_ALLOCATE'],
    type: choice('memory', 'status'),
    default: 'status' as const,
    help: 'Addresses for ServiceEntries without one: only those in their status, or allocated in memory.',
  }),
  logLevel: setting({
    key: 'logLevel',
    flag: '--log-level',
    env: ['PILOTLIGHT_LOG_LEVEL'],
    type: choice('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info' as const,
    help: 'The least important lines that are logged.',
  }),
  logFormat: setting({
    key: 'logFormat',
    flag: '--log-format',
    env: ['PILOTLIGHT_LOG_FORMAT'],
    type: choice('text', 'json'),
    default: 'text' as const,
    help: 'Log lines for people, or one JSON object each.',
  }),
};

/** Every setting with its value. */
export type Settings = {
  readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

export type SettingName = keyof Settings;
