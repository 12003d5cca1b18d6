/** Every command, in the order of the help. */
import type { Command } from './command.js';
import { adapterCommand } from './commands/adapter.js';
import { bootstrapCommand } from './commands/bootstrap.js';
import { caCommand } from './commands/ca.js';
import { compareCommand } from './commands/compare.js';
import { diffCommand } from './commands/diff.js';
import { dumpCommand } from './commands/dump.js';
import { explainCommand } from './commands/explain.js';
import { registriesCommand } from './commands/registries.js';
import { routeCommand } from './commands/route.js';
import { serveCommand } from './commands/serve.js';
import { statusCommand } from './commands/status.js';
import { validateCommand } from './commands/validate.js';
import { versionCommand } from './commands/version.js';
import { xdsCommand } from './commands/xds.js';

export const commands: readonly Command[] = [
  serveCommand,
  xdsCommand,
  compareCommand,
  diffCommand,
  explainCommand,
  routeCommand,
  statusCommand,
  dumpCommand,
  registriesCommand,
  validateCommand,
  bootstrapCommand,
  caCommand,
  adapterCommand,
  versionCommand,
];
