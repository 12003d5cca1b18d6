/** `pilotlight version`. */
import { istioVersion, packageVersion } from '../../base/version.js';
import { exitCodes, textOption, type Command } from '../command.js';

export const versionCommand: Command = {
  name: 'version',
  summary: 'print the version, and the Istio that it equals',
  description: 'Prints the version of Pilotlight and the version of Istio whose output it equals.',
  arguments: [],
  options: [
    { flags: '-o, --output <format>', help: 'text or json', choices: ['text', 'json'], default: 'text' },
  ],
  examples: [{ line: 'pilotlight version -o json', says: 'for scripts' }],
  run: ({ options, output }) => {
    const version = packageVersion();
    output.result(
      textOption(options, 'output') === 'json'
        ? `${JSON.stringify({ version, istio: istioVersion })}\n`
        : `pilotlight ${version}\nequals Istio ${istioVersion.line} (istio.io/istio ${istioVersion.module})\n`,
    );
    return Promise.resolve(exitCodes.ok);
  },
};
