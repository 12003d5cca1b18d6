/** Answers of a real Consul (testenv/consul/answers.mjs wrote them). */
import { readFileSync } from 'node:fs';
import { healthEntries, type HealthEntry } from '../../../../src/registries/consul/answers.js';

const answers = JSON.parse(readFileSync(new URL('answers.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, unknown>
>;

/** The body of an answer, by its path. */
export function answerTo(path: string): unknown {
  if (!Object.hasOwn(answers, path)) throw new Error(`no answer to ${path} was recorded`);
  return answers[path];
}

/** The instances of a service. */
export function entriesOf(service: string): readonly HealthEntry[] {
  return healthEntries(answerTo(`/health/service/${service}`));
}
