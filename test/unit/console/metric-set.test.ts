import { expect, it } from 'vitest';
import { exposition, metricSet } from '../../../src/console/metric-set.js';

const table = {
  total: { name: 'total', kind: 'counter', help: 'What there was.', labels: [] },
  parts: { name: 'parts', kind: 'counter', help: 'By part.', labels: ['part', 'side'] },
  level: { name: 'level', kind: 'gauge', help: 'At present.', labels: ['part'] },
  time: {
    name: 'time_seconds',
    kind: 'histogram',
    help: 'How long.',
    labels: ['part'],
    buckets: [0.1, 1, 5],
  },
  wait: { name: 'wait_seconds', kind: 'histogram', help: 'How long.', labels: [], buckets: [1] },
} as const;

/** The lines that are no help. */
function lines(metrics: Parameters<typeof exposition>[0]): string[] {
  return exposition(metrics)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# HELP'));
}

it('is text that tells each metric with its help, its kind and its series', () => {
  const metrics = metricSet(table);
  metrics.parts.inc(2, 'a', 'left');
  metrics.parts.inc(3, 'a', 'left');
  metrics.parts.inc(1, 'a', 'right');
  metrics.level.set(5, 'a');
  metrics.level.add(-2, 'a');
  metrics.level.set(1, 'b');
  expect(exposition(metrics)).toMatch(/^# HELP total What there was\.\n# TYPE total counter\ntotal 0\n/);
  expect(lines(metrics)).toEqual([
    '# TYPE total counter',
    'total 0',
    '# TYPE parts counter',
    'parts{part="a",side="left"} 5',
    'parts{part="a",side="right"} 1',
    '# TYPE level gauge',
    'level{part="a"} 3',
    'level{part="b"} 1',
    '# TYPE time_seconds histogram',
    '# TYPE wait_seconds histogram',
    'wait_seconds_bucket{le="1"} 0',
    'wait_seconds_bucket{le="+Inf"} 0',
    'wait_seconds_sum 0',
    'wait_seconds_count 0',
  ]);
});

it('counts a value in every bucket that it is not above', () => {
  const metrics = metricSet({ time: table.time });
  for (const value of [0, 0.1, 0.5, 1, 7]) metrics.time.observe(value, 'a');
  metrics.time.observe(3, 'b');
  expect(lines(metrics)).toEqual([
    '# TYPE time_seconds histogram',
    'time_seconds_bucket{part="a",le="0.1"} 2',
    'time_seconds_bucket{part="a",le="1"} 4',
    'time_seconds_bucket{part="a",le="5"} 4',
    'time_seconds_bucket{part="a",le="+Inf"} 5',
    'time_seconds_sum{part="a"} 8.6',
    'time_seconds_count{part="a"} 5',
    'time_seconds_bucket{part="b",le="0.1"} 0',
    'time_seconds_bucket{part="b",le="1"} 0',
    'time_seconds_bucket{part="b",le="5"} 1',
    'time_seconds_bucket{part="b",le="+Inf"} 1',
    'time_seconds_sum{part="b"} 3',
    'time_seconds_count{part="b"} 1',
  ]);
});

it('forgets series that are removed', () => {
  const metrics = metricSet({ level: table.level, parts: table.parts });
  metrics.level.set(1, 'a');
  metrics.level.set(1, 'b');
  metrics.parts.inc(1, 'a', 'left');
  metrics.level.remove('a');
  metrics.parts.clear();
  expect(lines(metrics)).toEqual(['# TYPE level gauge', 'level{part="b"} 1', '# TYPE parts counter']);
});

it('keeps series apart whose labels look alike together', () => {
  const metrics = metricSet({ parts: table.parts });
  metrics.parts.inc(1, 'a,', 'b');
  metrics.parts.inc(2, 'a', ',b');
  expect(lines(metrics).slice(1)).toEqual(['parts{part="a,",side="b"} 1', 'parts{part="a",side=",b"} 2']);
});

it('escapes what the text form cannot hold', () => {
  const metrics = metricSet({ level: table.level });
  metrics.level.set(1, 'a\n"\\');
  expect(lines(metrics).slice(1)).toEqual(['level{part="a\\n\\"\\\\"} 1']);
});
