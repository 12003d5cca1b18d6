/** Consul, built from its pinned Go module into the cache. */
import { fileURLToPath } from 'node:url';
import { goTool } from '../go-tool.mjs';

/**
 * The path of Consul's binary, which is agent, server and client.
 * @returns {Promise<string>}
 * @throws {import('../cache.mjs').NotAvailable} when there is no Go, or an older one than the module needs
 */
export function consulBinary() {
  return goTool({
    name: 'consul',
    source: fileURLToPath(new URL('.', import.meta.url)),
    module: 'github.com/hashicorp/consul',
    main: 'github.com/hashicorp/consul',
    // Consul's own flag for its version: a build from the module would call itself a development version.
    buildArgs: (version) => [`-ldflags=-s -w -X github.com/hashicorp/consul/version.GitDescribe=${version}`],
    duration: 'about nine minutes on two cores',
  });
}
