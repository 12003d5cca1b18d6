/** What each group of tests needs on the machine. */
import { envoyBinary } from './envoy/install.mjs';
import { istiodBinary } from './istiod/install.mjs';

/** @type {Readonly<Record<string, () => Promise<unknown>>>} */
const needs = {
  envoy: envoyBinary,
  package: () => Promise.resolve(),
  istiod: istiodBinary,
};

/**
 * Installs what a group needs.
 * @param {string} group
 * @throws {import('./cache.mjs').NotAvailable} when a toolchain is missing
 */
export async function prepare(group) {
  await needs[group]?.();
}
