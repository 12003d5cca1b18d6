/** The measured cells as tables in Markdown, and what is held against the targets. */

/** @typedef {import('./measure.mjs').CellResult} CellResult */

/** @param {readonly CellResult[]} cells */
export function tables(cells) {
  return [
    table(
      '(a) N proxies connect at once',
      ['all have everything', 'half of them', 'CPU', 'peak memory', 'before', 'received per proxy'],
      cells,
      ({ a, idleRss }) =>
        a && [
          seconds(a.wallMs / 1000),
          seconds(a.medianMs / 1000),
          seconds(a.cpu),
          megabytes(a.peak),
          megabytes(idleRss),
          kilobytes(a.bytesPerProxy),
        ],
    ),
    table(
      '(b) one endpoint changes: until the last proxy has it',
      ['p50', 'p99', 'changes', 'CPU per change', 'received per proxy'],
      cells,
      ({ b }) => b && changeColumns(b),
    ),
    table(
      '(c) one service is added: until the last proxy has it and its endpoints',
      ['p50', 'p99', 'changes', 'CPU per change', 'received per proxy'],
      cells,
      ({ c }) => c && changeColumns(c),
    ),
    table(
      '(d) endpoints change all the time: until the last proxy has one of the changes',
      [
        'p50',
        'p99',
        'changes',
        'in',
        'CPU',
        'received, all',
        'responses',
        'memory at the end',
        'peak memory',
      ],
      cells,
      ({ d }) =>
        d && [
          milliseconds(d.p50) + missed(d),
          milliseconds(d.p99),
          String(d.changes),
          seconds(d.seconds),
          seconds(d.cpu),
          `${d.megabytes.toFixed(1)} MB`,
          String(Object.values(d.responses).reduce((sum, count) => sum + count, 0)),
          megabytes(d.rss),
          megabytes(d.peak),
        ],
    ),
    failures(cells),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** @param {import('./measure.mjs').Change} change */
function changeColumns(change) {
  return [
    milliseconds(change.p50) + missed(change),
    milliseconds(change.p99),
    String(change.rounds),
    change.cpuPerChange === undefined ? '–' : milliseconds(change.cpuPerChange * 1000),
    kilobytes(change.bytesPerProxy),
  ];
}

/**
 * @param {string} title @param {readonly string[]} columns @param {readonly CellResult[]} cells
 * @param {(cell: CellResult) => readonly string[] | undefined} values undefined: not measured
 */
function table(title, columns, cells, values) {
  const rows = cells.flatMap((cell) => {
    const found = values(cell);
    return found === undefined ? [] : [[...identity(cell), ...found]];
  });
  if (rows.length === 0) return '';
  const head = ['services', 'proxies', 'variant', 'server', ...columns];
  const rule = head.map((_, at) => (at === 2 || at === 3 ? '---' : '--:'));
  return [`### ${title}`, '', ...[head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

/** @param {readonly CellResult[]} cells */
function failures(cells) {
  const lines = cells
    .filter(({ failure }) => failure !== undefined)
    .map(
      (cell) =>
        `- ${cell.services} services, ${cell.proxies} proxies, ${cell.variant}, ${cell.server}: ${cell.failure}`,
    );
  return lines.length === 0 ? '' : ['### Cells that did not fit', '', ...lines].join('\n');
}

/** @param {CellResult} cell */
function identity({ services, proxies, variant, server }) {
  return [String(services), String(proxies), variant, server];
}

/** @param {{ missed: number }} counted */
function missed({ missed: count }) {
  return count === 0 ? '' : ` (${count} did not arrive)`;
}

/** @param {number | undefined} value */
function seconds(value) {
  return value === undefined ? '–' : `${value.toFixed(2)} s`;
}

/** @param {number} value */
function milliseconds(value) {
  return Number.isNaN(value) ? '–' : `${value.toFixed(1)} ms`;
}

/** @param {number | undefined} bytes */
function megabytes(bytes) {
  return bytes === undefined ? '–' : `${(bytes / 1e6).toFixed(0)} MB`;
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return bytes < 10_000 ? `${(bytes / 1e3).toFixed(2)} kB` : `${(bytes / 1e3).toFixed(0)} kB`;
}
