/** The side that is a running Envoy, asked through its admin interface: `envoy://host:port`. */
import { errorMessage, PilotError } from '../../base/errors.js';
import { isJsonObject, type Json } from '../../envoy/json-value.js';
import { sideFailure, type Side } from '../side.js';
import { isConfigDump, readConfigDump } from './config-dump.js';
import { recordedSide } from './recorded-side.js';

/**
 * Reads an Envoy's config_dump with endpoints.
 * @throws PilotError USAGE for an address that is none, COMPARE_FAILED when nothing like an Envoy answers
 */
export async function envoySide(source: string, options: { readonly timeoutMs: number }): Promise<Side> {
  const admin = adminUrl(source);
  const [dump, info] = await Promise.all([
    ask(source, `${admin}/config_dump?include_eds`, options.timeoutMs),
    ask(source, `${admin}/server_info`, options.timeoutMs),
  ]);
  if (!isConfigDump(dump)) {
    throw sideFailure(
      source,
      'answers /config_dump with what is no config_dump',
      undefined,
      'Is it the admin port of an Envoy (15000 beside Istio’s agent)?',
    );
  }
  const recorded = readConfigDump(dump, source);
  const version =
    isJsonObject(info) && typeof info['version'] === 'string' ? info['version'].split('/')[1] : undefined;
  const description = version === undefined ? 'Envoy' : `Envoy ${version}`;
  return recordedSide(source, 'envoy', { ...recorded, description });
}

function adminUrl(source: string): string {
  const match = /^envoy:\/\/((?:\[[^\]]+\]|[^/:[\]]+):\d+)\/?$/.exec(source);
  if (match === null) {
    throw new PilotError('USAGE', `"${source}" is no address of an Envoy's admin interface`, {
      hint: 'It is written envoy://HOST:PORT, for example envoy://127.0.0.1:15000.',
    });
  }
  return `http://${match[1]}`;
}

async function ask(source: string, url: string, timeoutMs: number): Promise<Json> {
  const path = url.replace(/^http:\/\/[^/]+/, '');
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text) as Json;
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw sideFailure(
      source,
      `cannot be asked for ${path}: ${errorMessage(reason)}`,
      undefined,
      'Is it the admin port of an Envoy? kubectl port-forward POD 15000 brings that of a Pod here.',
    );
  }
}
