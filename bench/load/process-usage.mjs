/** What processes use, as Linux tells in /proc. */
import { readFile, writeFile } from 'node:fs/promises';

/** Whether this machine has it. */
export const hasProc = process.platform === 'linux';

/**
 * Memory of a process in bytes: now, and the highest since it started or since `resetPeak`.
 * @param {number} pid
 * @returns {Promise<{ rss: number, peak: number }>}
 */
export async function processMemory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { rss: kilobytes(status, 'VmRSS') * 1024, peak: kilobytes(status, 'VmHWM') * 1024 };
}

/** From now on `peak` is the highest since now. @param {number} pid */
export async function resetPeak(pid) {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** Seconds of CPU that a process has spent, to a hundredth. @param {number} pid */
export async function processCpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold anything; utime and stime are the 14th and 15th field.
  const [utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (utime + stime) / 100;
}

/** Bytes of memory that programs can still have without swapping. */
export async function availableMemory() {
  return kilobytes(await readFile('/proc/meminfo', 'utf8'), 'MemAvailable') * 1024;
}

/** @param {string} text @param {string} key */
function kilobytes(text, key) {
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
}
