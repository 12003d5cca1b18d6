/**
 * The metrics of a table, and their text as Prometheus reads it. Counting is a look-up and an addition: a push to a
 * thousand clients counts ten thousand times, which a library's generality would make felt.
 */
import type { MetricRow } from './metric-table.js';

/** A value for each label of a metric, in the order of its row. */
type Values<Labels extends readonly string[]> = { readonly [Key in keyof Labels]: string };

/** The metric of a row. */
export type MetricOf<Row extends MetricRow> = Row['kind'] extends 'counter'
  ? Counter<Row['labels']>
  : Row['kind'] extends 'gauge'
    ? Gauge<Row['labels']>
    : Histogram<Row['labels']>;

/** A metric for each row, by the row's key. */
export type MetricSet<Table extends Readonly<Record<string, MetricRow>>> = {
  readonly [Key in keyof Table]: MetricOf<Table[Key]>;
};

/** Makes the metrics of a table. */
export function metricSet<const Table extends Readonly<Record<string, MetricRow>>>(
  table: Table,
): MetricSet<Table> {
  const entries = Object.entries(table).map(([key, row]) => [key, metricOf(row)] as const);
  return Object.fromEntries(entries) as unknown as MetricSet<Table>;
}

function metricOf(row: MetricRow): Metric<readonly string[], unknown> {
  switch (row.kind) {
    case 'counter':
      return new Counter(row);
    case 'gauge':
      return new Gauge(row);
    case 'histogram':
      return new Histogram(row);
  }
}

/** All metrics of a set in Prometheus' text form. */
export function exposition(set: Readonly<Record<string, Metric<readonly string[], unknown>>>): string {
  return Object.values(set)
    .map((metric) => metric.text())
    .join('\n');
}

/** Series by the values of their labels. A metric without labels has its one series from the start. */
abstract class Metric<Labels extends readonly string[], State> {
  protected readonly row: MetricRow;
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly state: State }>();

  constructor(row: MetricRow) {
    this.row = row;
  }

  protected abstract fresh(): State;
  /** The lines of one series; `labels` are those of the row. */
  protected abstract lines(labels: readonly string[], state: State): string[];

  protected state(values: readonly string[]): State {
    const key = keyOf(values);
    const known = this.#series.get(key);
    if (known !== undefined) return known.state;
    const state = this.fresh();
    this.#series.set(key, { values, state });
    return state;
  }

  /** Forgets a series. */
  remove(...values: Values<Labels>): void {
    this.#series.delete(keyOf(values));
  }

  /** Forgets all series. */
  clear(): void {
    this.#series.clear();
  }

  text(): string {
    const { name, help, kind, labels } = this.row;
    if (labels.length === 0) this.state([]);
    const lines = [...this.#series.values()].flatMap(({ values, state }) =>
      this.lines(
        labels.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`),
        state,
      ),
    );
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines, ''].join('\n');
  }
}

interface Total {
  value: number;
}

/** What only grows. */
export class Counter<Labels extends readonly string[]> extends Metric<Labels, Total> {
  inc(amount: number, ...values: Values<Labels>): void {
    this.state(values).value += amount;
  }

  protected fresh(): Total {
    return { value: 0 };
  }

  protected lines(labels: readonly string[], { value }: Total): string[] {
    return [line(this.row.name, labels, value)];
  }
}

/** What is so much at present. */
export class Gauge<Labels extends readonly string[]> extends Metric<Labels, Total> {
  set(value: number, ...values: Values<Labels>): void {
    this.state(values).value = value;
  }

  add(amount: number, ...values: Values<Labels>): void {
    this.state(values).value += amount;
  }

  protected fresh(): Total {
    return { value: 0 };
  }

  protected lines(labels: readonly string[], { value }: Total): string[] {
    return [line(this.row.name, labels, value)];
  }
}

interface Distribution {
  /** How many fell into each bucket, not into those below; the last has no upper edge. */
  readonly counts: number[];
  sum: number;
}

/** How often what took how long. */
export class Histogram<Labels extends readonly string[]> extends Metric<Labels, Distribution> {
  observe(value: number, ...values: Values<Labels>): void {
    const state = this.state(values);
    const { buckets = [] } = this.row;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? Infinity)) bucket += 1;
    state.counts[bucket] = (state.counts[bucket] ?? 0) + 1;
    state.sum += value;
  }

  protected fresh(): Distribution {
    const { buckets = [] } = this.row;
    return { counts: [...buckets, Infinity].map(() => 0), sum: 0 };
  }

  protected lines(labels: readonly string[], { counts, sum }: Distribution): string[] {
    const { name, buckets = [] } = this.row;
    let total = 0;
    const lines = counts.map((count, bucket) => {
      total += count;
      return line(`${name}_bucket`, [...labels, `le="${buckets[bucket] ?? '+Inf'}"`], total);
    });
    return [...lines, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)];
  }
}

/** Most metrics have one label, whose value is the key, or none. */
function keyOf(values: readonly string[]): string {
  return values.length < 2 ? (values[0] ?? '') : JSON.stringify(values);
}

function line(name: string, labels: readonly string[], value: number): string {
  return `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${value}`;
}

/** A label's value as the text form wants it. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
