import { expect, test } from 'vitest';
import { createSerial } from '../../../src/base/serial.js';

test('a task that another hands in waits for it, and comes before what is handed in later', () => {
  const serially = createSerial();
  const said: string[] = [];
  serially(() => {
    said.push('first begins');
    serially(() => {
      said.push('second');
      serially(() => said.push('fourth'));
    });
    serially(() => said.push('third'));
    said.push('first ends');
  });
  expect(said).toEqual(['first begins', 'first ends', 'second', 'third', 'fourth']);
});

test('a task that throws does so to its caller, and those behind it still run', () => {
  const serially = createSerial();
  const said: string[] = [];
  expect(() =>
    serially(() => {
      serially(() => said.push('waiting'));
      throw new Error('broken');
    }),
  ).toThrow('broken');
  serially(() => said.push('later'));
  expect(said).toEqual(['waiting', 'later']);
});
