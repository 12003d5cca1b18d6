import { beforeEach, expect, test } from 'vitest';
import { Outage } from '../../../src/clusters/outage.js';
import { ApiError } from '../../../src/kubernetes/api-error.js';
import { RecordingLogger } from '../../recording-logger.js';

let logger: RecordingLogger;
let outage: Outage;

beforeEach(() => {
  logger = new RecordingLogger();
  outage = new Outage(logger, 'nothing is written', 'needed: a right');
});

function said(): readonly string[] {
  return logger.lines.map(({ level, message }) => `${level} ${message}`);
}

test('is said once, whatever it says of each object, and once when it is over', () => {
  outage.set(new ApiError('a is forbidden', 403, 'Forbidden'));
  outage.set(new ApiError('b is forbidden', 403, 'Forbidden'));
  outage.set(undefined);
  outage.set(undefined);
  expect(said()).toEqual([
    'warn nothing is written: a is forbidden (needed: a right)',
    'info over: nothing is written',
  ]);
});

test('is said again when it has another reason, and with a hint only where a right is missing', () => {
  outage.set(new ApiError('a is forbidden', 403, 'Forbidden'));
  outage.set(new ApiError('busy', 503, 'ServiceUnavailable'));
  expect(said().at(-1)).toBe('warn nothing is written: busy');
  expect(outage.error?.message).toBe('busy');
});

test('that does not matter any more is not said to be over', () => {
  outage.set(new Error('no answer'));
  outage.forget();
  outage.set(undefined);
  expect(said()).toEqual(['warn nothing is written: no answer']);
});
