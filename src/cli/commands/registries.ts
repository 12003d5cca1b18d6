/** `pilotlight registries`: how each registry of a running server is doing. */
import { exitCodes, textOption, type Command } from '../command.js';
import { HttpClient, httpAddressOf, httpOption } from '../http-client.js';
import { isHealthy, readRegistries, type RegistryReport } from '../registries/report.js';
import { registriesText } from '../registries/text.js';

export const registriesCommand: Command = {
  name: 'registries',
  summary: 'show how each registry of a running server is doing',
  description:
    'Asks a running server what each registry holds, what of it is stale, which removals are held back, what is put aside and why, and which hosts several registries have. Exit code 0: every registry is healthy and nothing is stale or held, 1: one is not, 2: the server cannot be asked.',
  arguments: [{ name: '[NAME]', help: 'only this registry: its name, or provider/name' }],
  options: [
    httpOption,
    { flags: '--release <PROVIDER/NAME>', help: 'let the removals through that are held for a registry' },
    { flags: '--key <KEY>', help: 'with --release: only the removal of this service' },
    { flags: '-o, --output <format>', help: 'text or json', choices: ['text', 'json'], default: 'text' },
  ],
  examples: [
    { line: 'pilotlight registries', says: 'all registries of the server on this machine' },
    { line: 'pilotlight registries east', says: 'one, with every stale, held and quarantined value' },
    {
      line: 'pilotlight registries --release consul/east',
      says: 'what is gone in the registry is gone in the mesh now',
    },
  ],
  run: async (context) => {
    const {
      arguments: [name],
      options,
      output,
      signal,
    } = context;
    const server = new HttpClient(httpAddressOf(context));
    const release = textOption(options, 'release');
    if (release !== undefined) {
      const key = textOption(options, 'key');
      const query = new URLSearchParams({ release, ...(key === undefined ? {} : { key }) });
      output.result(await server.page(`/debug/registries?${query.toString()}`, signal));
      return exitCodes.ok;
    }
    const text = await server.page('/debug/registries', signal);
    const report = readRegistries(text);
    if (report === undefined) throw server.failure('answers, but not with the state of registries');
    const shown = select(report, name);
    if (textOption(options, 'output') === 'json') output.result(`${JSON.stringify(shown, undefined, 2)}\n`);
    else output.result(registriesText(shown, name !== undefined));
    if (name !== undefined && shown.registries.length === 0) {
      output.say(`${server.address} has no registry ${name}`);
      return exitCodes.findings;
    }
    return shown.registries.every(isHealthy) ? exitCodes.ok : exitCodes.findings;
  },
};

function select(report: RegistryReport, name: string | undefined): RegistryReport {
  if (name === undefined) return report;
  const registries = report.registries.filter((each) => each.registry === name || each.name === name);
  const names = new Set(registries.map(({ registry }) => registry));
  const conflicts = report.conflicts.filter((conflict) =>
    conflict.registries.some((each) => names.has(each)),
  );
  return { registries, conflicts };
}
