/** A run of vitest whose outcome another program goes by: how many tests passed, and each that failed in a line. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Characters of a message that are enough to know a failure by; the output above has all of it. */
const messageLength = 300;

/**
 * The parts of vitest's JSON report that are read here. A file has a message when it failed outside of its tests.
 * @typedef {object} Report
 * @property {number} numPassedTests
 * @property {readonly { name: string, status: string, message: string, assertionResults: readonly {
 *   fullName: string, status: string, failureMessages: readonly string[] }[] }[]} testResults
 */

/**
 * Runs vitest, with its output on this program's, and reads its report.
 * @param {string} name what ran, for a failure that belongs to no file
 * @param {{ command: string, args: readonly string[], root: string }} vitest `root`: where it runs, and what names of
 *   files are relative to
 * @returns {Promise<{ passed: number, failures: readonly string[] }>} `failures`: what each line says after `FAILED `
 */
export async function runVitest(name, { command, args, root }) {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-tests-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await new Promise((resolve, reject) => {
      const child = spawn(command, [...args, ...reporters], { cwd: root, stdio: 'inherit' });
      child.once('error', reject);
      child.once('close', resolve);
    });
    const ended = `ended with ${code ?? 'a signal'}`;
    const outcome = await readReport(report);
    if (outcome === undefined)
      return { passed: 0, failures: [`${name}: the run ${ended}, without a report`] };
    const failures = outcome.testResults.flatMap((file) => failuresOf(relative(root, file.name), file));
    if (code !== 0 && failures.length === 0)
      failures.push(`${name}: the run broke outside of any test, and ${ended}`);
    return { passed: outcome.numPassedTests, failures };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The report; undefined when the run did not come so far. @param {string} path @returns {Promise<Report | undefined>} */
async function readReport(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {Report['testResults'][number]} file @returns {string[]} */
function failuresOf(path, { status, message, assertionResults }) {
  const tests = assertionResults.filter((test) => test.status === 'failed');
  const lines = tests.map(
    ({ fullName, failureMessages }) =>
      `${path}: ${oneLine(fullName)}: ${firstLine(failureMessages[0] ?? '')}`,
  );
  if (message !== '') return [`${path}: ${firstLine(message)}`, ...lines];
  return lines.length === 0 && status === 'failed' ? [`${path}: it failed outside of its tests`] : lines;
}

/** The first line that says something. @param {string} message */
export function firstLine(message) {
  const lines = stripVTControlCharacters(message).split('\n');
  const line = oneLine(lines.find((text) => text.trim() !== '') ?? 'it says nothing');
  return line.length > messageLength ? `${line.slice(0, messageLength)}…` : line;
}

/** @param {string} text */
function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ').trim();
}
