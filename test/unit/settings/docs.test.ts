import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings/schema.js';
import type { Setting } from '../../../src/settings/setting.js';
import { settings } from '../../../src/settings/settings.js';

test('docs/pilotlight.schema.json is the schema that settings files are checked against', async () => {
  const schema = `${JSON.stringify(settingsSchema(), undefined, 2)}\n`;
  await expect(schema).toMatchFileSnapshot('../../../docs/pilotlight.schema.json');
});

test('docs/settings.md lists every setting', async () => {
  const rows: Setting<unknown>[] = Object.values(settings);
  const table = rows.map(({ key, flag, env, type, default: value, help }) =>
    [
      `\`${key}\``,
      `\`${flag}${type.placeholder === undefined ? '' : ` ${type.placeholder.replaceAll('|', '\\|')}`}\``,
      env.map((name) => `\`${name}\``).join(', '),
      value === undefined ? '' : `\`${type.format(value)}\``,
      help,
    ].join(' | '),
  );
  const page = `# Settings

A setting's value is looked for in this order: the flag of \`pilotlight serve\`, the environment variable (of several, the
first that is set), the file \`pilotlight.yaml\`, the default. The file is given by \`--config FILE\` or found in the current
folder; it is checked against [its schema](pilotlight.schema.json), and relative paths in it are relative to the file.

The file alone has two lists: \`registries\`, what is read beside the mesh directory (\`--registry TYPE=WHERE\` adds to it), and
\`merge\`, what becomes of hosts that several registries have. [adapters.md](adapters.md) explains both.

| key | flag | environment | default | what it is |
| --- | --- | --- | --- | --- |
${table.map((row) => `| ${row} |`).join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../../docs/settings.md');
});
