/** `pilotlight validate`: every finding in a mesh directory. */
import { readMeshDirectory } from '../../config/mesh-directory/read.js';
import { exitCodes, switchOption, textOption, type Command } from '../command.js';
import { sayProblems } from '../problems.js';

export const validateCommand: Command = {
  name: 'validate',
  summary: 'check the documents of a mesh directory',
  description:
    'Checks every document of a mesh directory by the rules of Istio and Kubernetes, and names each finding with file, line and field. Exits 1 when a document is refused.',
  arguments: [{ name: '<DIR>', help: 'the mesh directory' }],
  options: [
    { flags: '--strict', help: 'warnings, and security policies that are not enforced, count as well' },
    { flags: '-o, --output <format>', help: 'text or json', choices: ['text', 'json'], default: 'text' },
  ],
  examples: [
    { line: 'pilotlight validate ./mesh', says: 'findings as lines, a count at the end' },
    { line: 'pilotlight validate ./mesh --strict -o json', says: 'for CI' },
  ],
  run: async ({ arguments: [directory = ''], options, output }) => {
    const state = await readMeshDirectory(directory);
    const errors = state.problems.filter(({ severity }) => severity === 'error').length;
    const warnings = state.problems.length - errors + state.notEnforced.length;
    const objects = [...state.clusters.values()].reduce((sum, { size }) => sum + size, 0);
    if (textOption(options, 'output') === 'json') {
      const { problems, notEnforced, files } = state;
      const unusedKinds = Object.fromEntries(state.unusedKinds);
      output.result(
        `${JSON.stringify({ files, objects, errors, warnings, problems, notEnforced, unusedKinds }, undefined, 2)}\n`,
      );
    } else {
      sayProblems(output, state);
      output.result(`${objects} objects in ${state.files} files: ${errors} errors, ${warnings} warnings\n`);
    }
    const failed = errors > 0 || (switchOption(options, 'strict') && warnings > 0);
    return failed ? exitCodes.findings : exitCodes.ok;
  },
};
