/** Pilotlight as a person runs it: processes of its command line. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from '../../testenv/process.mjs';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Pilotlight as a process of its own, as a person would start it. */
export class Pilotlight {
  readonly server: Server;
  /** `host:port` of ADS. */
  readonly xds: string;
  /** `host:port` of HTTP. */
  readonly http: string;

  private constructor(server: Server, xds: string, http: string) {
    this.server = server;
    this.xds = xds;
    this.http = http;
  }

  /** Serves a folder, or what the flags name; `xds` asks for the same address again, `flags` are further ones of `pilotlight serve`. */
  static async start(
    folder: string | undefined,
    { xds = '127.0.0.1:0', flags = [] }: { readonly xds?: string; readonly flags?: readonly string[] } = {},
  ): Promise<Pilotlight> {
    const scratch = await mkdtemp(join(tmpdir(), 'pilotlight-ready-'));
    const readyFile = join(scratch, 'ready.json');
    const args = [
      main,
      'serve',
      ...(folder === undefined ? [] : [folder]),
      '--xds-address',
      xds,
      '--http-address',
      '127.0.0.1:0',
      '--ready-file',
      readyFile,
      ...flags,
    ];
    const server = new Server('pilotlight', process.execPath, args, { cwd: scratch });
    const ready = await server.until(
      'being ready',
      async () => JSON.parse(await readFile(readyFile, 'utf8')) as { xds: string; http: string },
    );
    await rm(scratch, { recursive: true, force: true });
    return new Pilotlight(server, ready.xds, ready.http);
  }

  async page(path: string): Promise<string> {
    const response = await fetch(`http://${this.http}${path}`);
    return response.text();
  }
}

/** The command line in a process of its own. @returns what it printed on stdout. @throws Error that names the exit code. */
export function pilotlight(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`exit code ${error.code}\n${stdout}\n${stderr}`));
    });
  });
}
