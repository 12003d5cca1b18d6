/** What each group of tests needs on the machine. */
import { missing } from './cache.mjs';
import { consulBinary } from './consul/install.mjs';
import { envoyBinary } from './envoy/install.mjs';
import { clients } from './grpc/install.mjs';
import { istiodBinary } from './istiod/install.mjs';
import { kubernetesParts } from './kubernetes/install.mjs';

/** @type {Readonly<Record<string, () => Promise<unknown>>>} */
const needs = {
  consul: async () => {
    await consulBinary();
    await envoyBinary();
  },
  envoy: async () => {
    await envoyBinary();
    return missing({ istiod: istiodBinary });
  },
  grpc: () => missing({ istiod: istiodBinary, ...clients }),
  package: () => Promise.resolve(),
  istiod: istiodBinary,
  kubernetes: async () => {
    await envoyBinary();
    return kubernetesParts();
  },
};

/**
 * Installs what a group needs.
 * @param {string} group
 * @returns {Promise<ReadonlyMap<string, string>>} parts of the group that are left out here, and why
 * @throws {import('./cache.mjs').NotAvailable} when a toolchain is missing, so that nothing of the group can run
 */
export async function prepare(group) {
  const prepared = await needs[group]?.();
  return prepared instanceof Map ? prepared : new Map();
}
