/** What Pilotlight has to reach beside Istio's discovery server, measured in the same run. */

/** @typedef {import('./measure.mjs').CellResult} CellResult */

/** The cell that the targets are about. */
export const targetCell = { services: 1000, proxies: 200, variant: 'delta' };

/**
 * @typedef {object} Verdict
 * @property {string} target
 * @property {number} value of Pilotlight
 * @property {number} limit
 * @property {string} unit
 * @property {boolean} met
 */

/**
 * Each target that the cells allow to judge.
 * @param {readonly CellResult[]} cells
 * @returns {Verdict[]}
 */
export function verdicts(cells) {
  const pilotlight = find(cells, 'pilotlight');
  if (pilotlight === undefined) return [];
  const istiod = find(cells, 'istiod');
  const quick = find(cells, 'istiod-quick');
  /** @type {Verdict[]} */
  const judged = [];
  /**
   * @param {string} target @param {number | undefined} value @param {number | undefined} other
   * @param {number} share of the other's that is allowed @param {string} unit
   */
  const judge = (target, value, other, share, unit) => {
    if (value === undefined || other === undefined) return;
    const limit = other * share;
    judged.push({ target, value, limit, unit, met: value <= limit });
  };
  const fifth = 1 / 5;
  const { a, b, c, d } = pilotlight;
  judge('(a) time, a fifth of istiod', a?.wallMs, istiod?.a?.wallMs, fifth, 'ms');
  judge('(a) time, a fifth of istiod-quick', a?.wallMs, quick?.a?.wallMs, fifth, 'ms');
  judge('(a) CPU, a fifth of istiod', a?.cpu, istiod?.a?.cpu, fifth, 's');
  judge('(a) CPU, a fifth of istiod-quick', a?.cpu, quick?.a?.cpu, fifth, 's');
  judge('(b) p99, a tenth of istiod', b?.p99, istiod?.b?.p99, 1 / 10, 'ms');
  judge('(b) p99, sooner than istiod-quick', b?.p99, quick?.b?.p99, 1, 'ms');
  judge('(c) time (p50), a fifth of istiod', c?.p50, istiod?.c?.p50, fifth, 'ms');
  const ours = find(cells, 'pilotlight-quick');
  judge('(c) time (p50), both without debounce, a fifth', ours?.c?.p50, quick?.c?.p50, fifth, 'ms');
  judge('(c) CPU, a fifth of istiod', c?.cpuPerChange, istiod?.c?.cpuPerChange, fifth, 's');
  judge('(d) CPU, a fifth of istiod', d?.cpu, istiod?.d?.cpu, fifth, 's');
  judge('peak memory, half of istiod', peak(pilotlight), peak(istiod), 1 / 2, 'bytes');
  judge('peak memory, half of istiod-quick', peak(pilotlight), peak(quick), 1 / 2, 'bytes');
  const arrived = (b?.missed ?? 0) + (c?.missed ?? 0) + (d?.missed ?? 0);
  judged.push({
    target: 'changes that did not arrive',
    value: arrived,
    limit: 0,
    unit: '',
    met: arrived === 0,
  });
  return judged;
}

/** @param {readonly Verdict[]} judged */
export function verdictTable(judged) {
  const rows = judged.map(({ target, value, limit, unit, met }) => [
    target,
    quantity(value, unit),
    `at most ${quantity(limit, unit)}`,
    met ? 'met' : 'MISSED',
  ]);
  return [['target', 'Pilotlight', 'limit', ''], ['---', '--:', '--:', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** @param {number} value @param {string} unit */
function quantity(value, unit) {
  if (unit === 'bytes') return `${(value / 1e6).toFixed(0)} MB`;
  if (unit === '') return String(value);
  return `${value.toFixed(unit === 's' ? 3 : 1)} ${unit}`;
}

/** @param {readonly CellResult[]} cells @param {string} name */
function find(cells, name) {
  const { services, proxies, variant } = targetCell;
  return cells.find(
    (cell) =>
      cell.server === name &&
      cell.services === services &&
      cell.proxies === proxies &&
      cell.variant === variant,
  );
}

/** The highest of all measurements. @param {CellResult | undefined} cell */
function peak(cell) {
  const found = [cell?.a?.peak, cell?.d?.peak].filter((value) => value !== undefined);
  return found.length === 0 ? undefined : Math.max(...found);
}
