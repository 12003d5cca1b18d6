/** A catalog of many services, spread over nodes as they would be. */

/**
 * Instance `index` of the service `service-N`, passing; no other one has its address.
 * @param {number} service its number, below 65,536
 * @param {number} index below 256
 * @returns {import('./api.mjs').Registration}
 */
export function instance(service, index) {
  const id = `service-${service}-${index}`;
  return {
    // As many nodes as there would be: one with thousands of services is slow to change.
    node: `node-${service % 100}-${index}`,
    service: `service-${service}`,
    id,
    address: `10.${index}.${service >> 8}.${service & 255}`,
    port: 8080,
    meta: {},
    checks: { [id]: 'passing' },
  };
}

/** All instances of so many services. @param {number} serviceCount @param {number} instanceCount of each */
export function instances(serviceCount, instanceCount) {
  return Array.from({ length: instanceCount }, (_, index) =>
    Array.from({ length: serviceCount }, (__, service) => instance(service, index)),
  ).flat();
}
