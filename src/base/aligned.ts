/** Text in columns, for terminals. */

/**
 * A line for each row, each column as wide as its widest cell, two spaces between columns.
 *
 * @param width how many columns of the terminal a cell takes
 * @param write how a cell is written
 */
export function aligned<Cell = string>(
  rows: readonly (readonly Cell[])[],
  width: (cell: Cell) => number = (cell) => String(cell).length,
  write: (cell: Cell) => string = String,
): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(
      ...rows.map((row) => {
        const cell = row[column];
        return cell === undefined ? 0 : width(cell);
      }),
    ),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const isLast = column === row.length - 1;
        return write(cell) + (isLast ? '' : ' '.repeat((widths[column] ?? 0) - width(cell)));
      })
      .join('  ')
      .trimEnd(),
  );
}
