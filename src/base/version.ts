/** The versions that Pilotlight names. */
import { createRequire } from 'node:module';

/** The Istio whose output Pilotlight equals. */
export const istioVersion = {
  /** Release line. */
  line: '1.31',
  /** Version of the Go module istio.io/istio that answers were recorded from. */
  module: 'v0.0.0-20260827124520-eed52ebb66ad',
} as const;

/** Pilotlight's own version, from its package.json. */
export function packageVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('../../package.json');
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version;
  }
  return 'unknown';
}
